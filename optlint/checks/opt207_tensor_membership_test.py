"""OPT207: `in` and `list.index` compare tensors by their values: they raise, or take one parameter for another."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Fix
    from optlint.flow.events import TensorLookedUp

rule = Rule(
    "OPT207",
    "tensor-membership-test",
    "a tensor is looked up among tensors by `in` or `index`, which compare values",
    needs=(
        (" in ", ".index(", ".remove(", ".count("),
        (".parameters", "named_parameters", "param_groups", "Parameter("),
    ),
)


@rule.check
def looked_up(event: TensorLookedUp) -> Iterator[Diagnostic]:
    """Report the test."""
    yield rule.at(
        event.site,
        f"`{event.site.text}` compares `{event.tensor.text}` with the tensors of `{event.among.text}` by their values: "
        "it raises where shapes differ, and takes equal values for the same tensor",
        fix=_by_identity(event),
    )


def _by_identity(event: TensorLookedUp) -> Fix | None:
    """The same question by `is`."""
    if event.variable is None:
        return None
    parts = event.site.written, event.tensor.written, event.among.written
    return remedies.fix("ask for identity", remedies.looked_up_by_identity(*parts, event.variable, event.negated))
