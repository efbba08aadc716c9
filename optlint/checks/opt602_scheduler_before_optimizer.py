"""OPT602: the scheduler steps first, so the first rate is never used."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import SchedulerFirst
    from optlint.observations import SchedulerEarly

rule = Rule(
    "OPT602",
    "scheduler-before-optimizer",
    "the scheduler steps before the optimizer",
    severity=Severity.WARNING,
    needs=(("sched", *TRAINING), (".step",)),
)


@rule.check
def steps_first(event: SchedulerFirst) -> Iterator[Diagnostic]:
    """Report the step of a scheduler ahead of its optimizer's."""
    yield rule.at(
        event.site,
        f"`{event.site.text}` comes before the step of its optimizer, so the first rate of {event.scheduler} is "
        "skipped",
    )


@rule.check
def first_rate_skipped(seen: SchedulerEarly) -> Iterator[Diagnostic]:
    """Report a scheduler that steps ahead of its optimizer."""
    yield rule.at(
        seen.place,
        f"`{seen.scheduler}` steps before {seen.name} does, so the first rate of the schedule is skipped",
        **seen.about,
    )
