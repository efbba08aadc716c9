"""OPT101: whoever draws from a one-shot iterator second gets nothing, or the rest."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import MODULE_ITERATORS, OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import Consumed
    from optlint.observations import BuildRefused, GroupGiven, IteratorClipped, IteratorReused

rule = Rule(
    "OPT101",
    "reused-parameter-iterator",
    "an iterator over a model's parameters or layers that was used is used again",
    needs=((*MODULE_ITERATORS, *OPTIMIZERS),),
)


@rule.check
def reused(event: Consumed) -> Iterator[Diagnostic]:
    """Report the second user, and point at the first."""
    gets = "gets what is left" if event.partly else "gets nothing"
    when = "in the next round of the loop" if event.again else "before"
    yield rule.at(
        event.site,
        f"{_user(event.by)} {gets}: `{event.site.text}` is a one-shot iterator that was used {when}",
        severity=Severity.ERROR if event.trains else Severity.WARNING,
        notes=(("the iterator is made here", event.iterator.made), ("first used here", event.earlier)),
        fix=remedies.fix("keep a list", remedies.each_called_with([born.written for born in event.births], "list")),
    )


def _user(by: str) -> str:
    """The second user in words."""
    words = {
        "for": "this loop",
        "comprehension": "this comprehension",
        "*": "this unpacking",
        "unpacking": "this unpacking",
        "in": "this test",
    }
    return words.get(by, f"`{by}`")


@rule.check
def group_from_used_iterator(seen: GroupGiven) -> Iterator[Diagnostic]:
    """Report a group that came out empty, or without its first parameters."""
    source = f"`{seen.source}`" if seen.source else "its iterator"
    if seen.iterator == "used up":
        yield rule.at(
            seen.place,
            f"group {seen.group} of {seen.name} is empty: {source} was used up before, so the "
            f"optimizer never trains {seen.listed or 'what it walks through'}",
            **seen.about,
        )
    elif seen.iterator == "partly used":
        yield rule.at(
            seen.place,
            f"{seen.name} never trains {seen.listed}, taken out of {source} before "
            f"group {seen.group} got what was left",
            **seen.about,
        )


@rule.check
def refused_empty(seen: BuildRefused) -> Iterator[Diagnostic]:
    """Report an optimizer that torch would not build because its iterator was used up."""
    if seen.reason == "used up":
        yield rule.at(seen.place, f"{seen.name} gets nothing: its iterator was used up before", **seen.about)


@rule.check
def clipped_nothing(seen: IteratorClipped) -> Iterator[Diagnostic]:
    """Report clipping that clips nothing."""
    yield rule.at(seen.place, "no gradient is clipped: the iterator given here was used up before", **seen.about)


@rule.check
def walked_again(seen: IteratorReused) -> Iterator[Diagnostic]:
    """Report a second loop, which gets nothing."""
    yield rule.at(
        seen.place,
        "this loop gets nothing: the iterator was used up before",
        severity=Severity.WARNING,
        notes=(("the iterator is made here", seen.made), ("used up here", seen.used)),
        **seen.about,
    )
