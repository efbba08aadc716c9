"""Gradients that are cleared after backward and before the step that was to use them, all or some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, CLEAR, HIDDEN, LOOK, STEP, TOUCH, Act
from optlint.flow.order import closures, rarely, subjects, trace
from optlint.flow.order.trace import of_kinds
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.values import Ref


def found(machine: Machine, acts: list[Act]) -> Iterator[events.GradientsLost]:
    """Each clearing that leaves a step nothing."""
    for step in of_kinds(acts, STEP):
        subject = step.subject
        if subject is None or subject.key is None or subject.blind:
            continue
        if (subject.kind != "optimizer" and not subject.trusted) or closures.is_told_of(machine, step):
            continue
        yield from _all_lost(step, subject)
        yield from _some_lost(machine, step, subject, acts)
        yield from _rounds_lost(step, subject, acts)
        yield from _first_lost(step, subject, acts)


def _all_lost(step: Act, subject: Subject) -> Iterator[events.GradientsLost]:
    """On all paths to the step the last that was done to the gradients is clearing them, after backward."""
    last = trace.last_before(step, lambda act: _matters(act, subject))
    if last.open or any(not _clears(act, subject) for act in last.acts):
        return
    lost = []
    for clear in last.acts:
        earlier = trace.last_before(clear, lambda act: not _clears(act, subject) and _matters(act, subject))
        if earlier.open or any(act.kind != BACKWARD for act in earlier.acts):
            return
        lost.append((_first_of(clear, subject), earlier.acts[0]))
    for clear, backward in lost:
        if clear.site is not None and backward.site is not None and step.site is not None:
            site = trace.place_of(clear, step) or clear.site
            yield events.GradientsLost(site, subject.text, backward.site, step.site, accumulated=False)


def _clears(act: Act, subject: Subject) -> bool:
    if act.kind != CLEAR or act.subject is None:
        return False
    known = subjects.has(act.subject, subject)
    return known is True or (known is None and _clears_the_rest(act, subject))


def _first_of(clear: Act, subject: Subject) -> Act:
    """Where clearing all parts of an optimizer begins."""
    while clear.subject and not subjects.has(clear.subject, subject) and clear.before[0].kind == CLEAR:
        clear = clear.before[0]
    return clear


def _clears_the_rest(act: Act, subject: Subject) -> bool:
    """Whether an act and the clearings right before it have all parts of an optimizer together."""
    cleared: frozenset[Ref] = frozenset()
    while act.kind == CLEAR and act.subject is not None and act.subject.whole and act.subject.parts:
        cleared |= act.subject.inside
        if subject.parts and subject.parts <= cleared:
            return True
        if len(act.before) != 1:
            return False
        act = act.before[0]
    return False


def _matters(act: Act, subject: Subject) -> bool:
    """Whether an act may give gradients, use them or take them away."""
    if act.kind in (BACKWARD, LOOK, TOUCH) or _clears(act, subject):
        return True
    if act.kind == STEP:
        return act.subject is None or subjects.may_be_same(act.subject, subject)
    return act.kind == HIDDEN and (act.subject is None or subjects.is_within_reach(act.subject, subject))


def _some_lost(machine: Machine, step: Act, subject: Subject, acts: list[Act]) -> Iterator[events.GradientsLost]:
    """Each round clears and adds a share of a loss, and only each n-th round steps."""
    if not step.loops:
        return
    head = step.loops[-1]
    inside = [act for act in acts if act.loops and act.loops[-1] is head]
    if any(_matters(act, subject) and act.kind in (LOOK, TOUCH, HIDDEN) for act in inside):
        return
    clears = [act for act in acts if head in act.loops and _clears(act, subject)]
    last = trace.last_before(step, lambda act: act is head or act.kind == BACKWARD)
    gains = [act for act in last.acts if act in inside]
    if len({act.site for act in clears}) != 1 or len({act.site for act in gains}) != 1:
        return
    clear, backward = clears[0], gains[0]
    if not _waits(machine, step, backward) and not _all_wait(machine, step, [act for act in acts if head in act.loops]):
        return
    before = trace.last_before(backward, lambda act: _clears(act, subject) or act.kind in (STEP, BACKWARD))
    if before.open or any(not _clears(act, subject) for act in before.acts):
        return
    if clear in trace.reached_from(backward, lambda act: act is step) and clear.site and backward.site and step.site:
        yield events.GradientsLost(clear.site, subject.text, backward.site, step.site, accumulated=True)


def _waits(machine: Machine, step: Act, backward: Act) -> bool:
    """Whether a step waits for as many rounds as the loss is divided by."""
    divisor = rarely.every(machine, step)
    names = rarely.awaited(machine, step, backward) if divisor is None else {divisor}
    return any(_is_shared_out(machine, name) for name in names if divisor or not name[:1].isdigit())


def _all_wait(machine: Machine, step: Act, inside: list[Act]) -> bool:
    """Whether nothing at all steps in the rounds in which this does not, so that they compute gradients for nothing."""
    divisor = rarely.every(machine, step)
    steps = of_kinds(inside, STEP)
    alone = all(act.subject is not None and rarely.every(machine, act) == divisor for act in steps)
    return divisor is not None and alone and not any(_may_step(act) for act in of_kinds(inside, HIDDEN))


def _may_step(act: Act) -> bool:
    """Whether code that can't be seen may have an optimizer."""
    return act.subject is None or act.subject.kind in ("optimizer", "unknown")


def _is_shared_out(machine: Machine, divisor: str) -> bool:
    """Whether the file divides something by this, as the loss is where its gradients are to be added up."""
    for part in ir.walk_all(machine.block, machine.bodies):
        if isinstance(part, ir.Binary) and part.op == "/" and rarely.words(part.right) == divisor:
            return True
        if isinstance(part, ir.AugmentedAssign) and part.op.startswith("/") and rarely.words(part.value) == divisor:
            return True
    return False


def _rounds_lost(step: Act, subject: Subject, acts: list[Act]) -> Iterator[events.GradientsLost]:
    """Each round of an inner loop clears and computes gradients, and the step comes after all of them."""
    last = trace.last_before(step, lambda act: _matters(act, subject))
    inner = len(step.loops) + 1
    if last.open or any(act.kind != BACKWARD or len(act.loops) != inner or act.deferred for act in last.acts):
        return
    for backward in last.acts:
        head = backward.loops[-1]
        inside = [act for act in acts if head in act.loops and (act.kind == STEP or _matters(act, subject))]
        if not _goes_on(head.node) or any(act.kind != BACKWARD and not _clears(act, subject) for act in inside):
            continue
        earlier = trace.last_before(backward, lambda act: _matters(act, subject))
        clear = earlier.acts[0] if earlier.acts and not earlier.open else None
        if clear is None or any(act not in inside or act.kind != CLEAR for act in earlier.acts):
            continue
        if clear.site and backward.site and step.site and clear.subject and clear.subject.kind == "optimizer":
            yield events.GradientsLost(clear.site, subject.text, backward.site, step.site, accumulated=True)


def _first_lost(step: Act, subject: Subject, acts: list[Act]) -> Iterator[events.GradientsLost]:
    """One loss after another in a round, for the only optimizer there is, which is cleared between them."""
    if any(not _is_of(act, subject) for act in of_kinds(acts, STEP, CLEAR)):
        return
    for second in _backwards_before(step, step.loops, subject):
        earlier = trace.last_before(second, lambda act: act in step.loops or _matters(act, subject))
        for clear in () if earlier.open else earlier.acts:
            found = _backwards_before(clear, step.loops, subject) if _clears(clear, subject) else ()
            for first in found:
                if first.site != second.site and clear.site and first.site and step.site:
                    site = trace.place_of(clear, step) or clear.site
                    yield events.GradientsLost(site, subject.text, first.site, step.site, accumulated=True)


def _is_of(act: Act, subject: Subject) -> bool:
    """Whether an optimizer steps or is cleared, and no other."""
    if act.kind == CLEAR:
        return _clears(act, subject)
    return act.subject is not None and subjects.is_same(act.subject, subject)


def _backwards_before(act: Act, loops: tuple[Act, ...], subject: Subject) -> tuple[Act, ...]:
    """What computed the gradients in the same round, if nothing else on any path did anything to gradients since."""
    last = trace.last_before(act, lambda one: one in loops or _is_visible(one) or _matters(one, subject))
    sure = not last.open and all(one.kind == BACKWARD and one.loops == loops for one in last.acts)
    return last.acts if sure and not any(one.deferred for one in last.acts) else ()


def _is_visible(act: Act) -> bool:
    """Whether an act is on gradients, and not only one of those that none of these concern."""
    return act.kind in (STEP, HIDDEN)


def _goes_on(loop: ir.Node | None) -> bool:
    """Whether a loop goes through all that there is, whatever comes of it."""
    leaves = ir.Break | ir.Return | ir.Continue | ir.Try
    return isinstance(loop, ir.For) and not any(isinstance(part, leaves) for part in ir.walk(loop))
