"""OPT603: `param_groups[0]["lr"] = x` leaves the other groups as they are."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import FirstGroupSet

rule = Rule(
    "OPT603",
    "first-group-only",
    "a rate is set on the first of several param groups alone",
    severity=Severity.WARNING,
    needs=(("param_groups",),),
)


@rule.check
def others_left_alone(event: FirstGroupSet) -> Iterator[Diagnostic]:
    """Report the target of the assignment."""
    left = event.count - event.first
    others = "the other one keeps its own" if left == 1 else f"the other {left} keep their own"
    first = "in the first of" if event.first == 1 else f"in the first {event.first} of"
    yield rule.at(
        event.site, f"this sets `{event.key}` {first} the {event.count} groups of {event.optimizer}: {others}"
    )
