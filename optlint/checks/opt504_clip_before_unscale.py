"""OPT504: the bound is compared to gradients that are still multiplied by the scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT504",
    "clip-before-unscale",
    "scaled gradients are clipped",
    needs=RUN_ONLY,
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
