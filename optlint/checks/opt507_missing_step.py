"""OPT507: gradients are computed for an optimizer that never steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT507",
    "missing-step",
    "an optimizer that never steps",
    needs=RUN_ONLY,
)


@rule.check
def never_stepped(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report an optimizer whose parameters got gradients and never a step."""
    if seen.unstepped:
        yield rule.at(
            seen.place, f"{seen.name} never steps, though {seen.unstepped} backwards gave it gradients", **seen.about
        )
