"""OPT504: the bound is compared to gradients that are still multiplied by the scale."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ClipOfScaled
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT504",
    "clip-before-unscale",
    "scaled gradients are clipped",
    needs=(("clip",), ("scale", *TRAINING)),
)


@rule.check
def scaled(event: ClipOfScaled) -> Iterator[Diagnostic]:
    """Report clipping of gradients that still carry the scale."""
    yield rule.at(
        event.site,
        f"gradients are clipped while they are scaled: call `unscale_` of `{event.scaler}` first, or almost nothing of "
        "them is left",
        notes=[("scaled here", event.backward), ("divided by the scale here", event.step)],
    )


@rule.check
def clipped_while_scaled(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report clipping of gradients that `GradScaler` has not unscaled."""
    if seen.clipped_scaled:
        yield rule.at(
            seen.place,
            f"the gradients of {seen.name} are clipped while they are scaled: call `unscale_` first, or almost nothing "
            "of them is left",
            **seen.about,
        )
