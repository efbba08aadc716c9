"""OPT208: a leaf that requires gradients is changed in place while autograd records, so torch raises."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import LeafChanged

rule = Rule(
    "OPT208",
    "in-place-on-leaf",
    "a leaf that requires gradients is changed in place outside `torch.no_grad()`",
    needs=(("requires_grad", ".parameters", "named_parameters", "param_groups", "Parameter(", ".weight", ".bias"),),
)


@rule.check
def changed(event: LeafChanged) -> Iterator[Diagnostic]:
    """Report the tensor that is changed."""
    yield rule.at(
        event.site,
        f"{event.operation} on `{event.tensor}` raises RuntimeError here: it is a leaf that requires gradients, and "
        "gradients are recorded",
    )
