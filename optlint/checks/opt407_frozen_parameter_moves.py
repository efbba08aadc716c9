"""OPT407: a frozen parameter with an old gradient goes on moving."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import FrozenMoved

rule = Rule(
    "OPT407",
    "frozen-parameter-moves",
    "a parameter that was frozen is still changed by steps",
    needs=RUN_ONLY,
)


@rule.check
def moves_while_frozen(seen: FrozenMoved) -> Iterator[Diagnostic]:
    """Report frozen parameters whose gradient was never set to None; worth knowing where freezing comes and goes."""
    yield rule.at(
        seen.place,
        f"{seen.name} still changes {seen.listed}, frozen by now: the gradient is not None, so "
        "momentum, weight decay or "
        "the old gradient go on",
        severity=Severity.INFO if seen.undone_before else None,
        **seen.about,
    )
