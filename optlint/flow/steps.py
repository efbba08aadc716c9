"""`x.step()`: of an optimizer, a scheduler, a gradient scaler, or of who knows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import ir, schedulers, torch_schedules
from optlint.flow.values import Closure, External, InstanceCell, OptimizerCell, Ref, SchedulerCell, Value

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Arguments, Machine
    from optlint.flow.state import State


def called(machine: Machine, receiver: Value, arguments: Arguments, site: Site, state: State) -> None:
    """A method `step` that the project does not define."""
    cell = state.cell(receiver)
    if isinstance(cell, SchedulerCell) and isinstance(receiver, Ref):
        schedulers.stepped(machine, receiver, arguments, site, state)
    elif isinstance(cell, OptimizerCell) and isinstance(receiver, Ref):
        schedulers.optimizer_stepped(machine, receiver, state)
    elif isinstance(cell, InstanceCell) and cell.cls in SCALERS:
        scaled = arguments.pick(0, "optimizer")
        if isinstance(scaled, Ref) and state.get(scaled, OptimizerCell) is not None:
            schedulers.optimizer_stepped(machine, scaled, state)
    elif all(isinstance(value, Closure) for value in arguments.all()):
        return
    machine.flagged.add((site.origin, schedulers.KNOWN))


def defined_here(machine: Machine, node: ir.Call) -> None:
    """A function of the project is called, perhaps as `x.step()`: it is run, with all that it steps."""
    if isinstance(node.func, ir.Attribute) and node.func.attr == "step":
        machine.flagged.add((node.origin, schedulers.KNOWN))


SCALERS = frozenset(External(path) for path in torch_schedules.GRAD_SCALERS)
