"""`nn.Module`s: their children, the layout of their parameters, and the iterators that they give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow import classes, consumption, containers, tensors, torch_api
from optlint.flow.values import (
    UNKNOWN,
    ClassValue,
    Const,
    Cover,
    External,
    InstanceCell,
    IteratorCell,
    Ref,
    SequenceCell,
    TensorCell,
    Value,
    union,
)

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Arguments, Machine
    from optlint.flow.state import State

CONTAINERS = frozenset({"torch.nn.Sequential", "torch.nn.ModuleList"})


def built(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """A layer or model of another package, from a call of its class or factory."""
    if path in CONTAINERS:
        return _container(machine, path, arguments, state, site)
    ref = machine.new(state, InstanceCell(External(path), site, is_module=True, layout=_layout(path, arguments)))
    named = torch_api.TORCHVISION_CHILDREN.get(path)
    if named is not None:
        state.update(ref, children=tuple(_named_child(machine, state, ref, site, *child) for child in named))
    return ref


def _named_child(machine: Machine, state: State, parent: Ref, site: Site, name: str, has_parameters: bool) -> Ref:
    layout = None if has_parameters else ()
    return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, layout=layout, parent=(parent, name)))


def _layout(path: str, arguments: Arguments) -> tuple[int, ...] | None:
    """How many parameter tensors each layer in it has, in order."""
    if path in torch_api.ALL_BIAS:
        return (2,) * torch_api.ALL_BIAS[path]
    if path in torch_api.NO_PARAMETERS:
        return ()
    if path in torch_api.ONE_WEIGHT:
        return (1,)
    if path not in torch_api.WEIGHT_AND_BIAS and path not in torch_api.NORMS:
        return None
    flag = arguments.keywords.get("bias" if path in torch_api.WEIGHT_AND_BIAS else "affine", Const(True))
    if arguments.open or not isinstance(flag, Const):
        return None
    if path in torch_api.NORMS:
        return (2,) if flag.value else ()
    return (2,) if flag.value else (1,)


def _container(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`nn.Sequential(a, b)`, `nn.Sequential(*layers)`, `nn.ModuleList([a, b])`."""
    items: tuple[Value, ...] | None = arguments.values
    part = None
    if path == "torch.nn.ModuleList" and arguments.values:
        source = state.get(arguments.values[0], SequenceCell)
        items = source.items if source is not None else None
        part = source.children if source is not None else None
    if arguments.open:
        items = None
    mapping = path == "torch.nn.Sequential" and len(arguments.values) == 1 and not _is_module(arguments.values[0], state)
    cell = InstanceCell(External(path), site, is_module=True, children=None if mapping else items, part_of=part)
    return machine.new(state, cell)


def _is_module(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and cell.is_module is True


def spread(machine: Machine, path: str, source: Value, state: State, site: Site) -> Ref:
    """`nn.Sequential(*source)` where the children are a slice of another module's."""
    cell = state.get(source, SequenceCell)
    if cell is not None and cell.items is not None:
        return machine.new(state, InstanceCell(External(path), site, is_module=True, children=cell.items))
    part = cell.children if cell is not None else None
    if part is None and (covers := consumption.covers_of(source, state)):
        part = covers[0] if len(covers) == 1 else None
    return machine.new(state, InstanceCell(External(path), site, is_module=True, part_of=part))


def iterator(machine: Machine, receiver: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`module.parameters()`, `module.named_children()` and the rest."""
    item = _item(machine, receiver, name, state, site)
    covers = None
    if name in ("parameters", "named_parameters", "children") and not arguments.all():
        covers = (cover_of(receiver, state, site),)
    return machine.new(state, IteratorCell(name, site, item, covers=covers, depth=state.depth))


def _item(machine: Machine, receiver: Ref, name: str, state: State, site: Site) -> Value:
    kind = torch_api.MODULE_ITERATORS[name]
    item: Value = UNKNOWN
    if kind.endswith("parameter"):
        item = tensors.parameter_of_module(machine, state, site)
    elif kind.endswith("module"):
        cell = state.get(receiver, InstanceCell)
        children = cell.children if cell is not None and name in ("children", "named_children") else None
        plain = machine.new(state, InstanceCell(UNKNOWN, site, is_module=True))
        item = union(children) if children and len(children) == 1 else plain
    elif kind.endswith("tensor"):
        item = machine.new(state, TensorCell(site, "buffer", True, None, False, True))
    if kind.startswith("named"):
        return containers.sequence(machine, state, "tuple", site, (UNKNOWN, item))
    return item


def cover_of(module: Ref, state: State, site: Site) -> Cover:
    """Which parameters a module stands for: its own, or a slice of those of the module it was built from."""
    cell = state.get(module, InstanceCell)
    if cell is not None and cell.part_of is not None:
        return replace(cell.part_of, site=site)
    return Cover(module, site=site)


def children_of(module: Ref, state: State) -> tuple[Value, ...] | None:
    """The children of a module in order of registration, where all are known."""
    cell = state.get(module, InstanceCell)
    if cell is None:
        return None
    if cell.children is not None:
        return cell.children
    if not isinstance(cell.cls, ClassValue) or not _is_plain(cell.cls):
        return None
    values = [value for _, value in cell.attrs]
    found = [value for value in values if _is_module(value, state)]
    return tuple(found) if found else None


def _is_plain(cls: ClassValue) -> bool:
    """Whether a class derives from `nn.Module` directly or through classes of the project only."""
    outer = [base for base in classes.ancestry(cls) if not isinstance(base, ClassValue)]
    return all(isinstance(base, External) and base.path == "torch.nn.Module" for base in outer)


def layout_of(module: Value, state: State, depth: int = 0) -> tuple[int, ...] | None:
    """How many parameter tensors each layer of a module has, in order of `parameters()`."""
    cell = state.get(module, InstanceCell)
    if cell is None or depth > 8 or not isinstance(module, Ref):
        return None
    if cell.layout is not None:
        return cell.layout
    children = children_of(module, state)
    if children is None or _owns_parameters(cell, state):
        return None
    layouts = [layout_of(child, state, depth + 1) for child in children]
    if any(layout is None for layout in layouts):
        return None
    return tuple(count for layout in layouts for count in layout or ())


def _owns_parameters(cell: InstanceCell, state: State) -> bool:
    """Whether a module has, or may have, parameters that belong to no child."""
    return any(isinstance(state.cell(value), TensorCell) or value is UNKNOWN for _, value in cell.attrs)


def child(machine: Machine, parent: Ref, name: str, state: State) -> Value:
    """An attribute of a module that the project's code does not set: the same cell each time it is read."""
    cell = state.get(parent, InstanceCell)
    assert cell is not None
    for known in cell.children or ():
        inner = state.get(known, InstanceCell)
        if inner is not None and inner.parent == (parent, name):
            return known
    made = machine.new(state, InstanceCell(UNKNOWN, None, parent=(parent, name)))
    state.put(parent, replace(cell, attrs=(*cell.attrs, (name, made))))
    return made


def has_parameters(value: Value, state: State) -> bool | None:
    """Whether a module has any parameters; None if that cannot be told."""
    layout = layout_of(value, state)
    return None if layout is None else any(layout)
