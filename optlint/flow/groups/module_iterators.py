"""What modules give out piece by piece: `parameters()`, `named_children()` and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, IteratorCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, Const, Ref, Value
from optlint.flow.frozen import replace
from optlint.flow.groups import indices, modules, parameter_names
from optlint.flow.python import containers
from optlint.flow.pytorch import torch_api
from optlint.flow.tensors import tensors

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site


def iterator(machine: Machine, receiver: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`module.parameters()`, `module.named_children()` and the rest."""
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    made = IteratorCell(name, site, depth=state.depth, certain=cell.cls is not UNKNOWN or cell.made is not None)
    if name in ("children", "named_children"):
        made = _children_iterator(machine, receiver, made, state)
    else:
        made = replace(made, item=_item(machine, name, receiver, state, site))
    if name in ("parameters", "named_parameters"):
        state.marks.add((receiver, modules.LISTED))
    if name in ("parameters", "named_parameters") and not arguments.all() and not cell.vague:
        layout = modules.layout_of(receiver, state)
        made = replace(
            made, covers=(modules.cover_of(receiver, state, site),), layers=layout and indices.numbered(layout)
        )
        made = parameter_names.told_apart(machine, made, receiver, state)
    return machine.new(state, made)


def _children_iterator(machine: Machine, receiver: Ref, made: IteratorCell, state: State) -> IteratorCell:
    """The children one by one where all are known, else one module that stands for each of them."""
    cover = modules.cover_of(receiver, state, made.made)
    children = modules.children_of(receiver, state)
    each = machine.new(state, InstanceCell(UNKNOWN, made.made, is_module=True, part_of=cover))
    for child in children or ():
        state.update(child, listed_by=receiver)
    named = made.kind == "named_children"
    names = {value: name for name, value in modules.named_parts(receiver, state)}
    pairs = tuple(_pair(machine, child, named, state, made.made, names.get(child)) for child in children or ())
    items = pairs if children is not None else None
    return replace(made, item=_pair(machine, each, named, state, made.made), items=items, children=cover)


def perhaps(machine: Machine, receiver: Ref, name: str, state: State, site: Site) -> Ref:
    """`x.children()` or `x.modules()` of something unknown: of a module an iterator, else perhaps a list."""
    cover = replace(modules.cover_of(receiver, state, site), again=name == "modules")
    each = machine.new(state, InstanceCell(UNKNOWN, site, part_of=cover))
    return machine.new(state, SequenceCell(name, site, None, each, children=None if cover.again else cover))


def _pair(machine: Machine, module: Ref, named: bool, state: State, site: Site, name: str | None = None) -> Value:
    """A child of a module, behind its name if that is asked for."""
    known = UNKNOWN if name is None else Const(name)
    return containers.sequence(machine, state, "tuple", site, (known, module)) if named else module


def _item(machine: Machine, name: str, owner: Ref, state: State, site: Site) -> Value:
    kind = torch_api.MODULE_ITERATORS[name]
    if kind.endswith("parameter"):
        item = tensors.parameter_of_module(machine, state, site, owner)
    elif kind.endswith("module"):
        all_inside = replace(modules.cover_of(owner, state, site), again=True)
        item = machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, part_of=all_inside))
    else:
        item = machine.new(state, TensorCell(site, "`buffers()`", True, False, False))
    if kind.startswith("named"):
        return containers.sequence(machine, state, "tuple", site, (UNKNOWN, item))
    return item
