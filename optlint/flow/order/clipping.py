"""Clipping that comes when gradients were used or cleared, or while they are multiplied by a scale."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, CLEAR, CLIP, HIDDEN, LOOK, START, STEP, TOUCH, UNSCALE, Act
from optlint.flow.core.joining import shared_start
from optlint.flow.order import bounds, subjects, trace
from optlint.flow.order.trace import of_kinds
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.values import Path


def found(machine: Machine, acts: list[Act]) -> Iterator[object]:
    """What each clipping comes too late or too early for."""
    for clip in of_kinds(acts, CLIP):
        if clip.subject is not None and not clip.doubtful:
            judge = _Judge(machine, clip, clip.subject, _only_optimizer(clip, acts))
            yield from judge.useless()
            yield from judge.scaled()


def _only_optimizer(clip: Act, acts: list[Act]) -> str | None:
    """How the only optimizer is written that steps around a clipping."""
    around = set(clip.loops[:1])
    beside = [act for act in of_kinds(acts, STEP) if not around or not around.isdisjoint(act.loops)]
    names = {act.subject.text for act in beside if act.subject is not None}
    return names.pop() if len(names) == 1 else None


class _Judge:
    """Judges one clipping; `alone` is how the optimizer is written if there is but one."""

    def __init__(self, machine: Machine, clip: Act, tensors: Subject, alone: str | None) -> None:
        self.machine, self.clip, self.tensors, self.alone = machine, clip, tensors, alone

    def _owns(self, owner: Subject | None) -> bool | None:
        """Whether a subject has all of the tensors that are clipped."""
        if owner is None:
            return None
        known = subjects.has(owner, self.tensors)
        return True if known is None and owner.text == self.alone else known

    def _is_hidden(self, act: Act) -> bool:
        return act.kind == HIDDEN and (act.subject is None or subjects.is_within_reach(act.subject, self.tensors))

    def useless(self) -> Iterator[events.ClipUseless]:
        """Nothing uses what is clipped."""
        last = trace.last_before(self.clip, self._matters)
        if last.open or any(act.kind not in (STEP, CLEAR) or not self._owns(act.subject) for act in last.acts):
            return
        cleared = all(act.kind == CLEAR for act in last.acts)
        if any(self._is_clipped_in_time(act) for act in of_kinds(last.acts, STEP)) or _happens_once(self.clip):
            return
        if not self._comes_to_nothing(cleared) and (cleared or not all(map(_has_own_backward, last.acts))):
            return
        earlier, here = last.acts[0].site, trace.place_of(self.clip, last.acts[0])
        if here is not None and earlier is not None:
            yield events.ClipUseless(here, earlier, cleared)

    def _is_clipped_in_time(self, step: Act) -> bool:
        """Whether another call clips before the step, so that this one may be there for the norm."""
        last = trace.last_before(step, lambda act: act.kind == BACKWARD or self._clips_them(act))
        return any(act.kind == CLIP for act in last.acts)

    def _clips_them(self, act: Act) -> bool:
        """Whether a clipping may be of these tensors, or of others that they are among."""
        return act.kind == CLIP and (act.subject is None or subjects.has(act.subject, self.tensors) is not False)

    def _matters(self, act: Act) -> bool:
        if act.kind in (STEP, CLEAR):
            return self._owns(act.subject) is not False
        return act.kind in (BACKWARD, TOUCH) or self._is_hidden(act)

    def _comes_to_nothing(self, cleared: bool) -> bool:
        """Whether no step uses what was clipped here: it is nothing, or it is cleared before."""
        later = trace.first_after(self.clip, lambda act: act.kind == LOOK or self._matters(act))
        if cleared:
            return any(act.kind == BACKWARD for act in later.acts)
        if any(act.kind != CLEAR or not self._owns(act.subject) for act in later.acts):
            return False
        return bool(later.acts) or self._begins_with_clearing()

    def _begins_with_clearing(self) -> bool:
        """Whether the function that does all this clears first, so that the next call of it does."""
        beginnings = [act for act in _all_before(self.clip) if act.kind == START]
        found = [trace.first_after(begin, self._matters) for begin in beginnings]
        return bool(found) and all(act.kind == CLEAR and self._owns(act.subject) for each in found for act in each.acts)

    def scaled(self) -> Iterator[events.ClipOfScaled]:
        """The gradients still carry the scale."""
        last = trace.last_before(self.clip, self._may_scale)
        scaled = [act for act in last.acts if act.kind == BACKWARD and act.scaler is not None]
        if last.open or len({act.scaler.key for act in scaled if act.scaler}) != 1:
            return
        if self._is_undone(scaled, last.acts) or not self._comes_after_all(scaled, last.acts):
            return
        backward = scaled[0]
        if bounds.is_refused(self.machine, self.clip, backward):
            return
        steps = [act for act in trace.reached_from(self.clip, self._is_next_backward) if self._divides(act, backward)]
        here = trace.place_of(self.clip, steps[0]) if steps else None
        if steps and here and backward.site and steps[0].site and backward.scaler:
            yield events.ClipOfScaled(here, backward.scaler.text, backward.site, steps[0].site)

    def _is_undone(self, scaled: list[Act], last: tuple[Act, ...]) -> bool:
        """Whether what is no backward comes after one, and not only where another computes the gradients."""
        later = {act for each in scaled for act in trace.reached_from(each, lambda act: act is self.clip)}
        return any(act.kind != BACKWARD and act in later for act in last)

    def _comes_after_all(self, scaled: list[Act], last: tuple[Act, ...]) -> bool:
        """Whether this comes wherever the loss is scaled, and not perhaps only where it is not."""
        return len(scaled) == len(last) or all(self._is_done_anyway(act.path) for act in scaled)

    def _is_done_anyway(self, other: Path) -> bool:
        """Whether the clipping comes on a path too, but for tests that come true every nth time, or want its bound."""
        alone = self.clip.path[len(shared_start(self.clip.path, other)) :]
        return all(
            (isinstance(branch, tuple) and isinstance(branch[0], ir.If))
            or bounds.is_asked(self.machine, self.clip, branch)
            for branch in alone
        )

    def _may_scale(self, act: Act) -> bool:
        if act.kind in (STEP, CLEAR, UNSCALE):
            return self._owns(act.subject) is not False
        return act.kind in (BACKWARD, LOOK, TOUCH) or self._is_hidden(act)

    @staticmethod
    def _is_next_backward(act: Act) -> bool:
        return act.kind == BACKWARD

    def _divides(self, act: Act, backward: Act) -> bool:
        """Whether this is the step of the scaler."""
        if act.kind != STEP or act.scaler is None or backward.scaler is None:
            return False
        return subjects.is_same(act.scaler, backward.scaler) and self._owns(act.subject) is not False


def _happens_once(clip: Act) -> bool:
    """Whether this is a line of a script outside of all loops."""
    return not clip.loops and clip.trail[-1:] != () and clip.trail[-1][0] == 0


def _has_own_backward(step: Act) -> bool:
    """Whether the function that steps computes the gradients itself, so that clipping could have come in between."""
    last = trace.last_before(step, lambda act: act.kind in (BACKWARD, STEP, CLEAR))
    return not last.open and all(act.kind == BACKWARD for act in last.acts)


def _all_before(act: Act) -> set[Act]:
    seen: set[Act] = set()
    pending = [act]
    while pending:
        here = pending.pop()
        if here not in seen:
            seen.add(here)
            pending += here.before
    return seen
