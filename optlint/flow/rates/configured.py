"""Schedulers that `configure_optimizers` of Lightning returns: they have to drive an optimizer that it returns, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell
from optlint.flow.core.values import Ref, Value, options_of
from optlint.flow.groups import covers
from optlint.flow.order import lightning_steps, subjects
from optlint.flow.python import classes

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


def returned(machine: Machine, value: Value, state: State) -> None:
    """Tell of a scheduler whose optimizer Lightning does not get, while it gets one of the same parameters."""
    frame = machine.frame
    if getattr(frame.node, "name", "") != lightning_steps.CONFIGURES or frame.owner is None:
        return
    refs = [option for option in options_of(value) if isinstance(option, Ref)]
    if len(refs) != 1 or lightning_steps.BASE not in classes.ancestry(frame.owner):
        return
    found = subjects.reach(refs, state)
    given = {ref: cell for ref in found if (cell := state.get(ref, OptimizerCell))}
    for scheduler in (known for ref in found if (known := state.get(ref, SchedulerCell))):
        _judge(machine, scheduler, given, state)


def _judge(machine: Machine, scheduler: SchedulerCell, given: dict[Ref, OptimizerCell], state: State) -> None:
    driven = {ref: cell for ref in scheduler.optimizers if (cell := state.get(ref, OptimizerCell))}
    if not driven.keys().isdisjoint(given) or any(_is_kept(ref, state) for ref in driven):
        return
    others = [cell for cell in given.values() if all(covers.share(mine, cell, state) for mine in driven.values())]
    if driven and others:
        name = " or ".join(sorted({cell.name for cell in driven.values()}))
        machine.emit(events.SchedulerOfOther(scheduler.made, scheduler.name, name, others[0].name, False))


def _is_kept(optimizer: Ref, state: State) -> bool:
    """Whether an object holds an optimizer, and may step it itself."""
    cells = (cell for cell in state.heap.values() if isinstance(cell, InstanceCell))
    return any(value == optimizer for cell in cells for _, value in cell.attrs)
