"""OPT204: a parameter is a leaf, so its `.grad_fn` is None and a test on it is dead."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GradFnRead

rule = Rule(
    "OPT204",
    "grad-fn-of-leaf",
    "`.grad_fn` of a parameter is always None",
    severity=Severity.WARNING,
    needs=(("grad_fn",),),
)


@rule.check
def read(event: GradFnRead) -> Iterator[Diagnostic]:
    """Report a read of `.grad_fn` on a leaf."""
    yield rule.at(
        event.site,
        f"`{event.site.text}` is always None: `{event.parameter}` is a parameter, and parameters are leaves",
    )
