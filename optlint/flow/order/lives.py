"""What a function does, each time that it is called, to an optimizer that outlives the call.

Nobody keeps an optimizer to step it once, so a function that does is called again and again, as if there were a loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, GIVEN, HIDDEN, LOOK, STEP, TOUCH, Act
from optlint.flow.core.records import Kin
from optlint.flow.core.values import ClassValue
from optlint.flow.order import rebuilt, subjects, trace
from optlint.flow.order.trace import of_kinds
from optlint.flow.python import classes
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine

CLEARS = r"\bzero_grad\b|(?<!autograd)\.grad\b"  # what other files may do between two calls
STEPS = r"(?s)\A(?=.*\b%s\b).*(?<!sched)(?<!scheduler)\.step\b"


def uncleared(machine: Machine, acts: list[Act]) -> Iterator[events.StepUncleared]:
    """Steps of functions before and after which nothing in the file clears."""
    for step in of_kinds(acts, STEP):
        subject = step.subject
        if subject is None or subject.kind != "optimizer" or not subject.trusted or not _outlives(step, subject, acts):
            continue
        if any(_may_clear(act, subject) and not _comes_before(act, subject, acts) for act in acts):
            continue
        if any(_unseen(machine, "zero_grad", acts)):
            continue
        if _says_elsewhere(machine, CLEARS, step):
            continue
        earlier = [act for act in of_kinds(acts, BACKWARD) if _root(act) == _root(step)]
        if any(step in trace.reached_from(backward) for backward in earlier) and step.site is not None:
            yield events.StepUncleared(step.site, subject.text, None, cleared_inside=False, looped=False)


def unstepped(machine: Machine, clear: Act, subject: Subject, acts: list[Act]) -> Iterator[events.StepMissing]:
    """Gradients of an optimizer that a function clears and computes, and that nothing in the file uses."""
    if not _outlives(clear, subject, acts) or subject.name in _unseen(machine, "step", acts):
        return
    if any(may_use(act, subject, clear) and not _comes_before(act, subject, acts) for act in acts):
        return
    if _says_elsewhere(machine, STEPS % re.escape(subject.name), clear):
        return
    for backward in trace.first_after(clear, lambda act: act.kind in (BACKWARD, CLEAR)).acts:
        if backward.kind == BACKWARD and backward.site is not None and clear.site is not None:
            yield events.StepMissing(backward.site, subject.text, clear.site)


def _says_elsewhere(machine: Machine, pattern: str, act: Act) -> bool:
    """Whether other files may do something to an optimizer; one that was handed in may be anybody's."""
    kin = _kin(machine, act)
    if act.subject is None or act.subject.kind != "optimizer" or not kin.heirs:
        return machine.says_elsewhere(pattern)
    return machine.kin_say(pattern, kin)


def _unseen(machine: Machine, method: str, acts: list[Act]) -> Iterator[str]:
    """The names of what the file calls a method of where that was not run, or on something that is not known."""
    seen = {act.node for act in acts}
    for part in ir.walk_all(machine.block, machine.bodies):
        func = part.func if isinstance(part, ir.Call) and part not in seen else None
        if isinstance(func, ir.Attribute) and func.attr == method:
            yield subjects.name_of(func.value)


def _outlives(act: Act, subject: Subject, acts: list[Act]) -> bool:
    """Whether an act outside of all loops is on an optimizer that was there before the function was called."""
    if act.loops or act.deferred or not _root(act) or not act.functions or subject.foreign:
        return False
    root = act.functions[-1]
    if getattr(root, "name", "").startswith("test"):
        return False
    if subject.kind == "optimizer":
        built = [one for one in of_kinds(acts, BUILT) if one.subject and not one.subject.refs.isdisjoint(subject.refs)]
        return bool(built) and all(_root(one) != _root(act) for one in built)
    kept = subject.trusted and subject.key is not None and bool(subject.holders)
    return kept and subject.name not in rebuilt.bound_within(root)


def _comes_before(act: Act, subject: Subject, acts: list[Act]) -> bool:
    """Whether this is done once, before an optimizer is built that outlives the call."""
    built = [one for one in of_kinds(acts, BUILT) if one.subject and not one.subject.refs.isdisjoint(subject.refs)]
    return act.kind == HIDDEN and any(one in trace.reached_from(act) for one in built)


def _kin(machine: Machine, act: Act) -> Kin:
    """The classes of the file whose objects have the function, run by itself, in which an act takes place."""
    owners = [cls for cls in machine.classes if act.functions[-1] in cls.node.body]
    heirs = [cls for cls in machine.classes if not set(classes.ancestry(cls)).isdisjoint(owners)]
    above = [base for cls in owners for base in classes.ancestry(cls) if isinstance(base, ClassValue)]
    return Kin(frozenset(cls.node.name for cls in heirs), frozenset(base.node.name for base in above))


def _root(act: Act) -> int:
    """The scope of the function, run by itself, in which an act takes place."""
    return act.trail[-1][0] if act.trail else 0


def _may_clear(act: Act, subject: Subject) -> bool:
    if act.kind == CLEAR:
        return act.subject is None or subjects.has(act.subject, subject) is not False
    return _interferes(act, subject)


def may_use(act: Act, subject: Subject, clear: Act) -> bool:
    """Whether gradients that come after a clearing are used, or may be: by a step, by hand, by unseen code."""
    if act.kind == STEP:
        return act.subject is None or (
            subjects.may_be_same(act.subject, subject) and not _begins_afresh(act, act.subject, subject, clear)
        )
    return act.kind in (LOOK, GIVEN) or _interferes(act, subject)


def _begins_afresh(step: Act, other: Subject, subject: Subject, clear: Act) -> bool:
    """Whether an optimizer clears before it steps, so that it has lost what came before, even if it is this one."""
    if subjects.is_same(other, subject):
        return False
    ours = trace.first_after(clear, lambda act: act.kind == BACKWARD).acts
    last = trace.last_before(step, lambda act: act in ours or _clears_just(act, other))
    return not last.open and all(act not in ours for act in last.acts)


def _clears_just(act: Act, subject: Subject) -> bool:
    return act.kind == CLEAR and act.subject is not None and subjects.is_same(act.subject, subject)


def _interferes(act: Act, subject: Subject) -> bool:
    if act.kind == HIDDEN:
        return act.subject is None or subjects.is_within_reach(act.subject, subject)
    return act.kind == TOUCH
