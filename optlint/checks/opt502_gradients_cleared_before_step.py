"""OPT502: gradients that are cleared before the step has used them."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GradientsLost
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT502",
    "gradients-cleared-before-step",
    "gradients are cleared between backward and step",
    needs=(TRAINING, ("grad", "step")),
)

LAST_ONLY = "steps with the gradients of its last backward only: those of the others are cleared here before the step"


@rule.check
def lost(event: GradientsLost) -> Iterator[Diagnostic]:
    """Report clearing between backward and the step that was to use the gradients."""
    if event.accumulated:
        message = f"`{event.optimizer}` {LAST_ONLY}"
    else:
        message = f"`{event.optimizer}` steps without gradients: they are cleared here, after backward"
    yield rule.at(event.site, message, notes=[("computed here", event.backward), ("the step", event.step)])


@rule.check
def cleared_unused(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report clearing that leaves the step nothing, or only what the last backward gave."""
    if seen.lost:
        yield rule.at(
            seen.place,
            f"{seen.name} steps without gradients: they are cleared here after backward and before the step, "
            f"{seen.lost} times in a row",
            **seen.about,
        )
    elif seen.dropped:
        yield rule.at(
            seen.place, f"{seen.name} {LAST_ONLY}, {seen.dropped} of {seen.dropped + 1} each time", **seen.about
        )
