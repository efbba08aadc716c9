"""Attributes, annotations, decorators, imports and context managers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow import classes, consumption, containers, events, ir, modules, tensors, torch_api
from optlint.flow.machine import Arguments
from optlint.flow.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    Closure,
    Const,
    Derived,
    Descriptor,
    Entry,
    External,
    InstanceCell,
    IteratorCell,
    MappingCell,
    Method,
    OptimizerCell,
    Ref,
    SequenceCell,
    Super,
    TensorCell,
    Union,
    Unknown,
    Value,
    union,
)

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Machine
    from optlint.flow.state import State


def is_blank(value: Value, state: State) -> bool:
    """Whether nothing is known of a value but, perhaps, how it was reached."""
    if isinstance(value, Unknown):
        return True
    return isinstance(value, Method) and is_blank(value.receiver, state)


def get_attribute(machine: Machine, receiver: Value, node: ir.Attribute, state: State) -> Value:
    """`receiver.attr`."""
    if isinstance(receiver, External):
        path = torch_api.canonical(f"{receiver.path}.{node.attr}")
        return machine.resolve(path, state) or External(path)
    if isinstance(receiver, Ref):
        return _of_cell(machine, receiver, node, state)
    if isinstance(receiver, ClassValue):
        return _of_class(receiver, node, state)
    if isinstance(receiver, Super):
        found = classes.find(_class_of(receiver.bound, state), node.attr, state, after=receiver.owner)
        return _bound(machine, found[0], receiver.bound, node, state) if found else Method(receiver, node.attr, node)
    if isinstance(receiver, Descriptor):
        return receiver  # `@name.setter`
    if isinstance(receiver, Union):
        return _of_union(machine, receiver, node, state)
    if node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node))
    return Method(receiver if isinstance(receiver, Derived) else UNKNOWN, node.attr, node)


def _of_union(machine: Machine, receiver: Union, node: ir.Attribute, state: State) -> Value:
    """An attribute of one of several values: known if all agree."""
    options = tuple(option for option in receiver.options if option != NONE)
    if len(options) == 1:
        return get_attribute(machine, options[0], node, state)
    if node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node))
    return Method(UNKNOWN, node.attr, node)


def _class_of(value: Value, state: State) -> Value:
    cell = state.get(value, InstanceCell)
    return cell.cls if cell is not None else UNKNOWN


def _of_class(cls: ClassValue, node: ir.Attribute, state: State) -> Value:
    found = classes.find(cls, node.attr, state)
    if found is None:
        return UNKNOWN
    value = found[0]
    if isinstance(value, Descriptor):
        return replace(value.function, bound=cls) if _is_classmethod(value) else value.function  # type: ignore[type-var,call-arg]
    return value


def _is_classmethod(value: Descriptor) -> bool:
    return value.kind == "class" and isinstance(value.function, Closure)


def _of_cell(machine: Machine, receiver: Ref, node: ir.Attribute, state: State) -> Value:
    cell = state.heap.get(receiver.id)
    if isinstance(cell, InstanceCell):
        return _of_instance(machine, receiver, cell, node, state)
    if isinstance(cell, TensorCell):
        value = tensors.read(machine, receiver, node, state)
        return Method(receiver, node.attr, node) if value is UNKNOWN else value
    if isinstance(cell, OptimizerCell) and node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node), receiver)
    return Method(receiver, node.attr, node)


def _of_instance(machine: Machine, receiver: Ref, cell: InstanceCell, node: ir.Attribute, state: State) -> Value:
    value = cell.get(node.attr) or next((child for name, child in cell.children or () if name == node.attr), None)
    if value is not None:
        return value
    found = classes.find(cell.cls, node.attr, state)
    if found is not None:
        return _bound(machine, found[0], receiver, node, state)
    if node.attr == "param_groups":
        return param_groups(machine, state, machine.site(node))
    return Method(receiver, node.attr, node)


def part_of_module(machine: Machine, value: Method, node: ir.Attribute, state: State) -> Value:
    """`model.fc` or `layer.weight` of a module that the project does not define, read and not called."""
    cell = state.get(value.receiver, InstanceCell)
    receiver = value.receiver
    if cell is None or isinstance(cell.cls, ClassValue) or not isinstance(receiver, Ref):
        return value
    if value.name in ("weight", "bias") and (cell.is_module or cell.parent is not None):
        return modules.tensor_attribute(machine, receiver, value.name, state, machine.site(node))
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
            _store(receiver, node.attr, result, state)
        return result
    if value.kind == "class" and isinstance(function, Closure):
        return replace(function, bound=_class_of(receiver, state))
    if value.kind == "no_grad" and isinstance(function, Closure):
        return replace(value, function=replace(function, bound=receiver))
    return function


def identify(machine: Machine, node: ir.Expression, state: State) -> Value:
    """Evaluate a receiver whose use shows that it is an object with identity, and remember that object."""
    if isinstance(node, ir.Name):
        value = machine.evaluate(node, state)
        if not is_blank(value, state):
            return value
        made = machine.new(state, InstanceCell(UNKNOWN, None))
        rename(machine, node.id, made, state)
        return made
    if isinstance(node, ir.Attribute):
        receiver = identify(machine, node.value, state)
        value = get_attribute(machine, receiver, node, state)
        unknown = is_blank(value, state) or (isinstance(value, Method) and value.receiver == receiver)
        if unknown and isinstance(receiver, Ref) and state.get(receiver, InstanceCell):
            cell = state.get(receiver, InstanceCell)
            assert cell is not None
            if cell.get(node.attr) is not None:
                state.put(receiver, replace(cell, attrs=tuple(pair for pair in cell.attrs if pair[0] != node.attr)))
            return modules.child(machine, receiver, node.attr, state)
        return value
    return machine.evaluate(node, state)


def rename(machine: Machine, name: str, value: Value, state: State) -> None:
    """Let a variable, in whichever scope it is, stand for what its use shows it to be."""
    scope = next((scope for scope in machine.frame.scopes if (scope, name) in state.variables), machine.frame.scopes[0])
    state.variables[scope, name] = value


def param_groups(machine: Machine, state: State, site: Site, owner: Ref | None = None) -> Value:
    """`optimizer.param_groups`: a list of dicts, each with a list of parameters."""
    optimizer = state.get(owner, OptimizerCell) if owner is not None else None
    layers = optimizer.layers if optimizer is not None else None
    tensor = machine.new(state, TensorCell(site, "group parameter", True, None, True, True))
    params = containers.sequence(machine, state, "list", site, None, tensor)
    group = machine.new(state, MappingCell(site, (("params", Entry(params, site)),), open=True, role="group"))
    return machine.new(state, SequenceCell("list", site, None, group, owner=owner, layers=layers))


def set_attribute(
    machine: Machine, receiver: Value, target: ir.Attribute, value: Value, state: State, source: ir.Expression
) -> None:
    """`receiver.attr = value`."""
    cell = state.cell(receiver)
    if isinstance(receiver, Ref) and isinstance(cell, TensorCell):
        _set_on_tensor(machine, receiver, cell, target, value, state)
    elif isinstance(receiver, Ref) and isinstance(cell, InstanceCell):
        _set_on_instance(machine, receiver, cell, target, value, state, source)
    else:
        if isinstance(cell, OptimizerCell):
            _tell_set(machine, target, "optimizer", None)
        if not isinstance(cell, OptimizerCell) and is_blank(receiver, state):
            _tell_set(machine, target, "unknown", None)
        consumption.escape(value, state)


def _tell_set(machine: Machine, target: ir.Attribute, owner: str, defined: bool | None) -> None:
    if "grad" in target.attr or owner == "optimizer":
        site = machine.site(target)
        machine.emit(events.AttributeSet(site, owner, machine.site(target.value).text, target.attr, defined))


def _set_on_tensor(
    machine: Machine, receiver: Ref, cell: TensorCell, target: ir.Attribute, value: Value, state: State
) -> None:
    site = machine.site(target)
    if target.attr == "requires_grad":
        wanted = value.value if isinstance(value, Const) and isinstance(value.value, bool) else None
        if wanted is False:
            _freeze(receiver, state)
        elif cell.how == "piece":
            tensors.piece_used(machine, cell, site, "set", state)
        tensors.set_requires_grad(receiver, wanted, state)
    elif target.attr in ("grad", "data"):
        if target.attr == "grad":
            state.update(receiver, gradient_set=True)
        elif cell.how == "piece" and target.attr == "grad":
            tensors.piece_used(machine, cell, site, ".grad", state)
    else:
        _tell_set(machine, target, "parameter" if cell.parameter else "tensor", False)


def _freeze(tensor: Ref, state: State) -> None:
    """Note which modules a parameter that is switched off belongs to."""
    for cell in list(state.heap.values()):
        if isinstance(cell, IteratorCell) and cell.covers and _stands_for(cell.item, tensor, state):
            for cover in cell.covers:
                freeze(cover.module, state)


def _stands_for(item: Value, tensor: Ref, state: State) -> bool:
    pair = state.get(item, SequenceCell)
    return item == tensor or (pair is not None and pair.items is not None and tensor in pair.items)


def freeze(part: Ref, state: State) -> None:
    """Note that the program switches off gradients in a module, and so in part of the modules around it."""
    for _ in range(8):
        cell = state.get(part, InstanceCell)
        if cell is None:
            return
        state.put(part, replace(cell, frozen=True))
        if cell.parent is None:
            return
        part = cell.parent[0]


def _set_on_instance(
    machine: Machine, receiver: Ref, cell: InstanceCell, target: ir.Attribute, value: Value, state: State,
    source: ir.Expression,
) -> None:  # fmt: skip
    name = target.attr
    if "grad" in name:
        known = classes.defines(cell.cls, name, state)
        reads = isinstance(cell.cls, ClassValue) and _mentions_attribute(machine, cell.cls, name)
        owner = "module" if cell.is_module else "unknown" if cell.is_module is None else "object"
        _tell_set(machine, target, owner, True if known or reads or receiver == machine.frame.bound else known)
    tensor = state.get(value, TensorCell)
    if isinstance(cell.cls, External) and name in ("weight", "bias"):
        state.put(receiver, replace(cell, frozen=True))  # tied: whoever owns the other one trains it
    if tensor is not None and isinstance(value, Ref) and cell.is_module:
        _tensor_on_module(machine, value, tensor, target, source, state)
    _store(receiver, name, value, state)


def _tensor_on_module(
    machine: Machine, value: Ref, tensor: TensorCell, target: ir.Attribute, source: ir.Expression, state: State
) -> None:
    """A tensor becomes an attribute of a module: a Parameter is registered, what was computed from one is lost."""
    if tensor.parameter:
        state.update(value, registered=True)
        return
    base = tensor.base
    if tensor.leaf is not False or base is None:
        return
    site, text = machine.site(source), machine.site(target).text
    machine.when_settled(lambda last: _tell_lost(machine, last, base, site, text, tensor.how))


def _tell_lost(machine: Machine, state: State, base: Ref, site: Site, attribute: str, how: str) -> None:
    cell = state.get(base, TensorCell)
    if cell is not None and cell.parameter and not cell.registered and not cell.escaped:
        machine.emit(events.ParameterLost(site, attribute, how))


def _mentions_attribute(machine: Machine, cls: ClassValue, name: str) -> bool:
    return any(isinstance(base, ClassValue) and name in machine.mentions(base.node) for base in classes.ancestry(cls))


def _store(receiver: Ref, name: str, value: Value, state: State) -> None:
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    if any(known == name for known, _ in cell.children or ()):
        children = tuple((known, value if known == name else child) for known, child in cell.children or ())
        state.put(receiver, replace(cell, children=children))
        return
    attrs = dict(cell.attrs)
    attrs[name] = value
    layout = cell.layout if isinstance(value, Const) and value != NONE else None
    state.put(receiver, replace(cell, attrs=tuple(attrs.items()), layout=layout))


def store(receiver: Ref, name: str, value: Value, state: State) -> None:
    """Set an attribute of an instance and tell nobody."""
    _store(receiver, name, value, state)


def refine(machine: Machine, test: ir.Expression, state: State, holds: bool) -> None:
    """Learn from a condition: `x is not None`, `not …`, `a and b`."""
    if isinstance(test, ir.Unary) and test.op == "not":
        refine(machine, test.operand, state, not holds)
    elif isinstance(test, ir.Boolean) and (test.op == "and") == holds:
        refine(machine, test.left, state, holds)
        refine(machine, test.right, state, holds)
    elif isinstance(test, ir.Comparison) and len(test.rest) == 1 and isinstance(test.left, ir.Name):
        op, right = test.rest[0]
        if isinstance(right, ir.Literal) and right.value is None and op in ("is", "is not"):
            _refine_none(machine, test.left.id, state, (op == "is") == holds)
    elif isinstance(test, ir.Name) and holds:
        _refine_none(machine, test.id, state, False)


def _refine_none(machine: Machine, name: str, state: State, is_none: bool) -> None:
    for scope in machine.frame.scopes:
        value = state.variables.get((scope, name))
        if isinstance(value, Union):
            kept = tuple(option for option in value.options if (option == NONE) is is_none)
            if kept:
                state.variables[scope, name] = union(kept)
            return
        if value is not None:
            return


def enter(machine: Machine, node: ir.Expression, value: Value, state: State) -> None:
    """`with value:`."""
    del machine, node
    cell = state.get(value, InstanceCell)
    if cell is None or not isinstance(cell.cls, External):
        return
    if cell.cls.path in torch_api.NO_GRAD:
        state.no_grad = True
    elif cell.cls.path in torch_api.ENABLE_GRAD:
        state.no_grad = False
    elif cell.cls.path == "torch.set_grad_enabled":
        state.no_grad = None


def entered(value: Value, state: State) -> Value:
    """What `as` gets."""
    cell = state.get(value, InstanceCell)
    return value if cell is not None and isinstance(cell.cls, ClassValue) else UNKNOWN


def of_annotation(machine: Machine, node: ir.Expression, state: State) -> Value:
    """An object of the annotated type, where the type matters to us."""
    if isinstance(node, ir.Subscript):
        outer = machine.evaluate(node.value, state)
        return of_annotation(machine, node.index, state) if outer == External("typing.Optional") else UNKNOWN
    if isinstance(node, ir.Binary) and node.op == "|":
        left = of_annotation(machine, node.left, state)
        return of_annotation(machine, node.right, state) if left is UNKNOWN else left
    if not isinstance(node, ir.Name | ir.Attribute):
        return UNKNOWN
    return _instance_of(machine, machine.evaluate(node, state), state, machine.site(node))


def _instance_of(machine: Machine, cls: Value, state: State, site: Site) -> Value:
    if isinstance(cls, External) and cls.path == "torch.nn.Parameter":
        return machine.new(state, TensorCell(site, "parameter", True, None, True, None))
    if classes.is_optimizer(cls, machine.settings.known_optimizers):
        return machine.new(state, OptimizerCell("", site))
    if isinstance(cls, ClassValue):
        call = ir.Call(site.origin, ir.Literal(site.origin, ...), ())
        return machine.call(cls, Arguments((), {}, (), {}, open=True), call, state)
    if classes.is_module(cls):
        return machine.new(state, InstanceCell(cls, site, is_module=True))
    return UNKNOWN


def absolute(module: str, path: str, level: int) -> str:
    """The dotted path that a relative import means inside `module`."""
    if not level:
        return path
    package = module.split(".")[:-level] if module else []
    return ".".join([*package, path] if path else package)


def imported(machine: Machine, path: str, state: State) -> Value:
    """What `from module import name` binds."""
    path = torch_api.canonical(path)
    return machine.resolve(path, state) or External(path)


def decorated(machine: Machine, decorator: ir.Expression, value: Value, state: State) -> Value:
    """What a decorator makes of a function."""
    found = machine.evaluate(decorator, state)
    cell = state.get(found, InstanceCell)
    if cell is not None and isinstance(cell.cls, External) and cell.cls.path in torch_api.NO_GRAD:
        return Descriptor("no_grad", value)
    if isinstance(found, Descriptor) and isinstance(decorator, ir.Attribute):
        return found  # `@name.setter`
    path = found.path if isinstance(found, External) else ""
    if path in torch_api.NO_GRAD:
        return Descriptor("no_grad", value)
    kinds = {"builtins.property": "property", "functools.cached_property": "cached",
             "builtins.staticmethod": "static", "builtins.classmethod": "class"}  # fmt: skip
    if path in kinds:
        return Descriptor(kinds[path], value)
    return value if path in torch_api.KEEPS_FUNCTION else UNKNOWN
