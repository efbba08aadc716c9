"""OPT301: a group's key that the optimizer does not know is accepted and never read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import KeyIgnored

rule = Rule(
    "OPT301",
    "unknown-group-key",
    "a key of a param group that nothing reads",
    needs=RUN_ONLY,
)


@rule.check
def key_without_reader(seen: KeyIgnored) -> Iterator[Diagnostic]:
    """Report a misspelt hyperparameter."""
    yield rule.at(
        seen.place,
        f"`{seen.key}` in group {seen.group} of {seen.name} is never read: `{seen.meant}` stays "
        f"{seen.kept}, not {seen.value}",
        **seen.about,
    )
