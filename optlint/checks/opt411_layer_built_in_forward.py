"""OPT411: a layer that is made anew in each forward is never trained."""

from __future__ import annotations

from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import Unowned

rule = Rule(
    "OPT411",
    "layer-built-in-forward",
    "a layer or Parameter is made in forward",
    needs=RUN_ONLY,
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
