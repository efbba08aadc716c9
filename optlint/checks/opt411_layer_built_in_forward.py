"""OPT411: a layer that is made anew in each forward is never trained."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import LayerBuiltLate
    from optlint.observations import Unowned

rule = Rule(
    "OPT411",
    "layer-built-in-forward",
    "a layer or Parameter is made in forward",
    needs=(("def forward",), ("Module", "nn.")),
)


@rule.check
def made_in_forward(event: LayerBuiltLate) -> Iterator[Diagnostic]:
    """Report the call that makes a layer in `forward`: an error unless it starts as one that changes nothing."""
    what = f"its {'random weights' if event.random else 'parameters'} are never trained, no optimizer knows them"
    if event.renewed:
        what = "it takes the place of the one that was to be trained, and no optimizer knows it"
    yield rule.at(
        event.site,
        f"forward makes a new `{event.made}` each time: {what}",
        severity=None if event.random else Severity.WARNING,
    )


@rule.check
def made_each_round(seen: Unowned) -> Iterator[Diagnostic]:
    """Report the line that makes new parameters in each round."""
    if seen.why == "made in forward":
        yield rule.at(
            seen.place,
            f"forward makes a new `{seen.holder}` each time: its random weights are never trained, no "
            "optimizer knows them",
            **seen.about,
        )
