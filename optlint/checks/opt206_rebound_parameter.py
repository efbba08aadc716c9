"""OPT206: `p = p - lr * p.grad` in a loop binds a name to a new tensor, and the parameter stays as it was."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ParameterRebound

rule = Rule(
    "OPT206",
    "rebound-parameter",
    "a loop over parameters assigns to its variable, which changes no parameter",
    needs=((".parameters", "named_parameters", "param_groups"),),
)


@rule.check
def rebound(event: ParameterRebound) -> Iterator[Diagnostic]:
    """Report the assignment."""
    yield rule.at(
        event.site,
        f"this changes no parameter: `{event.name}` is bound to a new tensor, which nothing reads, and the parameter "
        "stays as it was",
    )
