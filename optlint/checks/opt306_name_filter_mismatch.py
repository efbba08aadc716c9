"""OPT306: words that choose parameters by name, and that no name matches."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import NamesUnmatched
    from optlint.observations import NamesMissed

rule = Rule(
    "OPT306",
    "name-filter-mismatch",
    "parameters are chosen by words that match no parameter of the model",
    severity=Severity.WARNING,
    needs=(("named_parameters",),),
)


@rule.check
def nothing_matches(event: NamesUnmatched) -> Iterator[Diagnostic]:
    """Report the words, or the comparison of whole names."""
    words = ", ".join(f"`{word}`" for word in event.words)
    if event.whole:
        text = f"`{event.site.text}` is a whole name, with all modules around it, and no parameter is called {words}"
    else:
        text = f"no parameter of this model has {words} in its name, so nothing is chosen"
    yield rule.at(event.site, text)


@rule.check
def group_without_matches(seen: NamesMissed) -> Iterator[Diagnostic]:
    """Report the words that leave a group empty."""
    words = ", ".join(f"`{word}`" for word in seen.words)
    if seen.whole:
        because = f"no parameter is called {words}: a name begins with those of the modules around it"
    else:
        because = f"no parameter of the model has {words} in its name"
    yield rule.at(seen.place, f"group {seen.group} of {seen.name} is empty: {because}", **seen.about)
