"""From the book of an audit to the plain values of its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import Parameter

from optlint.auditing.judges.causes import summary_of_leaf
from optlint.auditing.memory.hyperparameters import rates_of
from optlint.auditing.memory.left_out import REASON
from optlint.auditing.memory.models import ModelMap
from optlint.auditing.memory.summaries import GroupSummary, OptimizerSummary, ParameterSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.judges.unowned import Leaves
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord, ParameterRecord

WORDS_FOR_LEFT_OUT = {True: "was not given to the optimizer", False: REASON}


def summary_of(record: OptimizerRecord) -> OptimizerSummary:
    """One optimizer as it was at its last look."""
    groups = []
    for index, hyperparameters in enumerate(record.hyperparameters):
        own = [known for known in record.parameters.values() if known.group == index]
        rates = rates_of(record)
        groups.append(GroupSummary(index, rates[index], hyperparameters, tuple(map(_parameter, own))))
    return OptimizerSummary(record.class_name, record.place, record.steps, tuple(groups))


def _parameter(known: ParameterRecord) -> ParameterSummary:
    return ParameterSummary(
        name=known.label,
        shape=known.shape,
        dtype=known.dtype,
        numel=known.numel,
        requires_grad=known.trainable,
        is_leaf=known.is_leaf,
        grad=known.grad,
        moved=known.movement,
        reason=known.reason or _reason(known),
        cause=known.cause,
    )


def _reason(known: ParameterRecord) -> str | None:
    if known.moved:
        return None
    if not known.trainable:
        return "frozen: requires_grad is False"
    return "never had a gradient" if known.looks and not known.grads else None


def unowned_of(leaves: Leaves, book: Book) -> Iterator[ParameterSummary]:
    """What the loss reached and no optimizer owned, where it has a name."""
    leaves.forget_dead()
    living = list(_living(leaves, book))
    yield from living
    known = {parameter.label for record in book.all for parameter in record.parameters.values()}
    known.update(one.name for one in living)
    yield from (one for name, one in leaves.gone.items() if name not in known)


def _living(leaves: Leaves, book: Book) -> Iterator[ParameterSummary]:
    models: ModelMap | None = None
    for one in leaves.records.values():
        leaf = one.ref()
        if leaf is None or one.moved:
            continue
        if one.cause is None and isinstance(leaf, Parameter):
            models = models or ModelMap(book.model() if book.model is not None else None)
        name = one.cause.name if one.cause else models.names.get(id(leaf)) if models else None
        if name is not None:
            yield summary_of_leaf(leaf, name, one.cause)


def still_left_out(book: Book, unowned: tuple[ParameterSummary, ...]) -> Iterator[ParameterSummary]:
    """Those that no optimizer was given since, and that no loss has reached."""
    known = {parameter.label for record in book.all for parameter in record.parameters.values()}
    known.update(one.name for one in unowned)
    return (one for name, one in book.left_frozen.items() if name not in known)
