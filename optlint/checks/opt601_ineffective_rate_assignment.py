"""OPT601: a rate that is written where no optimizer reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import RateIgnored

rule = Rule(
    "OPT601",
    "ineffective-rate-assignment",
    "a rate is set where no optimizer reads it",
    needs=RUN_ONLY,
)


WHERE = {"attribute": "`{key}` of the optimizer itself", "defaults": '`defaults["{key}"]`'}


@rule.check
def never_read(seen: RateIgnored) -> Iterator[Diagnostic]:
    """Report an assignment beside the groups."""
    where = WHERE[seen.target].format(key=seen.key)
    yield rule.at(
        seen.place,
        f"{where} was set to {seen.value}, which {seen.name} never reads: its groups keep {seen.kept}",
        **seen.about,
    )
