"""Parameters that are frozen while an optimizer has them and their gradients are there: steps go on moving them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.belonging import freezing, stale, superseded, thawed
from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, HIDDEN, STEP, TOUCH, Act
from optlint.flow.core.cells import InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import Const, External, Method, Ref, Value
from optlint.flow.order import trace
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

FREEZE, THAW = "freeze", "thaw"
# Optimizers that move a parameter whose gradient is zero, because of what came before.
REMEMBER = frozenset(f"torch.optim.{name}" for name in "Adam AdamW NAdam RAdam Adamax Adafactor SparseAdam".split())
MOVING = frozenset({"momentum", "weight_decay"})


class Freeze(NamedTuple):
    """Gradients of some parts are switched off."""

    act: Act
    parts: tuple[Ref, ...]


def called(machine: Machine, node: ir.Call, function: Value, state: State) -> None:
    """`module.requires_grad_(False)`."""
    if isinstance(function, Method) and function.name == "requires_grad_" and isinstance(function.receiver, Ref):
        given = [argument.value for argument in node.args]
        flag = given[0].value if given and isinstance(given[0], ir.Literal) else True if not given else None
        if isinstance(state.cell(function.receiver), InstanceCell | TensorCell) and isinstance(flag, bool):
            _switched(machine, _parts_of(machine, function.receiver, state), flag, machine.site(node), state)


def assigned(machine: Machine, target: ir.Attribute, receiver: Value, value: Value, state: State) -> None:
    """`p.requires_grad = False`: of a parameter, or in a loop over those of a module."""
    cell = state.get(receiver, TensorCell)
    if target.attr != "requires_grad" or not isinstance(receiver, Ref) or cell is None or not cell.parameter:
        return
    if isinstance(value, Const) and isinstance(value.value, bool):
        _switched(machine, _parts_of(machine, receiver, state), value.value, machine.site(target), state)


def _parts_of(machine: Machine, part: Ref, state: State) -> tuple[Ref, ...]:
    """What is switched: the part itself, or in a loop over the parameters of modules, these."""
    loops = machine.frame.loops
    covers = freezing.covers_of_item(loops[-1].source, part, state) if loops else None
    return tuple(cover.module for cover in covers or () if not cover.sliced) or (part,)


def _switched(machine: Machine, parts: tuple[Ref, ...], wanted: bool, site: Site, state: State) -> None:
    if not machine.owned.gifts:
        return
    act = Act(THAW if wanted else FREEZE, site)
    trace.note(machine, act, state)
    owners = {gift.optimizer for gift in machine.owned.gifts if any(stale.has(gift, part, state) for part in parts)}
    if wanted:
        thawed.switched_on(machine, act, FREEZE, parts, state)
    if wanted or not owners:
        return

    def settle(last: State) -> None:
        cells = {one: cell for one in owners if (cell := last.get(one, OptimizerCell)) and cell.groups is not None}
        machine.when_over(lambda: _judge(machine, Freeze(act, parts), cells))

    machine.when_settled(settle)


def _judge(machine: Machine, freeze: Freeze, optimizers: dict[Ref, OptimizerCell]) -> None:
    for optimizer, cell in optimizers.items():
        site = superseded.place(machine, freeze.act, optimizer)
        if site is None or (site.origin, FREEZE) in machine.flagged:
            continue
        if _is_before_step(freeze.act, optimizer):
            machine.flagged.add((site.origin, FREEZE))
            machine.emit(events.FrozenWithGradient(site, cell.name, "last"))
        elif _goes_on(machine, freeze.act, optimizer, cell):
            machine.flagged.add((site.origin, FREEZE))
            machine.emit(events.FrozenWithGradient(site, cell.name, "zeros"))


def _steps(act: Act, optimizer: Ref) -> bool:
    return act.kind == STEP and act.subject is not None and optimizer in act.subject.refs


def _is_before_step(act: Act, optimizer: Ref) -> bool:
    """Whether gradients were just computed, and the next thing that happens to them is a step."""
    kinds = (BACKWARD, CLEAR, STEP, TOUCH, HIDDEN)
    before = trace.last_before(act, lambda one: one.kind in kinds)
    after = trace.first_after(act, lambda one: one.kind in (*kinds, THAW))
    fresh = bool(before.acts) and not before.open and all(one.kind == BACKWARD for one in before.acts)
    return fresh and bool(after.acts) and all(_steps(one, optimizer) for one in after.acts)


def _goes_on(machine: Machine, act: Act, optimizer: Ref, cell: OptimizerCell) -> bool:
    """Whether gradients that are there become zeros, never None, and the optimizer moves what has one of zero."""
    mine = frozenset(
        ref for one in machine.trace.acts if _steps(one, optimizer) and one.subject for ref in one.subject.inside
    )
    later = [one for one in trace.reached_from(act) if not _is_about_others(one, mine)]
    backwards = [one for one in machine.trace.acts if one.kind == BACKWARD]
    if not any(act in trace.reached_from(one) for one in backwards) or not _moves(machine, optimizer, cell):
        return False
    clears = [one for one in later if one.kind == CLEAR]
    if not clears or not all(_keeps(one) for one in clears) or any(_may_clear(one, optimizer) for one in later):
        return False
    after = trace.first_after(act, lambda one: _steps(one, optimizer) or one.kind == THAW)
    return bool(after.acts) and all(one.kind != THAW for one in after.acts)


def _is_about_others(act: Act, mine: frozenset[Ref]) -> bool:
    """Whether an act is about what another optimizer has, and nothing of that is `mine`."""
    subject = act.subject
    if subject is None or subject.kind != "optimizer" or subject.parts is None or not subject.refs:
        return False
    return bool(mine) and subject.inside.isdisjoint(mine)


def _keeps(act: Act) -> bool:
    """`zero_grad(set_to_none=False)`."""
    given = [argument for argument in act.node.args if not argument.star] if isinstance(act.node, ir.Call) else []
    flags = [argument.value for argument in given if argument.keyword in (None, "set_to_none")]
    return any(isinstance(flag, ir.Literal) and flag.value is False for flag in flags)


def _may_clear(act: Act, optimizer: Ref) -> bool:
    """Whether code that can't be seen gets hold of the optimizer, or gradients are written by hand."""
    if act.kind == HIDDEN:
        return act.subject is None or optimizer in act.subject.inside
    return act.kind == TOUCH


def _moves(machine: Machine, optimizer: Ref, cell: OptimizerCell) -> bool:
    """Whether a step changes parameters whose gradients are zeros."""
    if isinstance(cell.kind, External) and cell.kind.path in REMEMBER:
        return True
    built = [one.node for one in machine.trace.acts if one.kind == BUILT and one.subject is not None
             and optimizer in one.subject.refs]  # fmt: skip
    given = [argument for node in built if isinstance(node, ir.Call) for argument in node.args]
    return any(
        argument.keyword in MOVING and not (isinstance(argument.value, ir.Literal) and not argument.value.value)
        for argument in given
    )
