"""OPT302: two param groups of one optimizer hold the same parameters."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GroupsOverlap, SteppedByTwo
    from optlint.observations import BuildRefused, GroupGiven, SteppedTwice

rule = Rule(
    "OPT302",
    "duplicate-parameter",
    "the same parameter is given to an optimizer twice",
    needs=(OPTIMIZERS, ("param", "children")),
)


@rule.check
def overlapping(event: GroupsOverlap) -> Iterator[Diagnostic]:
    """Report the later group."""
    yield rule.at(
        event.site,
        f"{event.optimizer} gets the same parameters twice: `{event.site.text}` and `{event.earlier.text}` overlap",
        notes=(("the other group is here", event.earlier),),
    )


@rule.check
def in_two_optimizers(event: SteppedByTwo) -> Iterator[Diagnostic]:
    """Report the later of two optimizers that step the same parameters."""
    yield rule.at(
        event.site,
        f"this {event.optimizer} and the {event.other} that was built before both step the same parameters on the "
        "gradients of one backward",
        notes=(("the other optimizer is built here", event.other_site),),
    )


@rule.check
def twice_in_one_group(seen: GroupGiven) -> Iterator[Diagnostic]:
    """Report a group that holds a parameter more than once."""
    if seen.duplicates:
        yield rule.at(
            seen.place,
            f"group {seen.group} of {seen.name} holds {seen.listed} more than once, so each step moves them twice",
            **seen.about,
        )


@rule.check
def refused_overlap(seen: BuildRefused) -> Iterator[Diagnostic]:
    """Report groups that torch refused because they overlap."""
    if seen.reason == "duplicate":
        yield rule.at(
            seen.place, f"{seen.name} can't be built: the same parameters are in more than one group", **seen.about
        )


@rule.check
def stepped_by_two(seen: SteppedTwice) -> Iterator[Diagnostic]:
    """Report two optimizers that step the same parameters on the same gradients."""
    yield rule.at(
        seen.place,
        f"{seen.name} and {seen.other} both step {seen.listed} on the gradients of one backward",
        notes=(("the other optimizer is built here", seen.other_place),),
        **seen.about,
    )
