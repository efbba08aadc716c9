"""OPT803: steps are taken and nothing moves."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import Unmoved

rule = Rule(
    "OPT803",
    "step-without-effect",
    "steps that change nothing",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


@rule.check
def nothing_moved(seen: Unmoved) -> Iterator[Diagnostic]:
    """Report steps with gradients after which every sampled value is what it was, and steps that are always skipped."""
    if seen.why == "no effect":
        yield rule.at(
            seen.place,
            f"{seen.steps} steps of {seen.name} changed nothing, though {seen.listed} have gradients",
            **seen.about,
        )
    elif seen.why == "undone":
        yield rule.at(
            seen.place,
            f"each time, this puts the weights that {seen.name} trains back to what they were before its first step: "
            f"the last {seen.steps} steps are undone, too",
            **seen.about,
        )
    elif seen.why == "skipped":
        yield rule.at(seen.place, f"`GradScaler` has skipped {seen.steps} steps of {seen.name} in a row", **seen.about)
