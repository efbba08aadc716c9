"""OPT503: clipping that comes when the step has used the gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT503",
    "clip-after-step",
    "gradients are clipped after the step, or before backward",
    needs=RUN_ONLY,
)


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
