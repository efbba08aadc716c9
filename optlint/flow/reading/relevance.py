"""Which functions and classes are worth running: by the identifiers that they contain."""

from __future__ import annotations

import re
from collections.abc import Mapping

from optlint.flow.pytorch.torch_api import MODULE_ITERATORS, OPTIMIZERS, is_about_gradients
from optlint.flow.reading import ir

WORDS = (
    frozenset(MODULE_ITERATORS)
    | frozenset(path.rpartition(".")[2] for path in OPTIMIZERS)
    | frozenset(
        "param_groups add_param_group backward Parameter optim Optimizer parameters_to_vector clip_grad_norm_ "
        "clip_grad_norm clip_grad_value_ zero_grad grad grad_fn register_hook".split()
    )
)
SWITCHES = frozenset({"requires_grad", "requires_grad_", "Parameter"})
WALKS = frozenset({"zip", "items", "values"})
NAMES = re.compile(r"optimizer|optims?$|^(?:opt|params?|weight|bias)$|^ema|_ema$", re.IGNORECASE)


def concerns_training(identifiers: frozenset[str]) -> bool:
    """Whether code with these identifiers may have to do with parameters and optimizers."""
    return not WORDS.isdisjoint(identifiers) or walks_states(identifiers) or any(map(is_about_gradients, identifiers))


def walks_states(identifiers: frozenset[str]) -> bool:
    """Whether code with these identifiers may change the tensors of a model by way of its `state_dict()`."""
    return "state_dict" in identifiers and not WALKS.isdisjoint(identifiers)


def makes_layers(identifiers: frozenset[str]) -> bool:
    """Whether a class with these identifiers may make layers of torch, or run those that other files make for it."""
    return "nn" in identifiers or {"forward", "__init__"} <= identifiers


def names_training(identifiers: frozenset[str]) -> bool:
    """Whether code with these identifiers may use an optimizer or parameters that it was given."""
    return concerns_training(identifiers) or any(map(NAMES.search, identifiers))


def renamed(block: ir.Block) -> frozenset[str]:
    """The names that imports give to something that concerns training: `P` of `import Parameter as P`."""
    renamed = [node for node in block if isinstance(node, ir.ImportFrom) and node.path != node.name]
    return frozenset(node.name for node in renamed if concerns_training(frozenset({node.path})))


def trainers(classes: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names of classes that compute gradients and use them, by the identifiers in each class."""
    return frozenset(name for name, words in classes.items() if {"backward", "step"} <= words)


def switchers(functions: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names of functions that say which tensors get gradients, or make Parameters."""
    return frozenset(name for name, words in functions.items() if not words.isdisjoint(SWITCHES))


def spread_over(functions: Mapping[str, frozenset[str]], known: frozenset[str]) -> frozenset[str]:
    """The names of those functions that concern training themselves or use one that does, and those known to."""
    found = known | {name for name, words in functions.items() if concerns_training(words)}
    while more := {name for name, words in functions.items() if name not in found and not found.isdisjoint(words)}:
        found |= more
    return frozenset(found)
