"""Modules that get other parts after they were made: layers put in, taken out, or built when data first comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, External, Ref, Value
from optlint.flow.frozen import replace
from optlint.flow.iterators.changes import ANYTHING, PARTS, name_of
from optlint.flow.python import classes, containers
from optlint.flow.pytorch import torch_api, torch_layers
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

GROWS = "grows"  # marks a module that builds parts when it is called
CHANGING = frozenset("append extend insert pop popitem update setdefault clear __setitem__ __delitem__".split())
REGISTERING = frozenset("setattr add_module register_module register_parameter".split())
STARTS = frozenset({"forward", "__call__", "setup", "configure_model"})  # these two are Lightning's


def is_container(cell: InstanceCell | None) -> bool:
    """Whether a cell is an `nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict`."""
    return cell is not None and isinstance(cell.cls, External) and cell.cls.path in torch_api.CONTAINERS


def put(receiver: Ref, index: Value, value: Value, state: State) -> None:
    """`sequential[2] = layer`, `heads["main"] = layer`."""
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    key, children = index.value if isinstance(index, Const) else None, cell.children
    if children is not None and isinstance(key, int) and -len(children) <= key < len(children):
        _become(receiver, (*children[:key], (children[key][0], value), *children[key:][1:]), state)
    elif children is not None and isinstance(key, str):
        _become(receiver, tuple((dict(children) | {key: value}).items()), state)
    else:
        forget(receiver, state)
        if isinstance(index, Const):
            cell = state.get(receiver, InstanceCell)
            assert cell is not None
            state.put(receiver, replace(cell, attrs=(*cell.attrs, (f"[{key!r}]", value))))


def added_by(name: str, arguments: Arguments, state: State) -> tuple[Value, ...]:
    """What a method puts into a container of modules, as far as that is known."""
    if name == "extend" and arguments.values:
        return containers.exact_items(arguments.values[0], state) or ()
    return arguments.values[-1:] if name in ("append", "insert") else ()


def changed(receiver: Ref, name: str, arguments: Arguments, state: State) -> None:
    """`layers.append(layer)` and its like."""
    cell = state.get(receiver, InstanceCell)
    added = added_by(name, arguments, state) if name in ("append", "extend") else ()
    known = bool(added) and not arguments.open and not state.depth and cell is not None and cell.children is not None
    if known and cell is not None and cell.children is not None and all(_is_module(part, state) for part in added):
        numbered = tuple((str(place), part) for place, part in enumerate(added, len(cell.children)))
        _become(receiver, (*cell.children, *numbered), state)
    else:
        forget(receiver, state)


def _become(receiver: Ref, children: tuple[tuple[str, Value], ...], state: State) -> None:
    state.update(receiver, children=children, layout=None, names=None, part_of=None, trainable=None)


def forget(receiver: Ref, state: State) -> None:
    """Other parts are in a container now, nobody knows which."""
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    attrs = tuple(pair for pair in cell.attrs if not pair[0].startswith("["))
    emptied = replace(cell, children=None, layout=None, names=None, part_of=None, trainable=None)
    state.put(receiver, replace(emptied, attrs=attrs))


def removed(receiver: Ref, target: ir.Attribute | ir.Subscript, state: State) -> None:
    """`del module.name`, `del layers[0]`."""
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    if isinstance(target, ir.Subscript):
        forget(receiver, state)
        return
    name = target.attr
    attrs = tuple(pair for pair in cell.attrs if pair[0] != name)
    children = None if cell.children is None else tuple(pair for pair in cell.children if pair[0] != name)
    state.put(receiver, replace(cell, attrs=attrs, children=children, layout=None, names=None))


def _is_module(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and cell.is_module is True


def has_happened(machine: Machine, since: int, module: Ref, state: State) -> bool:
    """Whether a module may have other parts than it had after so many changes."""
    later = machine.changes[since:]
    return PARTS in later or ANYTHING in later or (module, GROWS) in state.marks


def born(machine: Machine, cls: ClassValue, ref: Ref, state: State) -> None:
    """Note of an object of the project whether it builds parts of itself when it is called."""
    if classes.is_module(cls) and any(_builds_later(machine, base) for base in classes.ancestry(cls)):
        state.marks.add((ref, GROWS))


def reached(found: tuple[Value, ClassValue], name: str, module: Value, state: State) -> None:
    """Note a module one of whose methods is asked for that a decorator made: what it does to the object is not seen."""
    value, cls = found
    if value is UNKNOWN and any(isinstance(node, ir.Function) and node.name == name for node in cls.node.body):
        state.marks.add((module, GROWS))


def _builds_later(machine: Machine, cls: Value) -> bool:
    if not isinstance(cls, ClassValue):
        return False
    known = machine.growing.get(cls.node)
    if known is None:
        known = machine.growing[cls.node] = any(_builds(machine, node) for node in in_forward(machine, (cls.node,)))
    return known


def in_forward(machine: Machine, nodes: Sequence[ir.Class]) -> Iterator[ir.Function]:
    """`forward` and the methods that it calls, of a class and of as many of its bases as are given, nearest first."""
    methods = {part.name: part for cls in reversed(nodes) for part in cls.body if isinstance(part, ir.Function)}
    pending, seen = [name for name in methods if name in STARTS], set[str]()
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending += methods.keys() & machine.mentions(methods[name])
            yield methods[name]


def _builds(machine: Machine, function: ir.Function) -> bool:
    """Whether a method sets an attribute of its object, and makes a layer that it could set."""
    if not function.parameters:
        return False
    me, stores, makes = function.parameters[0].name, False, False
    for node in ir.walk_all(machine.bodies(function), machine.bodies):
        if isinstance(node, ir.Call):
            name = name_of(node.func)
            stores |= name in REGISTERING
            makes |= name in REGISTERING or _makes_part(machine, name)
        elif isinstance(node, ir.Assign) and not isinstance(node.value, ir.Literal):
            stores |= any(_is_own(target, me) for target in node.targets)
    return stores and makes


def _is_own(target: ir.Expression, me: str) -> bool:
    """Whether a target is an attribute or item of an attribute of the object."""
    while isinstance(target, ir.Attribute | ir.Subscript):
        target = target.value
        if isinstance(target, ir.Name) and target.id == me:
            return True
    return isinstance(target, ir.Display) and any(_is_own(item, me) for item in target.items)


def _makes_part(machine: Machine, name: str) -> bool:
    if f"torch.nn.{name}" in torch_layers.LAYERS or f"torch.nn.{name}" in torch_api.CONTAINERS or name == "Parameter":
        return True
    return any(cls.node.name == name and classes.is_module(cls) for cls in machine.classes)
