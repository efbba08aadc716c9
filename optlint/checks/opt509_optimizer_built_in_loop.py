"""OPT509: an optimizer that is built anew for each step forgets its momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import OptimizerRebuilt

rule = Rule(
    "OPT509",
    "optimizer-built-in-loop",
    "an optimizer is built anew for each step",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


@rule.check
def built_again(seen: OptimizerRebuilt) -> Iterator[Diagnostic]:
    """Report a line that builds the same optimizer again after each step."""
    yield rule.at(
        seen.place,
        f"{seen.name} is built anew for each step ({seen.times} times so far over the same parameters), so its state "
        "never builds up",
        **seen.about,
    )
