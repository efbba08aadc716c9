"""Which functions and classes are worth running: by the identifiers that they contain."""

from __future__ import annotations

from optlint.flow.torch_api import MODULE_ITERATORS, OPTIMIZERS

WORDS = (
    frozenset(MODULE_ITERATORS)
    | frozenset(path.rpartition(".")[2] for path in OPTIMIZERS)
    | frozenset({"param_groups", "add_param_group", "Parameter", "optim", "parameters_to_vector", "clip_grad_norm_"})
)


def concerns_training(identifiers: frozenset[str]) -> bool:
    """Whether code with these identifiers may have to do with parameters and optimizers."""
    return not WORDS.isdisjoint(identifiers) or any("grad" in word for word in identifiers)
