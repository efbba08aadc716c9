"""Schedulers that step too early, or for an optimizer that does not step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.auditing.judges.judge import group_place
from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.hyperparameters import rates_of
from optlint.observations import GroupForgotten, SchedulerEarly, SchedulerElsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim.lr_scheduler import LRScheduler

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord, Pace
    from optlint.diagnostic import Span
    from optlint.observations import Seen

ENOUGH = 3
BEFORE, SINCE = 2, 4  # looks at which the rates had changed, before and since a group was added


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


def forgotten_groups(record: OptimizerRecord) -> Iterator[Seen]:
    """Groups that were added to be trained at the rate of the others, and that a schedule by hand leaves out."""
    pace = record.pace
    if record.schedules or not _note_rates(record, pace) or pace.partial:
        return
    for group, (before, rate) in tuple(pace.late.items()):
        trained = any(known.grads for known in record.parameters.values() if known.group == group)
        place = group_place(record, group)
        if pace.last[group] != rate or before < BEFORE:
            del pace.late[group]
        elif pace.changes - before >= SINCE and trained and place is not None:
            del pace.late[group]
            names = tuple(known.label for known in record.parameters.values() if known.group == group)
            yield GroupForgotten(place=place, group=group, lr=rate, parameters=names, **told_of(record))


def _note_rates(record: OptimizerRecord, pace: Pace) -> bool:
    """Whether all rates are known and none of the groups is gone."""
    found = rates_of(record)
    rates = tuple(rate for rate in found if rate is not None)
    if len(rates) < len(found) or len(rates) < len(pace.last):
        pace.partial = True
        return False
    pace.first = pace.first or rates
    moved = [rates[group] != pace.last[group] for group in range(min(len(pace.first), len(pace.last)))]
    pace.partial = pace.partial or (any(moved) and not all(moved))
    pace.changes += bool(moved) and all(moved)
    same = {*pace.first, *rates[: len(pace.first)], record.born_defaults.get("lr")}
    for group in range(max(len(pace.last), len(pace.first)), len(rates)):
        if rates[group] in same:  # a rate of its own is meant
            pace.late[group] = (pace.changes, rates[group])
    pace.last = rates
    return True
