"""OPT505: LBFGS evaluates a closure in each step, which is not there, or does half of its work."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ClosureFaulty

rule = Rule(
    "OPT505",
    "missing-closure",
    "LBFGS gets no closure, or one without backward or return",
    needs=(TRAINING, (".step",)),
)

FAULTS = {
    "missing": "`{text}` raises TypeError: LBFGS needs a closure that computes the loss and its gradients again",
    "backward": "this closure never calls `backward()`, so LBFGS finds no new gradients in its step",
    "return": "this closure has no return value, so LBFGS raises TypeError: it needs the loss",
}


@rule.check
def half_a_closure(event: ClosureFaulty) -> Iterator[Diagnostic]:
    """Report the step, or the closure that is at fault."""
    yield rule.at(event.site, FAULTS[event.what].format(text=event.site.text))
