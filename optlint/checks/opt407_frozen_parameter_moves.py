"""OPT407: a frozen parameter with an old gradient goes on moving."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import FrozenWithGradient
    from optlint.observations import FrozenMoved

rule = Rule(
    "OPT407",
    "frozen-parameter-moves",
    "a parameter that was frozen is still changed by steps",
    needs=(("requires_grad",), (".step",), ("backward",)),
)


WHY = {
    "last": "its next step still uses the gradients that are there",
    "zeros": "with `set_to_none=False` their gradients become zeros, not None, so momentum or decay go on",
}


@rule.check
def frozen_too_late(event: FrozenWithGradient) -> Iterator[Diagnostic]:
    """Report what freezes parameters that have gradients."""
    yield rule.at(event.site, f"{event.optimizer} still changes what is frozen here: {WHY[event.moved_by]}")


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
