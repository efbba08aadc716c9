"""OPT502: gradients that are cleared before the step has used them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT502",
    "gradients-cleared-before-step",
    "gradients are cleared between backward and step",
    needs=RUN_ONLY,
)


@rule.check
def cleared_unused(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report clearing that leaves the step nothing."""
    if seen.lost:
        yield rule.at(
            seen.place,
            f"{seen.name} steps without gradients: they are cleared here after backward and before the step, "
            f"{seen.lost} times in a row",
            **seen.about,
        )
    elif seen.dropped:
        yield rule.at(
            seen.place,
            f"{seen.name} steps with the gradients of 1 in {seen.dropped + 1} backwards: those of the others are "
            "cleared here before the step",
            severity=Severity.WARNING,
            **seen.about,
        )
