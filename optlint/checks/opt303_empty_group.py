"""OPT303: a param group that holds no parameter at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import GroupGiven

rule = Rule(
    "OPT303",
    "empty-group",
    "a param group holds nothing",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


@rule.check
def holds_nothing(seen: GroupGiven) -> Iterator[Diagnostic]:
    """Report a group without parameters; one from a used iterator is OPT101's."""
    if not seen.size and seen.iterator is None:
        source = f": nothing came out of `{seen.source}`" if seen.source else ""
        yield rule.at(
            seen.place, f"group {seen.group} of {seen.name} is empty{source}", severity=Severity.INFO, **seen.about
        )
