"""`x.step()`, `x.zero_grad()`, `x.backward()`: of an optimizer, a scheduler, a tensor, or of who knows what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell, TensorCell
from optlint.flow.core.values import NONE, UNKNOWN, Closure, External, Method, Ref, Value, options_of
from optlint.flow.order import losses, unknown_code
from optlint.flow.pytorch import torch_api
from optlint.flow.rates import schedulers
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

BACKWARD = ("backward", "manual_backward")
NAMES = frozenset({"step", "zero_grad", *BACKWARD})


def called(machine: Machine, method: Method, arguments: Arguments, site: Site, state: State) -> None:
    """One of these methods, if the project does not define it."""
    if method.name in BACKWARD:
        losses.went_backward(machine, loss_of(machine, method, arguments, state), site, state)
    elif method.name == "zero_grad":
        losses.forget(machine, state)
    else:
        _stepped(machine, method, arguments, site, state)


def loss_of(machine: Machine, method: Method, arguments: Arguments, state: State) -> Value:
    """What gradients are computed of: the tensor itself, what a scaler scaled, or what Lightning or Fabric is given."""
    if isinstance(state.cell(method.receiver), TensorCell):
        return method.receiver
    scaled = method.node.value if isinstance(method.node, ir.Attribute) else None
    if isinstance(scaled, ir.Call) and isinstance(scaled.func, ir.Attribute) and scaled.args:
        by = machine.values.get(scaled.func.value.origin, UNKNOWN)
        return machine.values.get(scaled.args[0].value.origin, UNKNOWN) if _is_scaler(by, state) else UNKNOWN
    return arguments.values[0] if arguments.values and takes_loss(method) else UNKNOWN


def takes_loss(method: Method) -> bool:
    """Whether what is given to a `backward` is the loss: `fabric.backward(loss)`."""
    return method.name == "manual_backward" or (method.name == "backward" and unknown_code.is_helper(method))


def _is_scaler(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and isinstance(cell.cls, External) and torch_api.is_scaler(cell.cls.path)


def _stepped(machine: Machine, method: Method, arguments: Arguments, site: Site, state: State) -> None:
    receiver = _receiver(machine, method)
    if _is_scaler(receiver, state):
        receiver = arguments.pick(0, "optimizer") or UNKNOWN
    options = [option for option in options_of(receiver) if isinstance(option, Ref)]
    kinds = {type(state.cell(option)) for option in options_of(receiver) if option != NONE}
    if kinds == {SchedulerCell}:
        for option in options:
            schedulers.stepped(machine, option, arguments, site, state)
    elif kinds == {OptimizerCell}:
        for option in options:
            schedulers.optimizer_stepped(machine, option, state)
        losses.optimizer_stepped(machine, state)
    elif all(isinstance(value, Closure) for value in arguments.all()):
        losses.optimizer_stepped(machine, state)
        return
    machine.flagged.add((site.origin, schedulers.KNOWN))


def _receiver(machine: Machine, method: Method) -> Value:
    """What has the method; one of several values is known by the expression only."""
    if isinstance(method.receiver, Ref) or not isinstance(method.node, ir.Attribute):
        return method.receiver
    return machine.values.get(method.node.value.origin, UNKNOWN)


def defined_here(machine: Machine, node: ir.Call) -> None:
    """A function of the project is called, perhaps as `x.step()`: it is run, with all that it steps."""
    if isinstance(node.func, ir.Attribute) and node.func.attr == "step":
        machine.flagged.add((node.origin, schedulers.KNOWN))
