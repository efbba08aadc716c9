"""Schedulers that step too early, or for an optimizer that does not step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.auditing.judges.order import told_of
from optlint.observations import SchedulerEarly, SchedulerElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim.lr_scheduler import LRScheduler

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

ENOUGH = 3


def scheduled_early(record: OptimizerRecord, scheduler: LRScheduler, here: Span | None) -> Iterator[Seen]:
    """One line that steps the scheduler first and the optimizer after it, twice: not a resumed schedule."""
    optimizer = record.ref()
    if not record.steps:
        if not record.attempts and not getattr(optimizer, "_opt_called", False):
            record.early_count += 1
            record.early_place = here
        return
    if record.early_place is not None and here == record.early_place:
        yield SchedulerEarly(place=here, scheduler=type(scheduler).__name__, **told_of(record))
    record.early_count = 0


def scheduled_elsewhere(record: OptimizerRecord, scheduler: LRScheduler, book: Book) -> Iterator[Seen]:
    """The scheduler's optimizer never steps, while another one steps the same parameters."""
    if record.schedules < ENOUGH or record.attempts or record.place is None:
        return
    groups = {id(group) for group in getattr(record.ref(), "param_groups", ())}
    for other in book.records.values():
        optimizer = other.ref()
        if other is record or other.steps < ENOUGH or optimizer is None:
            continue
        linked = any(id(group) in groups for group in optimizer.param_groups)
        if not linked and not record.parameters.keys().isdisjoint(other.parameters):
            yield SchedulerElsewhere(
                place=record.place, scheduler=type(scheduler).__name__, stepping=other.label, **told_of(record)
            )
