"""OPT102: `x in iterator` uses the iterator up, so each later test finds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import MembershipTested

rule = Rule(
    "OPT102",
    "membership-test-on-iterator",
    "a stored one-shot iterator is tested by `in` more than once",
    needs=((" in ", " in\\"), ("map(", "filter(", " for ", "parameters", "children", "modules", "buffers", "chain(")),
)


@rule.check
def tested_again(event: MembershipTested) -> Iterator[Diagnostic]:
    """Report a test that is asked more than once."""
    if event.repeated and event.iterator.of_model:
        yield rule.at(
            event.site,
            f"only the first of these tests sees anything: `{event.tested.text}` is a one-shot iterator, "
            "and the first `in` uses it up",
            notes=(("the iterator is made here", event.iterator.made),),
        )
