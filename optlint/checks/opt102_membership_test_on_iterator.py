"""OPT102: `x in iterator` uses the iterator up, so each later test finds nothing."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import MODULE_ITERATORS, OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import MembershipTested

rule = Rule(
    "OPT102",
    "membership-test-on-iterator",
    "a stored one-shot iterator is tested by `in` more than once",
    needs=((" in ", " in\\"), (*MODULE_ITERATORS, *OPTIMIZERS)),
)


LAZY = frozenset({"map", "filter", "generator", "generator expression"})


@rule.check
def tested_again(event: MembershipTested) -> Iterator[Diagnostic]:
    """Report a test that is asked more than once."""
    if event.repeated and (event.iterator.of_model or event.iterator.kind in LAZY):
        kind = "set" if event.hashable else "list"
        births = [born.written for born in event.births]
        yield rule.at(
            event.site,
            f"only the first of these tests sees anything: `{event.tested.text}` is a one-shot iterator, "
            "and the first `in` uses it up",
            notes=(("the iterator is made here", event.iterator.made),),
            fix=remedies.fix(f"keep a {kind}", remedies.each_called_with(births, kind)),
        )
