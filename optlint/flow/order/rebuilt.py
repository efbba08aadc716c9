"""Optimizers that a loop builds anew for each step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BUILT, HIDDEN, RESET, STEP, Act
from optlint.flow.core.joining import shared_start
from optlint.flow.order import subjects, trace
from optlint.flow.order.trace import of_kinds
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine


PARAMETERS = frozenset({"parameters", "named_parameters"})
REBUILT = "built anew for each step"  # note of a call, and of the step: what else comes of it is not told


def found(machine: Machine, acts: list[Act]) -> Iterator[events.OptimizerInLoop]:
    """Each call that builds an optimizer for one step."""
    for built in of_kinds(acts, BUILT):
        if built.node is not None and built.loops and built.subject is not None and _has_state(built, built.subject):
            for event in _stepped_once(built, built.subject, acts):
                machine.flagged.update({(built.node.origin, REBUILT), (event.step.origin, REBUILT)})
                yield event


def _stepped_once(built: Act, subject: Subject, acts: list[Act]) -> Iterator[events.OptimizerInLoop]:
    head = built.loops[-1]
    if subject.parts is None or subject.newest > head.address:
        return
    if not bound_in(head).isdisjoint(_names_given_to(built)):
        return
    if not _goes_through_batches(head):
        return
    inside = [act for act in acts if head in act.loops]
    steps = [act for act in of_kinds(inside, STEP) if act.subject is None or _may_be(act.subject, subject)]
    if any(_is_reset(act, subject) or (act.kind == HIDDEN and _may_reset(act, subject)) for act in inside):
        return
    if len(steps) == 1 and steps[0].loops[-1] is head and _has_new_one(steps[0], built, head, inside):
        site, step = trace.place_of(built, steps[0]), steps[0].site
        if site is not None and step is not None and built in trace.reached_from(steps[0]):
            yield events.OptimizerInLoop(site, subject.cls.rpartition(".")[2], step)


def _has_new_one(step: Act, built: Act, head: Act, inside: list[Act]) -> bool:
    """Whether each round builds what steps, whichever of several optimizers that is; `built` is the first of them."""
    refs = step.subject.refs if step.subject is not None else frozenset()
    makers = [act for act in of_kinds(inside, BUILT) if act.subject is not None and act.subject.refs <= refs]
    made = frozenset().union(*(act.subject.refs for act in makers if act.subject is not None))
    if made != refs or makers[:1] != [built]:
        return False
    if not all(act.subject is not None and _has_state(act, act.subject) for act in makers):
        return False
    last = trace.last_before(step, lambda act: act is head or act in makers)
    return not last.open and head not in last.acts and _is_certain(makers, head)


def _names_given_to(built: Act) -> frozenset[str]:
    """The names in what leads to the models whose parameters are given to an optimizer."""
    calls = (part for part in ir.walk(built.node) if isinstance(part, ir.Call)) if built.node is not None else ()
    found = (call.func.value for call in calls if isinstance(call.func, ir.Attribute) and call.func.attr in PARAMETERS)
    return frozenset(subjects.name_of(part) for model in found for part in ir.walk(model))


def _goes_through_batches(head: Act) -> bool:
    """Whether a loop is not one over a few values that are listed, such as rates to be tried."""
    iterable = getattr(head.node, "iterable", None)
    return not isinstance(iterable, ir.Display)


def _may_be(other: Subject, subject: Subject) -> bool:
    return not other.refs or not other.refs.isdisjoint(subject.refs)


def _is_reset(act: Act, subject: Subject) -> bool:
    """Whether the parameters get other values; those of another model do not matter."""
    return act.kind == RESET and (act.subject is None or subjects.has(act.subject, subject) is not False)


def _may_reset(act: Act, subject: Subject) -> bool:
    """Whether code that can't be seen may give the parameters other values, so that each optimizer starts afresh."""
    return act.subject is None or subjects.is_within_reach(act.subject, subject)


def _is_certain(makers: list[Act], head: Act) -> bool:
    """Whether each round of the loop builds one of these, and not only the first round or one that a test picks."""
    shared = reduce(shared_start, (act.path for act in makers))
    parts = [part for part in shared if isinstance(part, tuple)]
    rounds = [place for place, part in enumerate(parts) if head.node in part]
    if not rounds or head.node is None:
        return False
    inner = [part[0] for part in parts[rounds[-1] + 1 :]]
    tests = (part for part in ir.walk(head.node) if isinstance(part, ir.If))
    calls = {act.node for act in makers}
    return all(isinstance(key, ir.Try) for key in inner) and not any(_picks(test, calls) for test in tests)


def _picks(test: ir.If, calls: set[ir.Node | None]) -> bool:
    """Whether one branch of a test makes one of these calls, and the other does not."""
    branches = ({part for node in block for part in ir.walk(node)} for block in (test.body, test.orelse))
    one, other = (not calls.isdisjoint(branch) for branch in branches)
    return one is not other


def _has_state(built: Act, subject: Subject) -> bool:
    """Whether the optimizer is one of torch that remembers something from step to step."""
    if not isinstance(built.node, ir.Call) or subject.cls not in torch_api.OPTIMIZERS.keys() - {"torch.optim.LBFGS"}:
        return False
    if subject.cls != "torch.optim.SGD":
        return True
    momentum = [argument for argument in built.node.args if argument.keyword == "momentum"]
    given = [argument.value for argument in (*momentum, *built.node.args[2:3])]
    return bool(given) and not (isinstance(given[0], ir.Literal) and given[0].value in (0, 0.0))


def bound_in(head: Act) -> frozenset[str]:
    """The names and attributes that a loop assigns to."""
    if head.bound is None:
        head.bound = bound_within(head.node)
    return head.bound


def bound_within(node: ir.Node | None) -> frozenset[str]:
    """The names and attributes that code assigns to."""
    return frozenset(_bound_in(node))


def _bound_in(node: ir.Node | None) -> Iterator[str]:
    for part in ir.walk(node) if node is not None else ():
        targets: tuple[ir.Node, ...] = ()
        if isinstance(part, ir.Assign) and not _asks_for_optimizers(part.value):
            targets = part.targets
        elif isinstance(part, ir.For | ir.Clause):
            targets = (part.target,)
        elif isinstance(part, ir.With):
            targets = tuple(target for _, target in part.items if target is not None)
        yield from (name for target in targets for name in names_in(target))


def names_in(target: ir.Node) -> frozenset[str]:
    """The names in what is assigned to."""
    return frozenset(map(subjects.name_of, _parts_of(target)))


def _asks_for_optimizers(value: ir.Node | None) -> bool:
    """`self.optimizers()` of Lightning, which gives the same ones each time."""
    return isinstance(value, ir.Call) and subjects.name_of(value.func) == "optimizers"


def _parts_of(target: ir.Node) -> tuple[ir.Node, ...]:
    """What is assigned to, one by one."""
    if isinstance(target, ir.Display):
        return tuple(part for item in target.items for part in _parts_of(item))
    return (target.value,) if isinstance(target, ir.Starred) else (target,)
