"""OPT101: whoever draws from a one-shot iterator second gets nothing, or the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity
from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import Consumed

rule = Rule(
    "OPT101",
    "reused-parameter-iterator",
    "an iterator over a model's parameters or layers that was used is used again",
    needs=(("param", "children", "modules", "buffers"),),
)


@rule.check
def reused(event: Consumed) -> Iterator[Diagnostic]:
    """Report the second user, and point at the first."""
    if not event.iterator.of_model:
        return
    gets = "gets what is left" if event.partly else "gets nothing"
    when = "in the next round of the loop" if event.again else "before"
    yield rule.at(
        event.site,
        f"{_user(event.by)} {gets}: `{event.site.text}` is a one-shot iterator that was used {when}",
        severity=Severity.ERROR if event.trains else Severity.WARNING,
        notes=(("the iterator is made here", event.iterator.made), ("first used here", event.earlier)),
        fix=event.fix,
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
