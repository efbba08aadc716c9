"""OPT503: clipping that comes when the step has used the gradients."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ClipUseless
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT503",
    "clip-after-step",
    "gradients are clipped after the step, or before backward",
    needs=(("clip_grad_", "clip_gradients"),),
)


@rule.check
def clipped_out_of_turn(event: ClipUseless) -> Iterator[Diagnostic]:
    """Report clipping of gradients that were used, or that are not computed yet."""
    if event.earlier is None:
        message = "clipping has no effect: Lightning clears the gradients and computes others after `training_step`"
        yield rule.at(event.site, message)
        return
    if event.cleared:
        message = "clipping has no effect: the gradients are cleared, and backward comes after it"
        note = "cleared here"
    else:
        message = "clipping has no effect: the step has used the gradients before"
        note = "the step"
    yield rule.at(event.site, message, notes=[(note, event.earlier)])


@rule.check
def clipped_too_late(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report clipping between a step and the next backward."""
    if seen.clipped_after:
        yield rule.at(
            seen.place,
            f"clipping has no effect on {seen.name}: it comes after the step and before backward, "
            f"{seen.clipped_after} times in a row",
            **seen.about,
        )
