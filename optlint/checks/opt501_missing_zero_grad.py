"""OPT501: gradients that are never cleared pile up from step to step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT501",
    "missing-zero-grad",
    "gradients are not cleared between steps",
    needs=RUN_ONLY,
)


@rule.check
def piled_up(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report gradients that each backward adds to those of all steps before."""
    if seen.uncleared:
        yield rule.at(
            seen.place,
            f"the gradients of {seen.name} were not cleared in {seen.uncleared} steps in a row: each backward adds to "
            "those of all steps before",
            **seen.about,
        )
