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
    elif seen.why == "no backward":
        yield rule.at(
            seen.place,
            f"{seen.steps} steps of {seen.name} changed nothing: there was no backward, so there are no gradients",
            **seen.about,
        )
    elif seen.why == "skipped":
        yield rule.at(seen.place, f"`GradScaler` has skipped {seen.steps} steps of {seen.name} in a row", **seen.about)


UNDONE = {
    "undone": "this puts the weights that {name} trains back to what they were before its first step",
    "put back": "the weights that {name} trains are here what they were before its first step",
    "drawn anew": "this draws the weights that {name} trains anew",
}


@rule.check
def progress_undone(seen: Unmoved) -> Iterator[Diagnostic]:
    """Report weights that are put back again and again while their optimizer goes on."""
    if seen.why in UNDONE:
        what = UNDONE[seen.why].format(name=seen.name)
        yield rule.at(seen.place, f"each time, {what}: the last {seen.steps} steps are undone, too", **seen.about)
