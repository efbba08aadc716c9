"""Weights that are loaded again and again, each time back to what they were before the first step."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import torch

from optlint.auditing.judges.order import probe_of, told_of
from optlint.auditing.memory.records import Start
from optlint.auditing.memory.samples import take_sample
from optlint.observations import Unmoved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch.nn import Module

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

TIMES = 3


def start_of(record: OptimizerRecord) -> Start | None:
    """What to compare with later, noted when the optimizer is built."""
    probe = probe_of(record)
    sample = take_sample(probe) if probe is not None else None
    if probe is None or sample is None:
        return None
    return Start(weakref.ref(probe), sample, rates=_rates(record))


def weights_loaded(module: Module, book: Book, here: Callable[[], Span | None]) -> Iterator[Seen]:
    """Weights were loaded into `module`; `here` gives the user's line."""
    own = {id(parameter) for parameter in module.parameters()}
    for record in book.of_thread():
        start, tensor = record.start, record.start.tensor() if record.start is not None else None
        now = take_sample(tensor) if tensor is not None and id(tensor) in own else None
        if start is None or now is None:
            continue
        if not record.steps:
            record.start = start._replace(sample=now, rates=_rates(record))
        elif record.steps > start.steps:
            same = torch.equal(now, start.sample) and _goes_on(record, start)
            record.start = start._replace(
                steps=record.steps,
                schedules=record.schedules,
                rates=_rates(record),
                times=start.times + 1 if same else 0,
            )
            place = here() if record.start.times == TIMES else None
            if place is not None:
                yield _undone(record, place, record.steps - start.steps)


def _undone(record: OptimizerRecord, place: Span, steps: int) -> Unmoved:
    names = tuple(known.label for known in record.parameters.values() if known.moved)
    return Unmoved(place=place, why="undone", dtype="", lr=None, steps=steps, parameters=names, **told_of(record))


def state_loaded(record: OptimizerRecord) -> None:
    """The optimizer's own state was loaded, too: a new beginning is meant."""
    if record.start is not None:
        record.start = record.start._replace(steps=record.steps, times=0)


def _goes_on(record: OptimizerRecord, start: Start) -> bool:
    """Whether this is one training: a schedule goes on, or momentum is kept and no other rate is tried."""
    if record.schedules > start.schedules:
        return True
    optimizer, probe = record.ref(), start.tensor()
    kept = optimizer is not None and probe is not None and bool(optimizer.state.get(probe))
    return kept and record.stateful and _rates(record) == start.rates


def _rates(record: OptimizerRecord) -> tuple[object, ...]:
    optimizer = record.ref()
    return tuple(group.get("lr") for group in optimizer.param_groups) if optimizer is not None else ()
