"""`x.step()`, `x.zero_grad()`, `x.backward()`: of an optimizer, a scheduler, a tensor, or of who knows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import ir, losses, schedulers, torch_api
from optlint.flow.scheduler_values import SchedulerCell
from optlint.flow.values import UNKNOWN, Closure, External, InstanceCell, Method, OptimizerCell, Ref, TensorCell, Value

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Arguments, Machine
    from optlint.flow.state import State

BACKWARD = ("backward", "manual_backward")
NAMES = frozenset({"step", "zero_grad", *BACKWARD})


def called(machine: Machine, method: Method, arguments: Arguments, site: Site, state: State) -> None:
    """One of these methods, if the project does not define it."""
    if method.name in BACKWARD:
        losses.went_backward(machine, _loss(machine, method, arguments, state), site, state)
    elif method.name == "zero_grad":
        losses.forget(machine, state)
    else:
        _stepped(machine, method.receiver, arguments, site, state)


def _loss(machine: Machine, method: Method, arguments: Arguments, state: State) -> Value:
    """What gradients are computed of: the tensor itself, what a scaler scaled, or what Lightning is given."""
    if isinstance(state.cell(method.receiver), TensorCell):
        return method.receiver
    scaled = method.node.value if isinstance(method.node, ir.Attribute) else None
    if isinstance(scaled, ir.Call) and isinstance(scaled.func, ir.Attribute) and scaled.args:
        by = machine.values.get(scaled.func.value.origin, UNKNOWN)
        return machine.values.get(scaled.args[0].value.origin, UNKNOWN) if _is_scaler(by, state) else UNKNOWN
    return arguments.values[0] if arguments.values and method.name == "manual_backward" else UNKNOWN


def _is_scaler(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and isinstance(cell.cls, External) and torch_api.is_scaler(cell.cls.path)


def _stepped(machine: Machine, receiver: Value, arguments: Arguments, site: Site, state: State) -> None:
    cell = state.cell(receiver)
    if isinstance(cell, SchedulerCell) and isinstance(receiver, Ref):
        schedulers.stepped(machine, receiver, arguments, site, state)
        machine.flagged.add((site.origin, schedulers.KNOWN))
        return
    if _is_scaler(receiver, state):
        receiver = arguments.pick(0, "optimizer") or UNKNOWN
    if isinstance(receiver, Ref) and state.get(receiver, OptimizerCell) is not None:
        schedulers.optimizer_stepped(machine, receiver, state)
        losses.optimizer_stepped(machine, state)
    elif all(isinstance(value, Closure) for value in arguments.all()):
        losses.optimizer_stepped(machine, state)
        return
    machine.flagged.add((site.origin, schedulers.KNOWN))


def defined_here(machine: Machine, node: ir.Call) -> None:
    """A function of the project is called, perhaps as `x.step()`: it is run, with all that it steps."""
    if isinstance(node.func, ir.Attribute) and node.func.attr == "step":
        machine.flagged.add((node.origin, schedulers.KNOWN))
