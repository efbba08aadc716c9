"""OPT509: an optimizer that is built anew for each step forgets its momentum."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import OptimizerInLoop
    from optlint.observations import OptimizerRebuilt

rule = Rule(
    "OPT509",
    "optimizer-built-in-loop",
    "an optimizer is built anew for each step",
    severity=Severity.WARNING,
    needs=(TRAINING,),
)


@rule.check
def built_in_loop(event: OptimizerInLoop) -> Iterator[Diagnostic]:
    """Report an optimizer that is built in each round of a loop and steps once."""
    yield rule.at(
        event.site,
        f"{event.optimizer} is built anew in each round and steps once, so its state never builds up",
        notes=[("the only step", event.step)],
    )


@rule.check
def built_again(seen: OptimizerRebuilt) -> Iterator[Diagnostic]:
    """Report a line that builds the same optimizer again after each step."""
    yield rule.at(
        seen.place,
        f"{seen.name} is built anew for each step ({seen.times} times so far over the same parameters), so its state "
        "never builds up",
        **seen.about,
    )
