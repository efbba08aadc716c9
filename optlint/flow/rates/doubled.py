"""Two schedulers that are made alike for one optimizer, while another one that trains beside it has none.

Whoever copied the line forgot to change the optimizer: the rate of the first falls twice, that of the second never.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell
from optlint.flow.core.values import Ref
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

STEPPED, SCHEDULED = "stepped", "scheduled"


def built(machine: Machine, node: ir.Call, scheduler: Ref, state: State) -> None:
    """A call made a scheduler: it is judged in the end, if one like it waits for the same optimizer to begin."""
    made = state.get(scheduler, SchedulerCell)
    assert made is not None
    state.marks.update((one, SCHEDULED) for one in made.optimizers)
    if len(made.optimizers) != 1:
        return
    twin = _twin(machine, node, made, state)
    if twin is not None and not any((one, STEPPED) in state.marks for one in (twin, *made.optimizers)):
        marks, others = state.marks, [*_others(state, made.optimizers[0])]
        first = state.get(twin, SchedulerCell)
        assert first is not None
        machine.when_over(lambda: _judge(machine, made, first, (twin, scheduler), others, marks))


def _twin(machine: Machine, node: ir.Call, made: SchedulerCell, state: State) -> Ref | None:
    """A scheduler that an earlier line made in the same way for the same optimizer."""
    for other in machine.schedulers:
        before = state.get(other, SchedulerCell)
        if before is not None and _are_twins(machine, before, made, node):
            return other
    return None


def _are_twins(machine: Machine, one: SchedulerCell, other: SchedulerCell, node: ir.Call) -> bool:
    """Whether a call makes the same schedule for the same optimizer as a line before."""
    if one.optimizers != other.optimizers or one.made.origin is other.made.origin or one.made.file != other.made.file:
        return False
    call = machine.nodes.get(one.made.origin)
    return call is not None and _read_alike(call, node)


def _read_alike(one: ir.Node, other: ir.Node) -> bool:
    """Whether two expressions are spelled alike, but for spaces."""
    pairs = zip_longest(ir.walk(one), ir.walk(other))
    return all(type(mine) is type(theirs) and _word(mine) == _word(theirs) for mine, theirs in pairs)


def _word(node: ir.Node) -> object:
    if isinstance(node, ir.Literal):
        return object() if node.value is Ellipsis else node.value  # one of no interest may be any
    if isinstance(node, ir.Argument):
        return node.keyword, node.star
    return getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "op", None)


def _others(state: State, mine: Ref) -> Iterator[Ref]:
    """The other optimizers that a variable or an attribute holds."""
    objects = [cell for cell in state.heap.values() if isinstance(cell, InstanceCell)]
    held = (*state.variables.values(), *(value for cell in objects for _, value in cell.attrs))
    for value in dict.fromkeys(held):
        if isinstance(value, Ref) and value != mine and state.get(value, OptimizerCell) is not None:
            yield value


def _judge(
    machine: Machine,
    made: SchedulerCell,
    before: SchedulerCell,
    pair: tuple[Ref, Ref],
    others: list[Ref],
    marks: set[tuple[object, str]],
) -> None:
    """Tell if both schedulers step, and another optimizer does that none belongs to."""
    if not all((one, STEPPED) in marks for one in (*pair, *made.optimizers)):
        return
    stepping = [one for one in others if (one, STEPPED) in marks and (one, "escaped") not in marks]
    if any((one, SCHEDULED) not in marks for one in stepping):
        machine.emit(events.ScheduledTwice(made.made, made.name, before.made))
