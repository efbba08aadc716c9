"""The order of calls in a training round: backward, clear, clip, step; told by bookkeeping, not by reading values."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import Parameter
from torch.optim import Optimizer

from optlint.auditing.instruments.graph import reached_leaves
from optlint.auditing.memory.places import trail
from optlint.auditing.memory.samples import take_sample
from optlint.observations import BackwardReachedNothing, RoundsSeen

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from torch import Tensor

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

TINY_BOUND = 1e-6
DROPPED_ROUNDS = 4
ROUNDS = 3  # how often in a row a wrong order must be seen
STEP_CODE = next(
    constant
    for constant in Optimizer.profile_hook_step.__code__.co_consts
    if getattr(constant, "co_name", "") == "wrapper"
)


class Order:
    """Notes calls as they come and tells what was wrong in `ROUNDS` consecutive rounds."""

    def __init__(self, book: Book, tell: Callable[[Seen], None], here: Callable[[], Span | None]) -> None:
        self._book = book
        self._tell = tell
        self._here = here
        self.backwards = 0
        self.scaled = False  # a scaled loss was made and its scaler not updated since
        self.cleared_last: OptimizerRecord | None = None
        self._lonely = 0  # backwards in a row that reached nothing

    def backward_begins(self) -> None:
        """Note for each optimizer whether its gradients were cleared since they were last seen."""
        self.backwards += 1
        for record in self._book.of_thread():
            probe = probe_of(record)
            if probe is None:
                continue
            rounds, state = record.rounds, _state(probe)
            if state is None or rounds.mark != state or record.zeroed_unseen:
                rounds.cleared = True
            elif rounds.piled_rounds and not rounds.reached and not _any(probe.grad):
                rounds.cleared = record.zeroed_unseen = True
            rounds.mark = state

    def backward_ends(self, roots: tuple[Tensor, ...]) -> None:
        """Note which optimizers this backward gave gradients to."""
        reached = False
        for record in self._book.of_thread():
            probe = probe_of(record)
            state = _state(probe) if probe is not None else None
            if state is not None and state != record.rounds.mark:
                reached = True
                record.rounds.reached += 1
                record.rounds.lost = False
                record.rounds.mark = state
                record.rounds.trails.add(trail())
                record.reached_ever += 1
        self._judge_reach(roots, reached)

    def _judge_reach(self, roots: tuple[Tensor, ...], reached: bool) -> None:
        records = [record for record in self._book.records.values() if record.steps and not record.reached_ever]
        deaf = bool(records) and len(records) == len(self._book.records)
        bare = all(root.grad_fn is None and root.is_leaf and not self._book.owning(root) for root in roots)
        if reached or not (bare or (deaf and self._ends_before_parameters(roots))):
            self._lonely = 0
            return
        self._lonely += 1
        if self._lonely >= ROUNDS and deaf:
            place = self._here() or records[-1].place
            if place is not None:
                why = "leaf" if bare else "no path"
                for record in records:
                    record.deaf = True
                if any(tensor.requires_grad for _, tensor in records[-1].tensors):  # else the tensors are to blame
                    self._tell(BackwardReachedNothing(place=place, why=why, **told_of(records[-1])))

    def _ends_before_parameters(self, roots: tuple[Tensor, ...]) -> bool:
        """Whether all that a backward reached are tensors that are no parameters of anything."""
        leaves = reached_leaves(roots)
        return bool(leaves) and not any(isinstance(leaf, Parameter) or self._book.owning(leaf) for leaf in leaves or ())

    def cleared(self, optimizer: Optimizer | None = None) -> None:
        """Gradients were cleared, by `optimizer` or by a module."""
        self.cleared_last = self._book.of(optimizer) if optimizer is not None else None
        for record in self._book.of_thread():
            rounds = record.rounds
            if not rounds.reached or rounds.lost or (optimizer is not None and record.ref() is not optimizer):
                continue
            probe = probe_of(record)
            if probe is not None and _state(probe) != rounds.mark and not _inside_a_step():
                rounds.lost = rounds.cleared = True
                rounds.drops += 1
                rounds.trails.add(trail())
                record.dropped += 1
                rounds.lost_place = rounds.lost_place or self._here()

    def clipped(self, tensor: Tensor, bound: float) -> None:
        """The gradients of the optimizers that own `tensor` were clipped."""
        if not math.isfinite(bound):
            return
        for record in self._book.owning(tensor):
            rounds = record.rounds
            record.tiny_bound = record.tiny_bound or bound < TINY_BOUND
            rounds.clip_place = rounds.clip_place or self._here()
            if not rounds.reached:
                rounds.clips_idle += 1
                continue
            rounds.clips_used += 1
            probe = probe_of(record)
            scaled = self.scaled and not rounds.unscaled and bound < self.unscaled_bound
            if scaled and probe is not None and _state(probe) == rounds.mark:
                rounds.clips_scaled += 1

    unscaled_bound = 16.0  # a larger bound may have been multiplied by the scale

    def unscaled(self, optimizer: Optimizer) -> None:
        """`GradScaler.unscale_` was called: the gradients have their true size now."""
        record = self._book.of(optimizer)
        for one in (record,) if record is not None else self._book.of_thread():
            probe = probe_of(one)
            one.rounds.mark = _state(probe) if probe is not None else None
            one.rounds.unscaled = True

    def stepped(self, record: OptimizerRecord) -> None:
        """A step has ended: count what went wrong since the last one, and tell it when it repeats."""
        rounds, probe = record.rounds, probe_of(record)
        if probe is None:
            return
        if rounds.complete and rounds.reached:
            rounds.piled_rounds = 0 if rounds.cleared else rounds.piled_rounds + 1
            rounds.lost_rounds = rounds.lost_rounds + 1 if rounds.lost and self._was_lost(record, probe) else 0
            idle = rounds.clips_idle and not rounds.clips_used
            rounds.clip_rounds = rounds.clip_rounds + 1 if idle else 0
            rounds.scaled_rounds = rounds.scaled_rounds + 1 if rounds.clips_scaled else 0
            rounds.dropped_rounds = rounds.dropped_rounds + 1 if self._drops_parts(record, probe) else 0
            rounds.dropped_before = rounds.drops
            self._judge(record, probe)
        rounds.mark = _state(probe)
        rounds.begin()

    def _was_lost(self, record: OptimizerRecord, probe: Tensor) -> bool:
        """Whether the step found nothing: no gradient, or zeros; an own optimizer may have kept a copy, and moves."""
        if _any(probe.grad):
            return False
        if probe.grad is not None and type(record.ref()).__module__.startswith("torch.optim"):
            return True  # momentum and weight decay go on by themselves
        before, record.probe_sample = record.probe_sample, take_sample(probe)
        return before is None or record.probe_sample is None or torch.equal(before, record.probe_sample)

    def _drops_parts(self, record: OptimizerRecord, probe: Tensor) -> bool:
        """Whether one line runs backward and another one clears, in turn, as often as in the round before.

        Gradients that were meant for something else come from another line, or are put together by hand.
        """
        rounds = record.rounds
        all_but_one = 0 < rounds.drops == rounds.reached - 1 and _state(probe) == rounds.mark
        alike = len(rounds.trails) == 2 and rounds.dropped_before in (0, rounds.drops)
        return all_but_one and alike and len(self._book.records) == 1 and record.attempts <= record.steps

    def _judge(self, record: OptimizerRecord, probe: Tensor) -> None:
        rounds, place = record.rounds, record.place
        if rounds.piled_rounds >= ROUNDS and _any(probe.grad) and place is not None:
            self._tell(RoundsSeen(place=place, uncleared=rounds.piled_rounds, **told_of(record)))
        if rounds.lost_rounds >= ROUNDS and (where := rounds.lost_place or place) is not None:
            self._tell(RoundsSeen(place=where, lost=rounds.lost_rounds, **told_of(record)))
        if rounds.dropped_rounds >= DROPPED_ROUNDS and (where := rounds.lost_place or place) is not None:
            self._tell(RoundsSeen(place=where, dropped=rounds.drops, **told_of(record)))
        if rounds.clip_rounds >= ROUNDS and (where := rounds.clip_place or place) is not None:
            self._tell(RoundsSeen(place=where, clipped_after=rounds.clip_rounds, **told_of(record)))
        if rounds.scaled_rounds >= ROUNDS - 1 and (where := rounds.clip_place or place) is not None:
            self._tell(RoundsSeen(place=where, clipped_scaled=rounds.scaled_rounds, **told_of(record)))


def probe_of(record: OptimizerRecord) -> Tensor | None:
    """The one parameter whose gradient stands for all of its optimizer's."""
    return record.probe()


def steps_are_hooked(kind: type[Optimizer]) -> bool:
    """Whether torch tells of the steps of this class; older versions of dynamo take its hooks away."""
    steps = (vars(base).get("step") for base in kind.__mro__)
    return any(getattr(step, "__code__", None) is STEP_CODE for step in steps)


def told_of(record: OptimizerRecord) -> dict[str, Any]:
    """What an observation says of an optimizer."""
    return {"optimizer": record.index, "name": record.label, "step": record.steps}


def _state(tensor: Tensor) -> tuple[int, int] | None:
    gradient = tensor.grad
    return None if gradient is None else (id(gradient), gradient._version)


def _any(gradient: Tensor | None) -> bool:
    """Whether a gradient is there and not zero; reads values, so only for what looks wrong already."""
    return gradient is not None and (gradient.is_sparse or bool(gradient.any()))


def _inside_a_step() -> bool:
    """Whether some optimizer's `step` is running: it may clear what it has used."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code is STEP_CODE:
            return True
        frame = frame.f_back
    return False
