"""OPT103: one-shot iterators have no length, no items by index and no `+`."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import MODULE_ITERATORS, OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Fix
    from optlint.flow.events import SequenceOperation

rule = Rule(
    "OPT103",
    "iterator-used-as-sequence",
    "`len()`, indexing, slicing or `+` on an iterator over parameters or layers",
    needs=((*MODULE_ITERATORS, *OPTIMIZERS),),
)


@rule.check
def not_a_sequence(event: SequenceOperation) -> Iterator[Diagnostic]:
    """Report an operation that raises TypeError."""
    if event.iterator.of_model and event.iterator.certain:
        yield rule.at(
            event.site,
            f"{event.operation} raises TypeError here: `{event.operand.text}` is a one-shot iterator, not a list",
            notes=(("the iterator is made here", event.iterator.made),),
            fix=_mended(event),
        )


def _mended(event: SequenceOperation) -> Fix | None:
    """A list where the iterator is made; a dict where pairs are looked up by name at once."""
    births = [born.written for born in event.births]
    named = event.iterator.kind.startswith("named_")
    if event.by_key is False or (event.by_key is None and not named):
        return remedies.fix("make a list", remedies.each_called_with(births, "list"))
    if event.by_key and named and event.births == (event.operand,):
        return remedies.fix("make a dict", remedies.each_called_with(births, "dict"))
    return None
