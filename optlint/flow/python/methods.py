"""Methods that the project does not define: of containers, tensors, modules and optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.belonging import freezing, stale
from optlint.flow.core.cells import InstanceCell, IteratorCell, MappingCell, OptimizerCell, SequenceCell, TensorCell
from optlint.flow.core.machine import Arguments, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import (
    DATA,
    NONE,
    UNKNOWN,
    ClassValue,
    Const,
    Derived,
    External,
    Method,
    Ref,
    Super,
    Value,
)
from optlint.flow.frozen import replace
from optlint.flow.groups import group_writes, growth, indices, module_iterators, modules, optimizers, parameter_names
from optlint.flow.iterators import consumption, wrappers
from optlint.flow.iterators.draws import Purpose
from optlint.flow.order import closures, lightning, steps, unknown_code
from optlint.flow.python import attributes, classes, containers, sets
from optlint.flow.pytorch import torch_api, torch_tensors
from optlint.flow.rates import hyperparameters
from optlint.flow.reading import ir
from optlint.flow.tensors import batches, leaves, recipes, tensor_calls, tensor_methods, tensor_uses, tensors

if TYPE_CHECKING:
    from optlint.flow.events import Site


def module_called(arguments: Arguments, state: State) -> None:
    """A module, or a function of torch, computes with tensors and keeps none."""
    for value in arguments.all():
        if tensors.is_one_of_tensors(value, state):
            tensor_calls.used(value, state)
        else:
            consumption.escape(value, state)


def call_method(machine: Machine, method: Method, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A method that the project does not define."""
    receiver, site = method.receiver, machine.site(node)
    if method.name in steps.NAMES:
        steps.called(machine, method, arguments, site, state)
    cell = state.cell(receiver)
    if isinstance(cell, SequenceCell | MappingCell) and isinstance(receiver, Ref):
        return _on_container(machine, receiver, cell, method, arguments, node, state)
    if isinstance(receiver, Ref):
        if isinstance(cell, TensorCell):
            tensor_methods.tell_keywords(machine, f".{method.name}()", arguments, site)
            leaves.method_called(machine, receiver, method, node, state)
            if method.name == "requires_grad_":
                tensor_uses.asked(machine, receiver, cell, node, tensor_methods.wanted_by(arguments), state)
            return tensor_methods.method(machine, receiver, method.name, arguments, state, site)
        if isinstance(cell, OptimizerCell):
            return _on_optimizer(machine, receiver, method.name, arguments, state, site)
        if isinstance(cell, InstanceCell):
            return _on_instance(machine, receiver, cell, method, arguments, node, state)
        if isinstance(cell, IteratorCell) and method.name == "__next__":
            return consumption.walk(machine, receiver, state, site, Purpose("next", whole=False))
    if isinstance(receiver, Super):
        return _on_super(machine, receiver, method.name, arguments, state, site)
    if isinstance(receiver, Derived) and method.name in ("append", "add") and arguments.values:
        return indices.deal(receiver, arguments.values[0], state, site)
    if isinstance(receiver, Derived):
        return parameter_names.method(machine, receiver, method.name, arguments, node, state)
    return _on_unknown(machine, method, arguments, node, state)


def _on_unknown(machine: Machine, method: Method, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A method of something of which nothing is known: its name may tell what it gives."""
    site = machine.site(node)
    if method.name == "add_param_group" and arguments.values:
        optimizers.group_added(machine, method.receiver, arguments.values[0], state, arguments.sites[0], site)
        return NONE
    helps = unknown_code.is_helper(method) and method.name in unknown_code.HELPS
    if helps and method.name in torch_api.PREPARES and arguments.values and not arguments.open:
        return _prepared(machine, arguments, state, site)
    if helps and method.name in torch_api.UNWRAPS and arguments.values:
        return arguments.values[0]
    if helps and f"torch.nn.utils.{method.name}" in torch_api.DRAWS_ALL and arguments.values:
        consumption.walk(machine, arguments.values[0], state, arguments.sites[0], Purpose(method.name, trains=True))
    known = tensor_methods.of_unknown(machine, method, arguments, state, site)
    if known is None and not (helps or steps.takes_loss(method)) and method.name not in ("append", "extend", "add"):
        tensor_calls.hand_over(machine, arguments, node, state)
    value = UNKNOWN if known is None else known
    return batches.called(machine, method, value, state) if method.receiver == DATA else value


def _prepared(machine: Machine, arguments: Arguments, state: State, site: Site) -> Value:
    """`accelerator.prepare(model, optimizer)` gives what stands for each, and trains the same parameters."""
    if len(arguments.values) == 1:
        return arguments.values[0]
    return containers.sequence(machine, state, "tuple", site, arguments.values)


def _on_container(
    machine: Machine,
    receiver: Ref,
    cell: SequenceCell | MappingCell,
    method: Method,
    arguments: Arguments,
    node: ir.Call,
    state: State,
) -> Value:
    site = machine.site(node)
    if method.name in ("index", "remove", "count") and arguments.values:
        tensor_uses.searched(machine, arguments.values[0], receiver, node, state)
    if isinstance(cell, SequenceCell) and cell.kind == "set" and method.name in sets.METHODS:
        return sets.call_method(machine, receiver, method.name, arguments, state, site)
    if isinstance(cell, MappingCell) and cell.role == "group" and method.name == "update":
        group_writes.updated(machine, cell, arguments, node, state)
    return containers.call_method(machine, receiver, method.name, arguments, state, site)


def _on_super(machine: Machine, receiver: Super, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """A method of a base class of another package."""
    bound = receiver.bound
    cell = state.get(bound, InstanceCell)
    if name == "__init__":
        recipes.initialised(machine, bound)
    if cell is not None and isinstance(bound, Ref) and name in torch_api.MODULE_ITERATORS and cell.is_module:
        return module_iterators.iterator(machine, bound, name, arguments, state, site)
    if name == "__init__" and classes.is_optimizer(receiver.owner, machine.settings.known_optimizers):
        if arguments.values:
            optimizers.built(machine, receiver.owner, arguments, state, site)
    elif name != "__init__":
        for value in arguments.all():
            consumption.escape(value, state)
    return UNKNOWN


def _on_optimizer(machine: Machine, receiver: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    cell = state.get(receiver, OptimizerCell)
    if name == "step" and cell is not None:
        closures.evaluated(machine, cell, arguments, site, state)
    if name == "add_param_group" and arguments.values:
        optimizers.group_added(machine, receiver, arguments.values[0], state, arguments.sites[0], site)
    if name == "state_dict":
        return hyperparameters.state_dict(machine, receiver, state, site)
    return UNKNOWN


def _on_instance(
    machine: Machine,
    receiver: Ref,
    cell: InstanceCell,
    method: Method,
    arguments: Arguments,
    node: ir.Call,
    state: State,
) -> Value:
    """A method of a module or of an object of which little is known."""
    name, site = method.name, machine.site(node)
    unknown_class = not isinstance(cell.cls, ClassValue)
    if name in torch_api.MODULE_ITERATORS and _gives_iterator(machine, cell, name):
        if cell.is_module is None and name in torch_api.UNMISTAKABLE:
            state.put(receiver, replace(cell, is_module=True))
        return module_iterators.iterator(machine, receiver, name, arguments, state, site)
    if (
        name in ("children", "modules")
        and name not in machine.own_methods
        and (cell.is_module, cell.cls) == (None, UNKNOWN)
    ):
        return UNKNOWN if arguments.all() else module_iterators.perhaps(machine, receiver, name, state, site)
    if name in torch_api.SHOWS_MODULE and unknown_class and cell.is_module is None:
        state.put(receiver, replace(cell, is_module=True))
    if name in torch_api.REGISTERS and cell.is_module:
        _register(machine, receiver, arguments, site, state)
    if name in growth.CHANGING and growth.is_container(cell):
        stale.added(machine, receiver, growth.added_by(name, arguments, state), site, state)
        growth.changed(receiver, name, arguments, state)
        return receiver if name in ("append", "extend", "insert") else UNKNOWN
    if name == "requires_grad_" and (cell.is_module or cell.part_of is not None):
        tensor_methods.tell_keywords(machine, ".requires_grad_()", arguments, site)
        _freeze_module(receiver, arguments, state)
    if name == "apply" and arguments.values:
        _apply(machine, receiver, arguments.values[0], state, site)
    if name in torch_api.GIVES_MODULE and cell.is_module:
        return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, vague=True))
    return _of_module_or_unknown(machine, receiver, cell, method, arguments, node, state)


def _of_module_or_unknown(
    machine: Machine,
    receiver: Ref,
    cell: InstanceCell,
    method: Method,
    arguments: Arguments,
    node: ir.Call,
    state: State,
) -> Value:
    """What is left: methods that give the module itself, and those of which nothing is known."""
    name, site = method.name, machine.site(node)
    unknown_class = not isinstance(cell.cls, ClassValue)
    if isinstance(cell.cls, External) and torch_api.is_scaler(cell.cls.path):
        return UNKNOWN  # it keeps nothing of what it is given
    if name == lightning.ASKS and (known := lightning.optimizers_of(cell)) is not None:
        return known
    if name in ("values", "items") and isinstance(cell.cls, External) and cell.cls.path in torch_api.DICTS_OF_PARTS:
        return modules.values_of(machine, receiver, name, state, site)
    if cell.is_module and name not in torch_api.KEEPS_GRADIENTS | torch_api.MODULE_FLUENT:
        state.marks.add((receiver, "switched"))
    if name in torch_api.MODULE_FLUENT and cell.is_module is not False and unknown_class | (cell.is_module is True):
        return receiver
    known = tensor_methods.of_unknown(machine, method, arguments, state, site)
    if known is not None:
        return known
    if not cell.is_module or (node in machine.effects and name in torch_tensors.LOGS):
        tensor_calls.hand_over(machine, arguments, node, state)
    else:
        module_called(arguments, state)
    return UNKNOWN


def _apply(machine: Machine, receiver: Ref, function: Value, state: State, site: Site) -> None:
    """`module.apply(function)`: it gets each module inside, and may do anything to it."""
    inside = replace(modules.cover_of(receiver, state, site), again=True)
    each = machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, vague=True, part_of=inside))
    before = len(machine.trace.acts)
    wrappers.run_callback(machine, function, each, site, state)
    stale.applied(machine, before, state)
    state.marks.add((receiver, "switched"))


def _register(machine: Machine, receiver: Ref, arguments: Arguments, site: Site, state: State) -> None:
    """`module.add_module(name, layer)`, `register_parameter(name, p)`, or something less definite."""
    name = arguments.pick(0, "name")
    value = arguments.pick(1, "module") or arguments.pick(1, "param") or arguments.pick(1, "tensor")
    if not isinstance(name, Const) or value is None:
        attributes.store(receiver, "?", UNKNOWN, state)
        state.update(receiver, children=None, layout=None)
        return
    stale.put(machine, receiver, str(name.value), value, site, state)
    tensor = state.get(value, TensorCell)
    if tensor is not None and isinstance(value, Ref):
        state.put(value, replace(tensor, registered=True))
        state.marks.add((value, "registered"))
    attributes.store(receiver, str(name.value), value, state)


def _freeze_module(receiver: Ref, arguments: Arguments, state: State) -> None:
    flag = arguments.pick(0, "requires_grad") or Const(True)
    wanted = flag.value if isinstance(flag, Const) and isinstance(flag.value, bool) else None
    freezing.switch(receiver, wanted, state)
    if flag != Const(True):
        attributes.freeze(receiver, state)


def _gives_iterator(machine: Machine, cell: InstanceCell, name: str) -> bool:
    """Whether this method is the one of `nn.Module`: sure for modules, by the name alone where it is unmistakable."""
    if cell.is_module:
        return True
    return cell.is_module is None and name in torch_api.UNMISTAKABLE and name not in machine.own_methods
