"""OPT605: a schedule that drives an optimizer which never steps, or leaves a group out."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ScheduledTwice, SchedulerOfOther
    from optlint.observations import GroupForgotten, SchedulerElsewhere

rule = Rule(
    "OPT605",
    "scheduler-of-other-optimizer",
    "the scheduler belongs to an optimizer that does not step",
    severity=Severity.WARNING,
    needs=(("lr_scheduler", "schedule_with_warmup", "get_scheduler", "get_constant_schedule", "get_inverse", "SWALR"),),
)


@rule.check
def made_for_an_idle_one(event: SchedulerOfOther) -> Iterator[Diagnostic]:
    """Report where a scheduler is made for an optimizer that stands still."""
    article, other = ("an", "another one") if event.optimizer == event.stepping else ("the", event.stepping)
    yield rule.at(
        event.site,
        f"{event.scheduler} changes the rates of {article} {event.optimizer} optimizer that "
        f"{'steps no more' if event.done else 'never steps'}; {other} trains instead",
    )


@rule.check
def made_for_the_first_again(event: ScheduledTwice) -> Iterator[Diagnostic]:
    """Report the second of two schedulers alike, which leaves another optimizer without any."""
    yield rule.at(
        event.site,
        f"this {event.scheduler} changes the rates of an optimizer that another one alike changes already; another "
        "optimizer that trains has no scheduler",
        notes=(("the first one is made here", event.first),),
    )


@rule.check
def drives_an_idle_one(seen: SchedulerElsewhere) -> Iterator[Diagnostic]:
    """Report a scheduler whose optimizer stands still while another one trains the same parameters."""
    yield rule.at(
        seen.place,
        f"`{seen.scheduler}` changes the rates of {seen.name}, which never steps; {seen.stepping} "
        "trains its parameters",
        **seen.about,
    )


@rule.check
def leaves_a_group_out(seen: GroupForgotten) -> Iterator[Diagnostic]:
    """Report a group that was added after a schedule written by hand had begun, and that this never changes."""
    yield rule.at(
        seen.place,
        f"the rate of group {seen.group} of {seen.name}, added here, stays {seen.lr:g} while the others change: "
        "the schedule leaves it out",
        **seen.about,
    )
