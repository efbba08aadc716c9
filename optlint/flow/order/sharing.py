"""Two optimizers that step the same parameters on the gradients of one backward."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, HIDDEN, STEP, TOUCH, Act
from optlint.flow.order import subjects, trace
from optlint.flow.order.trace import of_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.acts import Subject
    from optlint.flow.events import Site


def found(acts: list[Act]) -> Iterator[events.SteppedByTwo]:
    """Each optimizer that is built after another and steps right before or after it, in a round of one backward."""
    order = {act.subject.refs: place for place, act in enumerate(acts) if act.kind == BUILT and act.subject}
    told: set[Site] = set()
    for step in of_kinds(acts, STEP):
        pair = [one.subject for one in (step, _other(step, acts)) if one is not None and one.subject is not None]
        if len(pair) == 2 and all(subject.refs in order for subject in pair):
            first, second = sorted(pair, key=lambda subject: order[subject.refs])
            here, there = acts[order[second.refs]].site, acts[order[first.refs]].site
            if here is not None and there is not None and here not in (there, *told):
                told.add(here)
                yield events.SteppedByTwo(here, _class_of(second), there, _class_of(first))


def _class_of(subject: Subject) -> str:
    return subject.cls.rpartition(".")[2]


def _other(step: Act, acts: list[Act]) -> Act | None:
    """The step of another optimizer of the same parameters that comes right before, on the same gradients."""
    last = trace.last_before(step, lambda act: _matters(act, step))
    fits = not last.open and all(_shares(act, step) and _follows_backward(act, acts) for act in last.acts)
    return last.acts[0] if fits and last.acts else None


def _matters(act: Act, step: Act) -> bool:
    """Whether an act begins a round, or does something to gradients of what steps, or may."""
    if act.subject is not None and step.subject is not None:
        if act.kind == HIDDEN:
            return subjects.is_within_reach(act.subject, step.subject)
        if act.kind in (STEP, CLEAR):
            return _may_share(act.subject, step.subject)
    return act.kind in (HIDDEN, STEP, CLEAR, BACKWARD, TOUCH) or act in step.loops


def _shares(other: Act, step: Act) -> bool:
    """Whether another optimizer stepped, in the same round, all that this one has, or the other way round."""
    theirs, mine = other.subject, step.subject
    if other.kind != STEP or other.loops != step.loops or not _is_known(theirs) or not _is_known(mine):
        return False
    return theirs.refs.isdisjoint(mine.refs) and bool(subjects.has(theirs, mine) or subjects.has(mine, theirs))


def _may_share(one: Subject, other: Subject) -> bool:
    return subjects.has(one, other) is not False or subjects.has(other, one) is not False


def _is_known(subject: Subject | None) -> TypeGuard[Subject]:
    """Whether this is one optimizer of which all parameters are known."""
    return subject is not None and len(subject.refs) == 1 and subject.trusted and subject.whole and bool(subject.parts)


def _follows_backward(step: Act, acts: list[Act]) -> bool:
    """Whether the only backward of the round gave a step its gradients."""
    last = trace.last_before(step, lambda act: _matters(act, step))
    around = [act for act in of_kinds(acts, BACKWARD) if _round_of(act) == _round_of(step)]
    return not last.open and len(around) == 1 and last.acts == (around[0],)


def _round_of(act: Act) -> tuple[object, ...]:
    """The loops around an act, and the scope of the function, run by itself, in which it takes place."""
    return act.loops, *(scope for scope, _ in act.trail[-1:])
