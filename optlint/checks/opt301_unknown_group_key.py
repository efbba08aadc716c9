"""OPT301: a group's key that the optimizer does not know is accepted and never read."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Fix
    from optlint.flow.events import GroupKeyUnknown
    from optlint.observations import KeyIgnored

rule = Rule(
    "OPT301",
    "unknown-group-key",
    "a key of a param group that nothing reads",
    needs=(OPTIMIZERS, ("params", "group")),
)


@rule.check
def key_unknown(event: GroupKeyUnknown) -> Iterator[Diagnostic]:
    """Report a key that neither the optimizer nor the project's code reads."""
    if not event.read and not event.label:
        yield rule.at(
            event.site,
            f"nothing reads the key `{event.key}` of this group: {event.optimizer} does not know it and keeps its "
            "default",
            fix=_renamed(event),
        )


def _renamed(event: GroupKeyUnknown) -> Fix | None:
    """The key that was meant, which the optimizer reads."""
    if event.meant is None:
        return None
    edits = remedies.text_replaced(event.site.written, event.key, event.meant)
    return remedies.fix(f"call it `{event.meant}`", edits, safe=False)


@rule.check
def key_without_reader(seen: KeyIgnored) -> Iterator[Diagnostic]:
    """Report a misspelt hyperparameter."""
    yield rule.at(
        seen.place,
        f"`{seen.key}` in group {seen.group} of {seen.name} is never read: `{seen.meant}` stays "
        f"{seen.kept}, not {seen.value}",
        **seen.about,
    )
