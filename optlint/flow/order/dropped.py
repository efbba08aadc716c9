"""Gradients that are cleared after backward and before the step that was to use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.order import subjects, trace
from optlint.flow.order.trace import BACKWARD, CLEAR, HIDDEN, LOOK, STEP, TOUCH, Act, of_kinds
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.order.subjects import Subject


def found(acts: list[Act]) -> Iterator[events.GradientsLost]:
    """Each clearing that leaves a step nothing."""
    for step in of_kinds(acts, STEP):
        subject = step.subject
        if subject is None or subject.key is None or subject.blind:
            continue
        if subject.kind != "optimizer" and not subject.trusted:
            continue
        yield from _all_lost(step, subject)
        yield from _some_lost(step, subject, acts)


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
        lost.append((clear, earlier.acts[0]))
    for clear, backward in lost:
        if clear.site is not None and backward.site is not None and step.site is not None:
            site = trace.place_of(clear, step) or clear.site
            yield events.GradientsLost(site, subject.text, backward.site, step.site, accumulated=False)


def _clears(act: Act, subject: Subject) -> bool:
    return act.kind == CLEAR and act.subject is not None and subjects.has(act.subject, subject) is True


def _matters(act: Act, subject: Subject) -> bool:
    """Whether an act may give gradients, use them or take them away."""
    if act.kind in (BACKWARD, LOOK, TOUCH) or _clears(act, subject):
        return True
    if act.kind == STEP:
        return act.subject is None or subjects.may_be_same(act.subject, subject)
    return act.kind == HIDDEN and (act.subject is None or subjects.is_within_reach(act.subject, subject))


def _some_lost(step: Act, subject: Subject, acts: list[Act]) -> Iterator[events.GradientsLost]:
    """Each round clears and adds a share of a loss, and only each n-th round steps."""
    divisor = every(step)
    if divisor is None or not step.loops or not _is_shared_out(step.loops[-1].node, divisor):
        return
    head = step.loops[-1]
    inside = [act for act in acts if act.loops and act.loops[-1] is head]
    if any(_matters(act, subject) and act.kind in (LOOK, TOUCH, HIDDEN) for act in inside):
        return
    clears = [act for act in inside if _clears(act, subject)]
    gains = [act for act in inside if act.kind == BACKWARD]
    if len(clears) != 1 or len(gains) != 1 or any(every(act) is not None for act in (*clears, *gains)):
        return
    clear, backward = clears[0], gains[0]
    if clear in trace.reached_from(backward, lambda act: act is step) and clear.site and backward.site and step.site:
        yield events.GradientsLost(clear.site, subject.text, backward.site, step.site, accumulated=True)


def every(act: Act) -> str | None:
    """The divisor in the condition under which an act runs in some rounds only: `(i + 1) % every == 0`."""
    for key, *taken in reversed([part for part in act.path if isinstance(part, tuple)]):
        if isinstance(key, ir.For | ir.While):
            return None  # what is around the loop does not matter
        if isinstance(key, ir.If) and taken == [True]:
            test = key.test.left if isinstance(key.test, ir.Comparison) else key.test
            test = test.operand if isinstance(test, ir.Unary) else test
            return _words(test.right) if isinstance(test, ir.Binary) and test.op == "%" else None
    return None


def _words(node: ir.Node) -> str | None:
    """A dotted name, or a number, as text."""
    if isinstance(node, ir.Attribute):
        inner = _words(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    if isinstance(node, ir.Literal):
        return repr(node.value)
    return node.id if isinstance(node, ir.Name) else None


def _is_shared_out(node: ir.Node | None, divisor: str) -> bool:
    """Whether something in a loop is divided by this, as the loss is where its gradients are to be added up."""
    for part in ir.walk(node) if node is not None else ():
        if isinstance(part, ir.Binary) and part.op == "/" and _words(part.right) == divisor:
            return True
        if isinstance(part, ir.AugmentedAssign) and part.op.startswith("/") and _words(part.value) == divisor:
            return True
    return False
