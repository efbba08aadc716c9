"""Schedulers that go on for nothing: their optimizer has given way to a new one, which no scheduler drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell
from optlint.flow.core.values import Ref, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.order import rebuilt
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


def held_before(machine: Machine, target: ir.Expression, value: Value, state: State) -> frozenset[Ref]:
    """The optimizers that a variable or attribute holds until a new one comes into it; none if anything else."""
    if not machine.schedulers or not isinstance(value, Ref) or state.get(value, OptimizerCell) is None:
        return frozenset()
    held: Value | None = None
    if isinstance(target, ir.Name):
        held = state.look_up(machine.frame.scopes[0], target.id)
    elif isinstance(target, ir.Attribute):
        owner = state.get(machine.evaluate(target.value, state), InstanceCell)
        held = owner.get(target.attr) if owner is not None else None
    options = options_of(held) if held is not None else ()
    known = frozenset(one for one in options if isinstance(one, Ref) and state.get(one, OptimizerCell) is not None)
    return known if known and len(known) == len(options) and all(one.id < value.id for one in known) else frozenset()


def replaced(machine: Machine, before: frozenset[Ref], value: Value, state: State) -> None:
    """A new optimizer is in the place of others: nobody can step those any more whom nothing else holds."""
    if not isinstance(value, Ref) or any(tensor_uses.is_held(one, state) for one in before):
        return
    for scheduler in machine.schedulers if before else ():
        cell = state.get(scheduler, SchedulerCell)
        if cell is not None and before.issuperset(cell.optimizers):
            state.put(scheduler, replace(cell, left=(*cell.left, (value, state.path))))


def stepped(machine: Machine, scheduler: Ref, cell: SchedulerCell, state: State) -> None:
    """A scheduler steps: told of at the end of the file if it was left behind where this comes next."""
    behind = [one for one, path in cell.left if all(part in path or is_loop(part) for part in state.path)]
    new = state.get(behind[0], OptimizerCell) if behind else None
    if new is None or new.handed or not _is_held_alone(scheduler, state):
        return
    names = sorted({one.name for ref in cell.optimizers if (one := state.get(ref, OptimizerCell))})
    told = events.SchedulerOfOther(cell.made, cell.name, " or ".join(names), new.name, True)
    key, marks, cause = (cell.made.origin, "left"), state.marks, (new.made.origin, rebuilt.REBUILT)
    unsure = {(one, "escaped") for one in (scheduler, behind[0], *cell.optimizers)}

    def judge() -> None:
        known = (state.get(other, SchedulerCell) for other in machine.schedulers)
        is_driven = any(behind[0] in other.optimizers for other in known if other is not None)
        is_sure = not is_driven and cause not in machine.flagged and marks.isdisjoint(unsure)
        if is_sure and (behind[0], "stepped") in marks:
            machine.emit(told)

    if key not in machine.flagged:
        machine.flagged.add(key)
        machine.when_over(judge)


def is_loop(part: object) -> bool:
    """Whether a step of a path is the body of a loop."""
    return isinstance(part, tuple) and isinstance(part[0], ir.For | ir.While)


def _is_held_alone(scheduler: Ref, state: State) -> bool:
    """Whether something holds just this scheduler, and not one of several."""
    attributes = (value for cell in state.heap.values() if isinstance(cell, InstanceCell) for _, value in cell.attrs)
    return any(value == scheduler for value in (*state.variables.values(), *attributes))
