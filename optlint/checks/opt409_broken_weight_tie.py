"""OPT409: two Parameters where one was meant."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import TieBroken

rule = Rule(
    "OPT409",
    "broken-weight-tie",
    "tied weights that are not one Parameter",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


@rule.check
def two_for_one(seen: TieBroken) -> Iterator[Diagnostic]:
    """Report weights that share memory without being one Parameter, or no longer share anything."""
    if seen.shared_storage:
        yield rule.at(
            seen.place,
            f"{seen.listed} share their memory and are two Parameters: {seen.name} keeps state for "
            "each and steps twice",
            **seen.about,
        )
    else:
        yield rule.at(
            seen.place,
            f"{seen.listed} were one Parameter when {seen.name} was built and are different ones now",
            **seen.about,
        )
