"""OPT206: `p = p - lr * p.grad` in a loop binds a name to a new tensor, and the parameter stays as it was."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Fix
    from optlint.flow.events import ParameterRebound

rule = Rule(
    "OPT206",
    "rebound-parameter",
    "a loop over parameters assigns to its variable, which changes no parameter",
    needs=((".parameters", "named_parameters", "param_groups", "state_dict", "requires_grad"),),
)


@rule.check
def rebound(event: ParameterRebound) -> Iterator[Diagnostic]:
    """Report the assignment; one that should average two models has a rule of its own."""
    if event.average:
        return
    yield rule.at(
        event.site,
        f"this changes no parameter: `{event.name}` is bound to a new tensor, which nothing reads, and the parameter "
        "stays as it was",
        fix=_written(event),
    )


def _written(event: ParameterRebound) -> Fix | None:
    """The value is written into the parameter."""
    if event.method is None:
        return None
    edits = remedies.assigned_by_call(event.site.written, "", event.method, event.value.written)
    return remedies.fix("write into the parameter", edits, safe=False)
