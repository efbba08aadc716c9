"""Weights that are loaded again and again, each time back to what they were before the first step."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

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

TIMES = 2  # that training went on after a reset, seen at the next one


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
            yield from reset(record, start, "undone", here, put_back=torch.equal(now, start.sample))
        else:
            taken_back(record, start, now)


def reset(
    record: OptimizerRecord, start: Start, why: str, here: Callable[[], Span | None], put_back: bool = True
) -> Iterator[Seen]:
    """Weights were written over, after steps since the last time; with `put_back`, what these steps did is lost."""
    times = start.times + 1 if put_back and _goes_on(record, start) else 0
    record.start = start._replace(
        steps=record.steps, schedules=record.schedules, rates=_rates(record), times=times,
        state=_momentum(record, start) if put_back else None,
    )  # fmt: skip
    place = here() if times == TIMES else None
    if place is not None:
        names = tuple(known.label for known in record.parameters.values() if known.moved)
        told = {"steps": record.steps - start.steps, "parameters": names, **told_of(record)}
        yield Unmoved(place=place, why=why, dtype="", lr=None, **told)


def taken_back(record: OptimizerRecord, start: Start, now: Tensor) -> None:
    """Without a step since the last reset: those were weights to be looked at only, if they are gone by now."""
    if start.steps and not torch.equal(now, start.sample):
        record.start = start._replace(times=0, state=None)


def state_loaded(record: OptimizerRecord) -> None:
    """The optimizer's own state was loaded, too: a new beginning is meant."""
    if record.start is not None:
        record.start = record.start._replace(steps=record.steps, times=0, state=None)


def _goes_on(record: OptimizerRecord, start: Start) -> bool:
    """Whether it was one training that went on after the last reset: with the same momentum, or else by its rates."""
    scheduled, same_rates = record.schedules > start.schedules, _rates(record) == start.rates
    now = _momentum(record, start)
    if not start.steps:
        return False  # there was no reset before
    if now is None:
        return scheduled and not same_rates  # a schedule for each beginning ends with the same rates each time
    return start.state is not None and start.state() is now() and (scheduled or same_rates)


def _momentum(record: OptimizerRecord, start: Start) -> weakref.ref[Tensor] | None:
    """The first tensor of the state that the optimizer keeps for the watched parameter."""
    optimizer, probe = record.ref(), start.tensor()
    state: Any = optimizer.state.get(probe) if optimizer is not None and probe is not None else None
    values = state.values() if isinstance(state, dict) else ()
    found = next((value for value in values if isinstance(value, Tensor) and value.dim()), None)
    return weakref.ref(found) if found is not None else None


def _rates(record: OptimizerRecord) -> tuple[object, ...]:
    optimizer = record.ref()
    return tuple(group.get("lr") for group in optimizer.param_groups) if optimizer is not None else ()
