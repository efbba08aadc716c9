"""`optimizer.step` as a statement: a method that is looked up and not called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell, TensorCell
from optlint.flow.core.values import NONE, UNKNOWN, ClassValue, Closure, External, Method, Value, options_of
from optlint.flow.order import subjects
from optlint.flow.python import attributes, classes, objects
from optlint.flow.pytorch import torch_api, torch_schedules
from optlint.flow.reading import ir, nesting, relevance

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

OF_OPTIMIZERS = frozenset({"step", "zero_grad"})
OF_SCALERS = frozenset({"step", "update", "unscale_"})
OF_TENSORS = frozenset({"backward", "requires_grad_"})
OF_MODULES = frozenset({"eval", "train", "zero_grad", "cuda", "requires_grad_"})
METHODS = OF_OPTIMIZERS | OF_SCALERS | OF_TENSORS | OF_MODULES
SCALED = External("torch.amp.GradScaler.scale")  # what that gives
OF_EVALUATION = frozenset({"eval", "step"})  # named in functions that have nothing else to do with training
OF_LOOPS = frozenset({"step", "update", "unscale_"})
UNMISTAKABLE = frozenset({"zero_grad", "backward"})
MODES = frozenset({"eval", "train"})
MODULES_ONLY = frozenset({"parameters", "named_parameters", "state_dict", "load_state_dict", "zero_grad"})
WHOLE_WITHOUT_ARGUMENTS = UNMISTAKABLE | MODES
NEEDS_CLOSURE = frozenset({"torch.optim.LBFGS"})
# What gives one number, which `backward` needs.
SCALARS = frozenset({"`.sum()`", "`.mean()`", "`torch.sum`", "`torch.mean`"})


def is_in(machine: Machine, function: ir.Node) -> bool:
    """Whether a function has a statement that only names such a method."""
    if not isinstance(function, ir.Function) or OF_EVALUATION.isdisjoint(machine.mentions(function)):
        return False
    parts = nesting.statements(machine.bodies(function), machine.bodies)
    named = (part.value for part in parts if isinstance(part, ir.Evaluate))
    return any(isinstance(value, ir.Attribute) and value.attr in METHODS for value in named)


def statement(machine: Machine, node: ir.Expression, state: State) -> None:
    """An expression as a statement, if that is no call."""
    if not isinstance(node, ir.Attribute) or node.attr not in METHODS:
        machine.evaluate(node, state)
        return
    receiver = machine.evaluate(node.value, state)
    options = tuple(option for option in options_of(receiver) if option != NONE)
    kind = _kind_of_all(machine, options, node.attr, state)
    if kind is None and _is_unmistakable(machine, node, options, state):
        kind = "object"
    if kind is None:
        objects.get_attribute(machine, receiver, node, state)
    elif not machine.claiming and not _is_probe(state):
        fits = all(_fits(option, node.attr, state) for option in options)
        machine.emit(events.MethodUncalled(machine.site(node), kind, fits))


def _kind_of_all(machine: Machine, options: tuple[Value, ...], name: str, state: State) -> str | None:
    """What has this method, whichever value it is; one that is not known is what it takes turns with."""
    told = [(_kind(machine, option, name, state), option) for option in options]
    kinds = {kind for kind, option in told if kind is not None or not _is_blank(option, state)}
    return kinds.pop() if len(kinds) == 1 else None


def _is_unmistakable(machine: Machine, node: ir.Attribute, options: tuple[Value, ...], state: State) -> bool:
    """Whether nothing but torch calls a method so, or what has it is used nearby as what torch gives it to."""
    if _is_property(machine, node.attr) or not all(_is_blank(option, state) for option in options):
        return False
    if node.attr in OF_LOOPS:
        return _means(machine, node)
    if node.attr in UNMISTAKABLE:
        return True
    return node.attr in OF_MODULES and _is_used_nearby(machine, node.value, MODULES_ONLY | MODES, called=True)


def _is_property(machine: Machine, name: str) -> bool:
    """Whether a class of the file may run something when this attribute is looked up."""
    methods = (part for cls in machine.classes for part in cls.node.body if isinstance(part, ir.Function))
    return name in machine.own_methods and any(method.name == name and method.decorators for method in methods)


def _is_blank(value: Value, state: State) -> bool:
    """Whether nothing is known of a value; an attribute that no code sets may be anything, too."""
    cell = state.get(value, InstanceCell)
    if isinstance(value, Method) and isinstance(state.cell(value.receiver), InstanceCell):
        return True
    unknown = cell is not None and cell.cls is UNKNOWN and cell.is_module is None
    return unknown or attributes.is_blank(value, state)


def _means(machine: Machine, node: ir.Attribute) -> bool:
    """Whether what has a `step` or `update` is named or used like an optimizer, a scheduler or a scaler."""
    name = subjects.name_of(node.value).lower()
    if node.attr in OF_SCALERS and "scaler" in name:
        return True
    named = subjects.means_optimizer(name) or "sched" in name
    return node.attr == "step" and (named or _is_used_nearby(machine, node.value, UNMISTAKABLE))


def _is_used_nearby(machine: Machine, owner: ir.Expression, names: frozenset[str], *, called: bool = False) -> bool:
    """Whether the function or class, or the file's own code, calls such methods of what has the same name, or that."""
    text, block = machine.site(owner).text, _around(machine, owner)
    functions = [part.func for part in ir.walk_all(block, machine.bodies) if isinstance(part, ir.Call)]
    used = [func.value for func in functions if isinstance(func, ir.Attribute) and func.attr in names]
    return any(machine.site(value).text == text for value in (*used, *(functions if called else ())))


def _around(machine: Machine, owner: ir.Expression) -> ir.Block:
    """The statements in which a name means the same: those of the class for an attribute of `self`."""
    frame = machine.frame
    if isinstance(owner, ir.Attribute) and isinstance(frame.owner, ClassValue):
        return frame.owner.node.body
    return machine.bodies(frame.node) if isinstance(frame.node, ir.Function) else machine.block


def _is_probe(state: State) -> bool:
    """Whether a `try` asks if the attribute is there."""
    last = state.path[-1] if state.path else None
    return isinstance(last, tuple) and isinstance(last[0], ir.Try) and bool(last[0].handlers)


def _kind(machine: Machine, value: Value, name: str, state: State) -> str | None:
    """What has this method, if that is an object of torch and the name a method of it."""
    cell = state.cell(value)
    if isinstance(cell, OptimizerCell):
        return "optimizer" if name in OF_OPTIMIZERS and _is_method(cell.kind, name, state) else None
    if isinstance(cell, SchedulerCell):
        return "scheduler" if name == "step" else None
    if isinstance(cell, TensorCell):
        return "tensor" if name in OF_TENSORS else None
    if not isinstance(cell, InstanceCell):
        return None
    if isinstance(cell.cls, External) and torch_api.is_scaler(cell.cls.path):
        return "gradient scaler" if name in OF_SCALERS else None
    if cell.cls == SCALED:
        return "tensor" if name == "backward" else None
    if isinstance(cell.cls, ClassValue) and not cell.is_module and cell.get(name) is None:
        found = classes.find(cell.cls, name, state)
        trains = relevance.names_training(machine.mentions(cell.cls.node))
        return "object" if trains and found is not None and isinstance(found[0], Closure) else None
    is_known = cell.is_module is True and cell.get(name) is None
    return "module" if is_known and name in OF_MODULES and _is_method(cell.cls, name, state) else None


def _is_method(cls: Value, name: str, state: State) -> bool:
    """Whether a class has it from torch, or defines it as a function."""
    found = classes.find(cls, name, state)
    if found is not None:
        return isinstance(found[0], Closure)
    return not isinstance(cls, ClassValue) or classes.find(cls, "__getattribute__", state) is None


def _fits(value: Value, name: str, state: State) -> bool:
    """Whether a call without arguments does what was meant."""
    cell = state.cell(value)
    if isinstance(cell, OptimizerCell):
        known = isinstance(cell.kind, External) and cell.kind.path in torch_api.OPTIMIZERS
        return name != "step" or (known and cell.cls not in NEEDS_CLOSURE)
    if isinstance(cell, SchedulerCell):
        return cell.name != torch_schedules.PLATEAU
    if isinstance(cell, TensorCell) and name == "backward":
        return cell.requires_grad is not False and (cell.how in SCALARS or _is_loss(cell.how))
    if cell is None:
        return name in WHOLE_WITHOUT_ARGUMENTS
    if isinstance(cell, InstanceCell) and isinstance(cell.cls, ClassValue) and not cell.is_module:
        found = classes.find(cell.cls, name, state)
        parameters = found[0].node.parameters[1:] if found is not None and isinstance(found[0], Closure) else ()
        return all(parameter.default is not None or parameter.star for parameter in parameters)
    return not isinstance(cell, InstanceCell) or cell.is_module is True or name == "update"


def _is_loss(how: str) -> bool:
    return how.startswith("`nn.functional.") and how.endswith(("_loss`", "cross_entropy`", "kl_div`"))
