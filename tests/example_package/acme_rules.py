"""Rules of another package: found by the entry point group `optlint.rules`, selected and suppressed like ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optlint.diagnostic import Diagnostic, Severity
from optlint.rule import Rule

if TYPE_CHECKING:
    from optlint.flow.events import Consumed

rule = Rule(
    "ACM101",
    "iterator-used-here",
    "we at Acme keep lists of parameters",
    severity=Severity.WARNING,
    needs=(("parameters",),),
)


@rule.check
def used(event: Consumed) -> Iterator[Diagnostic]:
    """Every second use of an iterator."""
    yield rule.at(event.site, "this iterator was used before, keep a list")
