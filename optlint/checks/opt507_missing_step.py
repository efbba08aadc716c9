"""OPT507: gradients are computed for an optimizer that never steps."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ScalerNotUpdated, StepMissing
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT507",
    "missing-step",
    "an optimizer that never steps",
    needs=(TRAINING,),
)


@rule.check
def missing(event: StepMissing) -> Iterator[Diagnostic]:
    """Report a loop that computes gradients and clears them, and never steps."""
    yield rule.at(
        event.site,
        f"`{event.optimizer}` never steps: the gradients that are computed here are cleared unused",
        notes=[("cleared here", event.cleared)],
    )


@rule.check
def not_updated(event: ScalerNotUpdated) -> Iterator[Diagnostic]:
    """Report a scaler that can step but once."""
    yield rule.at(
        event.site, f"the second step raises: `{event.scaler}` needs an `update` after each step, and there is none"
    )


@rule.check
def never_stepped(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report an optimizer whose parameters got gradients and never a step."""
    if seen.unstepped:
        yield rule.at(
            seen.place, f"{seen.name} never steps, though {seen.unstepped} backwards gave it gradients", **seen.about
        )
