"""Attributes, annotations, decorators, imports and context managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import (
    Entry,
    InstanceCell,
    MappingCell,
    OptimizerCell,
    SchedulerCell,
    SequenceCell,
    TensorCell,
)
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import (
    DATA,
    NONE,
    UNKNOWN,
    ClassValue,
    Closure,
    Derived,
    Descriptor,
    External,
    Method,
    Ref,
    Super,
    Union,
    Unknown,
    Value,
    union,
)
from optlint.flow.frozen import replace
from optlint.flow.groups import growth, modules
from optlint.flow.iterators import births
from optlint.flow.python import attributes, classes
from optlint.flow.pytorch import torch_api, torch_layers
from optlint.flow.rates import hyperparameters
from optlint.flow.reading import ir
from optlint.flow.tensors import extremes, tensor_calls, tensor_methods, tensor_uses, tensors

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

MOVES = torch_api.MODULE_FLUENT - {"requires_grad_", "apply"}  # methods that give the module, whichever it is


def get_attribute(machine: Machine, receiver: Value, node: ir.Attribute, state: State) -> Value:
    """`receiver.attr`."""
    if node.attr == "grad_fn":
        tensor_uses.grad_fn_read(machine, receiver, node, state)
    if isinstance(receiver, External):
        path = torch_api.canonical(f"{receiver.path}.{node.attr}")
        return External(path)
    if isinstance(receiver, Ref):
        return _of_cell(machine, receiver, node, state)
    if isinstance(receiver, ClassValue):
        return _of_class(receiver, node, state)
    if isinstance(receiver, Super):
        found = classes.find(_class_of(receiver.bound, state), node.attr, state, after=receiver.owner)
        if found is None:
            return Method(receiver, node.attr, node)
        growth.reached(found, node.attr, receiver.bound, state)
        return _bound(machine, found[0], receiver.bound, node, state)
    if isinstance(receiver, Descriptor):
        return receiver  # `@name.setter`
    if isinstance(receiver, Union):
        return _of_union(machine, receiver, node, state)
    if node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node))
    if node.attr == "defaults" and (held := hyperparameters.defaults_of_unknown(machine, node, state)):
        return held
    return Method(receiver if isinstance(receiver, Derived) or receiver == DATA else UNKNOWN, node.attr, node)


def _of_union(machine: Machine, receiver: Union, node: ir.Attribute, state: State) -> Value:
    """An attribute of one of several values: known if all agree."""
    options = tuple(option for option in receiver.options if option != NONE)
    if len(options) == 1:
        return get_attribute(machine, options[0], node, state)
    if all(tensors.is_tensor(option, state) for option in options):
        return union(tuple(_of_cell(machine, option, node, state) for option in options if isinstance(option, Ref)))
    if all(isinstance(state.cell(option), SequenceCell | MappingCell) for option in options):
        return union(tuple(Method(option, node.attr, node) for option in options))
    if node.attr in MOVES and all(_is_module(option, state) for option in options):
        return union(tuple(get_attribute(machine, option, node, state) for option in options))
    parts = tuple(cell.get(node.attr) for option in options if (cell := state.get(option, InstanceCell)) is not None)
    if len(parts) == len(options) and all(part is not None and _is_module(part, state) for part in parts):
        return union(tuple(filter(None, parts)))
    if node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node))
    if node.attr in ("parameters", "named_parameters"):
        state.marks.update((option, modules.LISTED) for option in options if isinstance(option, Ref))
    return Method(UNKNOWN, node.attr, node)


def _is_module(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and cell.is_module is True


def _class_of(value: Value, state: State) -> Value:
    cell = state.get(value, InstanceCell)
    return cell.cls if cell is not None else UNKNOWN


def _of_class(cls: ClassValue, node: ir.Attribute, state: State) -> Value:
    found = classes.find(cls, node.attr, state)
    if found is None:
        return UNKNOWN
    value = found[0]
    if not isinstance(value, Descriptor):
        return value
    if value.kind == "class" and isinstance(value.function, Closure):
        return replace(value.function, bound=cls)
    return UNKNOWN if value.kind == "hidden" else value.function


def _of_cell(machine: Machine, receiver: Ref, node: ir.Attribute, state: State) -> Value:
    cell = state.cell(receiver)
    if isinstance(cell, InstanceCell):
        return _of_instance(machine, receiver, cell, node, state)
    if isinstance(cell, TensorCell):
        value = tensor_methods.read(machine, receiver, node, state)
        return Method(receiver, node.attr, node) if value is UNKNOWN else value
    if isinstance(cell, SequenceCell) and (field := extremes.field(cell, node.attr)) is not None:
        return field
    if isinstance(cell, SchedulerCell) and node.attr == "optimizer":
        state.marks.update((one, "escaped") for one in cell.optimizers)
        return union(cell.optimizers)
    if isinstance(cell, OptimizerCell) and node.attr == "defaults":
        return hyperparameters.defaults(machine, receiver, state, machine.site(node))
    if isinstance(cell, OptimizerCell) and node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node), receiver)
    births.refuse(machine, receiver, state)
    return Method(receiver, node.attr, node)


def _of_instance(machine: Machine, receiver: Ref, cell: InstanceCell, node: ir.Attribute, state: State) -> Value:
    value = cell.get(node.attr) or next((child for name, child in cell.children or () if name == node.attr), None)
    if value is not None:
        return value
    found = classes.find(cell.cls, node.attr, state)
    if found is not None:
        growth.reached(found, node.attr, receiver, state)
        return _bound(machine, found[0], receiver, node, state)
    if node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node))
    if node.attr in ("_modules", "_parameters") and cell.is_module:
        return modules.registry(machine, node.attr, state, machine.site(node))
    return Method(receiver, node.attr, node)


def part_of_module(machine: Machine, value: Method, node: ir.Attribute, state: State) -> Value:
    """`model.fc` or `layer.weight` of a module that the project does not define, or a part of what one gave."""
    cell = state.get(value.receiver, InstanceCell)
    receiver = value.receiver
    given = state.get(receiver, TensorCell)
    if given is not None and given.how == tensor_calls.CALLED and given.requires_grad is False:
        return tensors.cut(machine, tensor_calls.CALLED, state, machine.site(node), given)  # `outputs.loss`
    if cell is None or isinstance(cell.cls, ClassValue) or not isinstance(receiver, Ref):
        return value
    of_layer = isinstance(cell.cls, External) and torch_layers.is_parameter(cell.cls.path, value.name)
    if of_layer or (value.name in ("weight", "bias") and (cell.is_module or cell.parent is not None)):
        return modules.tensor_attribute(machine, receiver, value.name, state, machine.site(node))
    if value.name in growth.CHANGING and growth.is_container(cell):
        state.marks.add((receiver, growth.GROWS))  # whoever gets the method may call it
        return value
    if not cell.is_module or value.name in NOT_PARTS or value.name in torch_api.MODULE_ITERATORS:
        return value
    return modules.child(machine, receiver, value.name, state)


NOT_PARTS = frozenset("training device dtype config named_steps".split())


def _bound(machine: Machine, value: Value, receiver: Value, node: ir.Expression, state: State) -> Value:
    """A class attribute read through an instance."""
    if isinstance(value, Closure):
        return replace(value, bound=receiver)
    if not isinstance(value, Descriptor):
        return value
    function = value.function
    if value.kind in ("property", "cached") and isinstance(function, Closure):
        call = ir.Call(node.origin, node, ())
        result = machine.call(replace(function, bound=receiver), Arguments((), {}, (), {}), call, state)
        if value.kind == "cached" and isinstance(receiver, Ref) and isinstance(node, ir.Attribute):
            attributes.store(receiver, node.attr, result, state)
        return result
    if value.kind == "class" and isinstance(function, Closure):
        return replace(function, bound=_class_of(receiver, state))
    if value.kind == "no_grad" and isinstance(function, Closure):
        return replace(value, function=replace(function, bound=receiver))
    return UNKNOWN if value.kind == "hidden" else function


def identify(machine: Machine, node: ir.Expression, state: State) -> Value:
    """Evaluate a receiver whose use shows that it is an object with identity, and remember that object."""
    if isinstance(node, ir.Name):
        value = machine.evaluate(node, state)
        if not attributes.is_blank(value, state):
            return value
        made = machine.new(state, InstanceCell(UNKNOWN, None))
        rename(machine, node.id, made, state)
        _rename_copies(machine, node.id, made, state)
        return made
    if isinstance(node, ir.Attribute):
        receiver = identify(machine, node.value, state)
        value = get_attribute(machine, receiver, node, state)
        unknown = attributes.is_blank(value, state) or (isinstance(value, Method) and value.receiver == receiver)
        owner = state.get(receiver, InstanceCell)
        if unknown and isinstance(receiver, Ref) and owner is not None:
            if owner.get(node.attr) is not None:
                state.put(receiver, replace(owner, attrs=tuple(pair for pair in owner.attrs if pair[0] != node.attr)))
            return modules.child(machine, receiver, node.attr, state)
        return value
    value = machine.evaluate(node, state)
    if isinstance(node, ir.Call) and isinstance(value, Unknown):
        return machine.new(state, InstanceCell(UNKNOWN, None, vague=True))
    return value


def foresee(machine: Machine, node: ir.If, state: State) -> None:
    """Remember the objects that a branch shows to be models: they are on the other branch, too.

    Unless the test is about them: then they may be something else there.
    """
    function = machine.frame.node
    if not isinstance(function, ir.Function) or torch_api.UNMISTAKABLE.isdisjoint(machine.mentions(function)):
        return
    shown = machine.shown.get(node)
    if shown is None:
        shown = machine.shown[node] = _shown(node)
    for owner in shown:
        if isinstance(state.variables.get((machine.frame.scopes[0], owner.id)), Unknown):
            identify(machine, owner, state)


def _shown(node: ir.If) -> tuple[ir.Name, ...]:
    """What the branches of an `if` show to be models by what they call; not what they bind, nor what is asked for."""
    inside = [part for block in (node.body, node.orelse) for statement in block for part in ir.walk(statement)]
    assigned = (target for part in inside if isinstance(part, ir.Assign) for target in part.targets)
    asked = (part for one in (node, *inside) if isinstance(one, ir.If) for part in ir.walk(one.test))
    bound = {name.id for name in (*assigned, *asked) if isinstance(name, ir.Name)}
    functions = (part.func for part in inside if isinstance(part, ir.Call))
    telling = (func for func in functions if isinstance(func, ir.Attribute) and func.attr in torch_api.UNMISTAKABLE)
    owners = map(_root, telling)
    return tuple(owner for owner in owners if isinstance(owner, ir.Name) and owner.id not in bound)


def _root(node: ir.Expression) -> ir.Expression:
    """`model` of `model.head.fc`."""
    while isinstance(node, ir.Attribute):
        node = node.value
    return node


def rename(machine: Machine, name: str, value: Value, state: State) -> None:
    """Let a variable, in whichever scope it is, stand for what its use shows it to be."""
    scope = next((scope for scope in machine.frame.scopes if (scope, name) in state.variables), machine.frame.scopes[0])
    state.variables[scope, name] = value


def _rename_copies(machine: Machine, name: str, value: Value, state: State) -> None:
    """Let the attributes that a variable was stored in, when nothing was known of it, stand for the same."""
    scope = next((scope for scope in machine.frame.scopes if (scope, name) in state.variables), 0)
    for owner, attribute in machine.stored.pop((scope, name), ()):
        cell = state.get(owner, InstanceCell)
        if cell is not None and isinstance(cell.get(attribute), Unknown):
            attributes.store(owner, attribute, value, state)


def param_groups(machine: Machine, state: State, site: Site, owner: Ref | None = None) -> Value:
    """`optimizer.param_groups`: a list of dicts, each with a list of parameters."""
    optimizer = state.get(owner, OptimizerCell) if owner is not None else None
    layers = optimizer.layers if optimizer is not None else None
    tensor = machine.new(state, TensorCell(site, "group parameter", True, None, True, True))
    params = machine.new(state, SequenceCell("list", site, None, tensor, owner=owner))
    entries = (("params", Entry(params, site)),)
    group = machine.new(state, MappingCell(site, entries, open=True, role="group", owner=owner))
    return machine.new(state, SequenceCell("list", site, None, group, owner=owner, layers=layers))


def entered(value: Value, state: State) -> Value:
    """What `as` gets."""
    cell = state.get(value, InstanceCell)
    return value if cell is not None and isinstance(cell.cls, ClassValue) else UNKNOWN


def from_zoo(path: str) -> Value:
    """What a name that is not known stands for in a module in which every function makes a model."""
    return External(f"{path}.?") if path in torch_api.MODEL_ZOOS else UNKNOWN


def absolute(module: str, path: str, level: int) -> str:
    """The dotted path that a relative import means inside `module`."""
    if not level:
        return path
    package = module.split(".")[:-level] if module else []
    return ".".join([*package, path] if path else package)
