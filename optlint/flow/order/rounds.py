"""Judges what a program does with gradients in each round of its loops, when all of it has been run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, HIDDEN, STEP, TOUCH, UPDATE, Act
from optlint.flow.order import (
    again,
    clipping,
    closures,
    dropped,
    lives,
    rarely,
    rebuilt,
    sharing,
    subjects,
    trace,
    unreached,
)
from optlint.flow.order.trace import of_kinds
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine

# What runs code of the program's own at each backward or step.
HOOKS = frozenset(
    "register_post_accumulate_grad_hook register_step_post_hook register_step_pre_hook "
    "register_optimizer_step_post_hook register_optimizer_step_pre_hook".split()
)

# What may use gradients as they are computed.
BACKWARD_HOOKS = frozenset(
    "register_hook register_backward_hook register_full_backward_hook register_full_backward_pre_hook".split()
)
# Names of programs that compute gradients to measure something, and not to train; those of functions tell more.
MEASURES = re.compile(
    r"bench|timeit|importance|salien|fisher|influence|sensitiv|attribut|prun|hessian|curvature|find_batch|lr_?find"
)
MEASURING = re.compile(
    r"profil|memory_(allocated|reserved|stats)|warm_?up|sanity|dry_?run|probe|overhead|throughput|speed|time_"
)


def judge(machine: Machine) -> None:
    """Tell what is out of order."""
    acts = machine.trace.acts
    if machine.cut_short or not of_kinds(acts, BACKWARD):
        return
    words = frozenset().union(*map(machine.mentions, machine.block))
    if not HOOKS.isdisjoint(words):
        return
    watched = not BACKWARD_HOOKS.isdisjoint(words)
    machine.when_over(partial(unreached.judge, machine, acts))
    for event in _found(machine, acts):
        if not (watched and isinstance(event, events.StepMissing | events.GradientsLost)):
            machine.emit(event)


def _found(machine: Machine, acts: list[Act]) -> Iterator[object]:
    yield from clipping.found(machine, acts)
    yield from dropped.found(machine, acts)
    yield from rebuilt.found(machine, acts)
    yield from sharing.found(acts)
    yield from lives.uncleared(machine, acts)
    yield from again.found(machine, acts)
    uncleared = set()
    for step in of_kinds(acts, STEP):
        if not step.loops:
            yield from _never_updated(step, acts)
        elif step.subject is not None and not closures.is_told_of(machine, step):
            head = _loop_of(step, step.subject)
            for event in _uncleared(machine, step, step.subject, head, acts) if head else ():
                uncleared.add(head)
                yield event
            yield from _not_updated(step, step.subject, acts)
    for clear in of_kinds(acts, CLEAR):
        if clear.subject is None or _measures(machine, clear):
            continue
        about = _trained_by(machine, clear.subject, acts)
        head = _loop_of(clear, about) if about is not None else None
        if about is not None and not clear.loops:
            yield from lives.unstepped(machine, clear, about, acts)
        elif about is not None and head is not None and head not in uncleared:
            inside = in_loop(acts, head)
            if not any(act.site and (act.site.origin, rebuilt.REBUILT) in machine.flagged for act in inside):
                yield from _unstepped(clear, about, head, inside)


def _trained_by(machine: Machine, cleared: Subject, acts: list[Act]) -> Subject | None:
    """The optimizer that was cleared; or whose model was, if all that were built for it were built in one place."""
    if cleared.cls == torch_api.OPTIMIZER_BASE:
        return None  # it can clear gradients, and not step
    if cleared.kind == "optimizer" or cleared.trusted:
        return cleared
    built = [act for act in of_kinds(acts, BUILT) if act.subject and subjects.has(cleared, act.subject)]
    if cleared.kind != "module" or len({act.site for act in built}) != 1 or built[0].subject is None:
        return None
    anyone = frozenset().union(*(act.subject.refs for act in built if act.subject))
    return built[0].subject._replace(text=_name_of(machine, built[0]), refs=anyone)


def _name_of(machine: Machine, built: Act) -> str:
    """What an optimizer is assigned to, else its class."""
    assigned = (part for part in ir.walk_all(machine.block, machine.bodies) if isinstance(part, ir.Assign))
    targets = (part.targets[0] for part in assigned if part.value is built.node)
    name = next((machine.site(target).text for target in targets), None)
    return name or (built.subject.cls.rpartition(".")[2] if built.subject else "")


def _measures(machine: Machine, clear: Act) -> bool:
    """Whether the names around a loop tell that it measures something."""
    names = {getattr(function, "name", "").lower() for function in clear.functions}
    inner = (clear.loops[0].node if clear.loops else None, *clear.functions[:1])
    words = names.union(*(machine.mentions(node) for node in inner if node is not None))
    return any(map(MEASURING.search, names)) or any(MEASURES.search(word.lower()) for word in words)


def _loop_of(act: Act, subject: Subject) -> Act | None:
    """The innermost loop around an act that does not go through several optimizers, another one in each round."""
    return next((head for head in reversed(act.loops) if not _has_one_each(head, subject)), None)


def _has_one_each(head: Act, subject: Subject) -> bool:
    if len(subject.refs) < 2 or not isinstance(head.node, ir.For):
        return False
    return subject.name in rebuilt.names_in(head.node.target)


def in_loop(acts: list[Act], head: Act) -> list[Act]:
    """All acts in the rounds of a loop."""
    return [act for act in acts if head in act.loops]


def interferes(act: Act, subject: Subject) -> bool:
    """Whether code that can't be seen may do anything to these gradients, or they are written by hand."""
    if act.kind == HIDDEN:
        return act.subject is None or subjects.is_within_reach(act.subject, subject)
    return act.kind == TOUCH


def _uncleared(
    machine: Machine, step: Act, subject: Subject, head: Act, acts: list[Act]
) -> Iterator[events.StepUncleared]:
    if not subject.trusted or _may_be_anything(subject):
        return
    inside = in_loop(acts, head)
    clears = of_kinds(inside, CLEAR)
    beside = [clear for clear in clears if not rarely.are_apart(machine, clear, step)]
    enough = [clear for clear in beside if not _is_rarer(machine, clear, step)]
    if any(_may_clear(clear.subject, subject) for clear in enough) or any(interferes(act, subject) for act in inside):
        return
    if any(act.deferred and _may_clear(act.subject, subject) for act in of_kinds(acts, CLEAR)):
        return
    if _is_drawn_from_unknown_code(head, subject) or _is_fresh(subject, head, inside):
        return
    if not any(_are_added(backward, step) for backward in of_kinds(inside, BACKWARD)):
        return
    outside = [act for act in of_kinds(acts, CLEAR) if act.subject and subjects.has(act.subject, subject)]
    noted = clears or outside
    if step.site is not None:
        yield events.StepUncleared(step.site, subject.text, noted[0].site if noted else None, bool(clears))


def _is_rarer(machine: Machine, clear: Act, step: Act) -> bool:
    """Whether only each n-th round clears, or the first, or one that fails, and all rounds step."""
    head = step.loops[-1]
    if head not in clear.loops:
        return False
    if rarely.is_seldom(machine, clear, head):
        return not rarely.is_seldom(machine, step, head)
    if clear.loops[-1] is not head or rarely.every(machine, clear) is None:
        return False
    round_of = trace.first_after(head, lambda act: act is head or (act.kind == STEP and act.site == step.site))
    return head not in round_of.acts


def _may_be_anything(subject: Subject) -> bool:
    """Whether an optimizer is known by its name only, and belongs to an object with methods that can't be seen."""
    return subject.foreign and subject.kind != "optimizer"


def _is_drawn_from_unknown_code(head: Act, subject: Subject) -> bool:
    """Whether a loop goes through what code gives that can't be seen, and that may do something in each round."""
    return head.subject is not None and subjects.is_within_reach(head.subject, subject)


def _may_clear(clearing: Subject | None, subject: Subject) -> bool:
    return clearing is None or subjects.has(clearing, subject) is not False


def _are_added(backward: Act, step: Act) -> bool:
    """Whether what a backward gives may be used by the step, and what it gives next is added to that."""
    return step in trace.reached_from(backward) and backward in trace.reached_from(step)


def _is_fresh(subject: Subject, head: Act, inside: list[Act]) -> bool:
    """Whether each round has an optimizer or parameters of its own."""
    made = [act.subject for act in of_kinds(inside, BUILT) if act.subject is not None]
    if any(not subject.refs.isdisjoint(other.refs) for other in made):
        return True
    if subject.newest > head.address or not subject.chosen.isdisjoint(rebuilt.bound_in(head)):
        return True
    return not subject.refs and not _names_in(subject.key).isdisjoint(rebuilt.bound_in(head))


def _names_in(key: object) -> frozenset[str]:
    """The variables and attributes in a place (see `subjects`)."""
    if not isinstance(key, tuple):
        return frozenset()
    return frozenset(part for part in key if isinstance(part, str)).union(*map(_names_in, key))


def _not_updated(step: Act, subject: Subject, acts: list[Act]) -> Iterator[events.ScalerNotUpdated]:
    """A scaler raises at its second step of an optimizer if it was not updated in between."""
    rounds = (in_loop(acts, head) for head in reversed(step.loops) if not _is_fresh(subject, head, in_loop(acts, head)))
    scaler, inside = step.scaler, next(rounds, [])  # a loop over optimizers has another one in each round
    if scaler is None or not scaler.refs or not inside or any(_may_update(act, scaler) for act in inside):
        return
    if any(act.kind == HIDDEN and subjects.is_within_reach(act.subject, scaler) for act in inside if act.subject):
        return
    if step.site is not None and step in trace.reached_from(step):
        yield events.ScalerNotUpdated(step.site, scaler.text)


def _never_updated(step: Act, acts: list[Act]) -> Iterator[events.ScalerNotUpdated]:
    """The same for a function that others call: nothing in the whole file updates the scaler, which lives longer."""
    scaler = step.scaler
    if scaler is None or not scaler.refs or not scaler.holders or _is_of_file(step):
        return
    if any(_may_update(act, scaler) for act in acts) or any(
        act.kind == HIDDEN and act.subject and subjects.is_within_reach(act.subject, scaler) for act in acts
    ):
        return
    if step.site is not None:
        yield events.ScalerNotUpdated(step.site, scaler.text)


def _may_update(act: Act, scaler: Subject) -> bool:
    return act.kind == UPDATE and (act.scaler is None or subjects.may_be_same(act.scaler, scaler))


def _is_of_file(act: Act) -> bool:
    """Whether an act takes place while the statements of the file are run, once."""
    return act.trail[-1:] != () and act.trail[-1][0] == 0


def _unstepped(clear: Act, subject: Subject, head: Act, inside: list[Act]) -> Iterator[events.StepMissing]:
    if _may_be_anything(subject) or any(lives.may_use(act, subject, clear) for act in inside):
        return
    later = trace.reached_from(clear)
    if clear not in later or any(act.kind != HIDDEN and lives.may_use(act, subject, clear) for act in later):
        return
    if _is_drawn_from_unknown_code(head, subject) or _is_fresh(subject, head, inside):
        return
    for backward in _cleared_by(clear, head):
        if backward in inside and clear.site is not None and backward.site is not None:
            yield events.StepMissing(backward.site, subject.text, clear.site)


def _cleared_by(clear: Act, head: Act) -> tuple[Act, ...]:
    """What computed the gradients that are cleared: right before in the same round, or else what comes next."""
    before = trace.last_before(clear, lambda act: act.kind in (BACKWARD, STEP) or act is head)
    if before.acts and all(act.kind == BACKWARD for act in before.acts):
        return before.acts
    return trace.first_after(clear, lambda act: act.kind == BACKWARD).acts
