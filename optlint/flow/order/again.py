"""Steps that use gradients a second time: nothing clears them between the optimizer's step before and this one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, HIDDEN, STEP, TOUCH, Act
from optlint.flow.order import closures, subjects, trace
from optlint.flow.order.trace import of_kinds

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine


def found(machine: Machine, acts: list[Act]) -> Iterator[events.StepRepeated]:
    """Tell of steps in a loop that clears between others, and not before these."""
    for step in of_kinds(acts, STEP):
        subject = step.subject
        if subject is None or not step.loops or not subject.trusted or subject.kind != "optimizer":
            continue
        inside = [act for act in acts if step.loops[-1] in act.loops]
        if closures.is_told_of(machine, step) or any(_is_doubtful(act, subject) for act in inside):
            continue
        clears = [act for act in of_kinds(inside, CLEAR) if act.subject and subjects.has(act.subject, subject)]
        before = _step_before(step, subject)
        if clears and before is not None and before.site is not None and step.site is not None:
            yield events.StepRepeated(step.site, subject.text, before.site)


def _is_doubtful(act: Act, subject: Subject) -> bool:
    """Whether code that can't be seen may do anything to these gradients, or each round has an optimizer of its own."""
    if act.kind == HIDDEN:
        return act.subject is None or subjects.is_within_reach(act.subject, subject)
    return act.kind in (TOUCH, BUILT) or act.deferred


def _step_before(step: Act, subject: Subject) -> Act | None:
    """Another step of the optimizer that always comes before this one, with a backward and no clearing in between."""
    last = trace.last_before(step, partial(_steps_or_clears, subject))
    between = trace.last_before(step, lambda act: act.kind == BACKWARD or _steps(act, subject))
    steps = [act for act in last.acts if _steps(act, subject) and act.site != step.site]
    if last.open or between.open or len(steps) != len(last.acts) or len({act.site for act in steps}) != 1:
        return None
    return steps[0] if all(act.kind == BACKWARD for act in between.acts) else None


def _steps_or_clears(subject: Subject, act: Act) -> bool:
    if act.kind == CLEAR:
        return act.subject is None or subjects.has(act.subject, subject) is not False
    return _steps(act, subject)


def _steps(act: Act, subject: Subject) -> bool:
    return act.kind == STEP and act.subject is not None and not act.subject.refs.isdisjoint(subject.refs)
