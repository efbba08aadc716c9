"""OPT802: updates smaller than what the dtype can tell apart."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import Unmoved

rule = Rule(
    "OPT802",
    "update-lost-in-rounding",
    "updates are lost in rounding",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


@rule.check
def rounded_away(seen: Unmoved) -> Iterator[Diagnostic]:
    """Report half-precision weights that no update of a window has changed."""
    if seen.why == "rounding":
        yield rule.at(
            seen.place,
            f"{seen.listed} did not change in {seen.steps} steps of {seen.name}: in {seen.dtype} an "
            "update of a rate of "
            f"{seen.lr} is rounded away",
            **seen.about,
        )
