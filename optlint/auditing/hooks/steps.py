"""What happens after each step: nearly always a count, now and then a look."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from threading import get_ident
from typing import TYPE_CHECKING, Any

from optlint.auditing.instruments.looks import DENSE, EARLY, RAREST, choose_probe, look, next_look
from optlint.auditing.instruments.patches import capturing, compiled_frames, hidden_from_dynamo
from optlint.auditing.judges.order import STEP_CODE
from optlint.auditing.memory.records import EXTRA_LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from torch.optim import Optimizer

    from optlint.auditing.judges.inquest import Inquest
    from optlint.auditing.judges.order import Order
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord

FIRST_WALKS = 8
WALKED = 3  # steps of each optimizer, after which these may end
LATER_WALKS = 3
WALK_EVERY = 8  # steps of the first ones
REWATCH_AFTER, REWATCH_FOR = 128, 2
CHECKED = 4  # frozen parameters at each step


@dataclass(slots=True)
class Attention:
    """What is looked at from now on."""

    alive: bool = True
    watched: bool = True  # the order of calls matters now
    hurried: bool = False  # one of the next two holds
    bad_loss: bool = False  # a loss was NaN or infinite
    new_leaves: bool = False  # a walk has reached a Parameter that nobody owns, for the first time
    losses: int = 0
    walks_due: int = FIRST_WALKS  # how many of the next backwards are walked through

    def reconsider(self, book: Book) -> None:
        """Watch the order of calls while that of any optimizer is to be watched, or there is none yet."""
        records = tuple(book.records.values())
        self.watched = self.alive and (not records or any(record.watched for record in records))


class Steps:
    """The handler of steps."""

    def __init__(
        self,
        parts: tuple[Book, Order, Inquest],
        attention: Attention,
        adopt: Callable[[Optimizer], OptimizerRecord],
        fail: Callable[[Exception], None],
    ) -> None:
        self._book, self._order, self._inquest = parts
        self._attention = attention
        self._adopt = adopt
        self._fail = fail
        self._slow: Callable[[Optimizer, OptimizerRecord | None], None] | None = None

    def hook(self) -> Callable[[Optimizer, Any, Any], None]:
        """The hook behind all steps; nearly always it does no more than count."""
        records = self._book.records

        def after_step(optimizer: Optimizer, arguments: Any, named: Any) -> None:
            try:
                record = records.get(id(optimizer))
                if record is not None:
                    steps = record.steps + 1
                    if steps < record.quiet_until or (steps < record.busy_at and self._is_quiet(record)):
                        tensor = record.probe()
                        if tensor is None or tensor.grad is not None:
                            record.steps = steps
                            return
                self._slowly(optimizer, record)
            except Exception as fault:
                self._fail(fault)

        return after_step

    def _is_quiet(self, record: OptimizerRecord) -> bool:
        """Whether nothing has happened since the last look, as far as it is known without one."""
        if self._attention.hurried or record.topology != self._book.registrations.count or _one_thawed(record):
            return False
        record.quiet_until = 0 if record.frozen else record.busy_at
        return True

    def _slowly(self, optimizer: Optimizer, record: OptimizerRecord | None) -> None:
        if not self._attention.alive:
            return
        if not compiled_frames():
            self._stepped(optimizer, record)
            return
        if self._slow is None:
            self._slow = hidden_from_dynamo(self._stepped)
        self._slow(optimizer, record)

    def _stepped(self, optimizer: Optimizer, record: OptimizerRecord | None) -> None:
        if capturing():
            return
        if record is None:
            record = self._adopt(optimizer)
        elif record.nested:
            if _steps_around() > 1:
                return  # the base class's part of a step
        elif record.watched and _steps_around() > 1 and not self._belongs_to_outer(record, optimizer):
            record.nested = True
            return
        record.steps += 1
        record.skipped, record.thread = 0, get_ident()
        if record.watched:
            self._order.stepped(record)
            self._inquest.stepped_twice(record, self._order.backwards)
            self._inquest.without_backward(record, self._order.backwards)
        self._look_if_due(record, optimizer)
        if record.steps == WALKED and self._inquest.misses_nobody:
            self._end_first_walks()
        self._set_watch(record)
        record.busy_at = 0 if record.watched or record.nested else record.next_look
        record.quiet_until = 0 if record.frozen else record.busy_at

    def _belongs_to_outer(self, record: OptimizerRecord, optimizer: Optimizer) -> bool:
        """Whether the step around this one is another optimizer's; that one is noted."""
        others = [other for other in _stepping() if other is not optimizer]
        record.outer |= {id(other) for other in others}
        return bool(others)

    def _look_if_due(self, record: OptimizerRecord, optimizer: Optimizer) -> None:
        changed = record.topology != self._book.registrations.count or self._attention.new_leaves
        changed = changed or (bool(record.frozen) and _thawed(record))
        self._attention.new_leaves = self._attention.hurried = False
        if changed or self._surprised(record):
            record.topology = self._book.registrations.count
            record.settled = []
            if record.extra_looks > 0:
                record.extra_looks -= 1
                record.next_look = record.steps
                record.look_until = record.steps + 3
                record.watch_until = max(record.watch_until, record.look_until)
                self._attention.walks_due = max(self._attention.walks_due, LATER_WALKS)
        if record.steps < record.next_look:
            return
        if not record.settled:
            self._book.enter_tensors(record)
        look(record, optimizer)
        self._inquest.judge(record, optimizer, bad_loss=self._attention.bad_loss)
        self._attention.bad_loss = False
        self._watch_again(record)
        record.next_look = next_look(record.steps, len(record.parameters))
        values = record.next_values - (record.steps < record.next_values - 1)  # the step before is looked at, too
        record.next_look = min(record.next_look, values)
        if record.steps < DENSE and not record.steps % WALK_EVERY:
            self._attention.walks_due = max(self._attention.walks_due, 1)
        if record.extra_looks > 0 and (record.stale or record.steps < record.look_until):
            record.extra_looks -= record.steps > EARLY
            record.next_look = record.steps + 1

    def _end_first_walks(self) -> None:
        records = tuple(self._book.records.values())
        if all(record.steps >= WALKED and record.extra_looks == EXTRA_LOOKS for record in records):
            self._attention.walks_due = 0

    def _surprised(self, record: OptimizerRecord) -> bool:
        """Whether the watched parameter has lost its gradient, and no other can take its place."""
        probe = record.probe()
        if self._attention.bad_loss:
            return True
        if probe is None or probe.grad is not None or record.watched:
            return False
        choose_probe(record)
        probe = record.probe()
        return probe is None or probe.grad is None

    def _watch_again(self, record: OptimizerRecord) -> None:
        if record.steps >= record.next_watch:
            record.next_watch = record.steps + max(REWATCH_AFTER, min(record.steps, RAREST))
            record.watch_until = max(record.watch_until, record.steps + REWATCH_FOR)
            record.rounds.complete = False
            self._attention.walks_due = max(self._attention.walks_due, 1)

    def _set_watch(self, record: OptimizerRecord) -> None:
        watched = record.steps < record.watch_until or record.rounds.suspicious or bool(record.twice_rounds)
        if watched and not record.watched:
            record.rounds.complete = False
        if record.watched is not watched:
            record.watched = watched
            self._attention.reconsider(self._book)


def _one_thawed(record: OptimizerRecord) -> bool:
    """Whether one of the next few parameters that were frozen and left out can be trained by now; round and round."""
    frozen = record.frozen
    at = record.steps * CHECKED % len(frozen) if frozen else 0
    return any((tensor := one()) is not None and tensor.requires_grad for one in frozen[at : at + CHECKED])


def _thawed(record: OptimizerRecord) -> bool:
    """Whether some can be trained; those are not asked any more."""
    still = [one for one in record.frozen if (tensor := one()) is not None and not tensor.requires_grad]
    thawed = len(still) < len(record.frozen)
    record.frozen = still
    return thawed


def _step_frames() -> list[FrameType]:
    frames, frame = [], sys._getframe(1)
    while frame is not None:
        if frame.f_code is STEP_CODE:
            frames.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return frames


def _steps_around() -> int:
    return len(_step_frames())


def _stepping() -> list[object]:
    """The optimizers whose `step` is running; the variables of torch's own wrapper know them."""
    return [frame.f_locals.get("self") for frame in _step_frames()]
