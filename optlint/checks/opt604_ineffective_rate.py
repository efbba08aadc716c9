"""OPT604: a learning rate that can train nothing."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import RateAbsurd
    from optlint.observations import RateUseless

rule = Rule(
    "OPT604",
    "ineffective-rate",
    "a learning rate of zero, too small or absurdly large",
    severity=Severity.WARNING,
    needs=(("optim",),),
    pattern=r"\d\.?[eE]\+?\d|\d{8}|\d_\d|\b0[xXoObB]",
)


REASONS = {
    "zero": "the rate of all groups was 0 in the last {steps} steps, though there are gradients",
    "tiny": "a rate of {lr:g} changed no sampled element in {steps} steps",
    "huge": "a rate of {lr:g} throws the parameters out of any range in one step",
}


@rule.check
def beyond_reason(event: RateAbsurd) -> Iterator[Diagnostic]:
    """Report a rate that is written out."""
    why = REASONS["huge"].format(lr=event.rate)
    yield rule.at(event.site, f"{event.optimizer} trains nothing: {why}")


@rule.check
def trains_nothing(seen: RateUseless) -> Iterator[Diagnostic]:
    """Report rates without effect, or beyond all reason."""
    why = REASONS[seen.why].format(lr=seen.lr, steps=seen.steps)
    yield rule.at(seen.place, f"{seen.name} trains nothing: {why}", **seen.about)
