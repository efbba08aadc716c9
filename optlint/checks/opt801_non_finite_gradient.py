"""OPT801: NaN or infinity went through a step into the weights."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import NonFinite

rule = Rule(
    "OPT801",
    "non-finite-gradient",
    "NaN or infinity reached a step",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


@rule.check
def wrote_nan(seen: NonFinite) -> Iterator[Diagnostic]:
    """Report parameters that a step has made NaN or infinite."""
    yield rule.at(seen.place, f"step {seen.step} of {seen.name} wrote NaN or infinity into {seen.listed}", **seen.about)
