"""`value[index]` and `value[start:stop]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optlint.flow.core.cells import Cover, InstanceCell, IteratorCell, SequenceCell, TensorCell
from optlint.flow.core.machine import Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, Derived, External, Ref, Value, union
from optlint.flow.frozen import replace
from optlint.flow.groups import indices, modules, picks, slices
from optlint.flow.iterators import consumption
from optlint.flow.python import containers, objects
from optlint.flow.rates import first_group, hyperparameters
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_methods

if TYPE_CHECKING:
    from optlint.flow.events import Site


def subscript(machine: Machine, node: ir.Subscript, state: State) -> Value:
    """`value[index]`."""
    receiver = machine.evaluate(node.value, state)
    cell = state.cell(receiver)
    if isinstance(cell, IteratorCell):
        what = "slicing" if isinstance(node.index, ir.Slice) else "indexing"
        here, operand, by_key = machine.site(node), machine.site(node.value), _is_key(node.index)
        consumption.as_sequence(machine, receiver, here, operand, what, state, by_key)
        return cell.item
    if isinstance(node.index, ir.Slice):
        return _sliced(machine, receiver, node, node.index, state)
    index = machine.evaluate(node.index, state)
    named = state.get(index, SequenceCell)
    if named is not None and named.kind == "slice" and named.items is not None:
        bounds = [item.value if isinstance(item, Const) else ... for item in named.items]
        return _cut(machine, receiver, node, bounds, state)
    if isinstance(receiver, External):
        table = machine.imported(receiver.path)
        if isinstance(table, Ref):
            return containers.get_item(machine, table, index, state)
        return objects.from_zoo(receiver.path.removesuffix(".__dict__"))
    if isinstance(cell, TensorCell) and isinstance(receiver, Ref):
        return tensor_methods.piece(machine, receiver, cell, state, machine.site(node))
    if isinstance(cell, InstanceCell):
        return _of_instance(machine, receiver, cell, index, node, state)
    if isinstance(index, Derived) or isinstance(receiver, Derived):
        return indices.item(machine, receiver, index, state)
    if copies := hyperparameters.copied_groups_of_unknown(machine, node, index, receiver, state):
        return copies
    item = containers.get_item(machine, receiver, index, state)
    return first_group.chosen(machine, receiver, index, item, state)


def _is_key(index: ir.Expression) -> bool | None:
    """Whether an item is asked for by a string; None if that can't be told."""
    if isinstance(index, ir.Literal):
        return isinstance(index.value, str)
    return False if isinstance(index, ir.Slice | ir.Unary) else None


def _of_instance(
    machine: Machine, receiver: Value, cell: InstanceCell, index: Value, node: ir.Subscript, state: State
) -> Value:
    """`sequential[0]`, or `__getitem__` of a class of the project, which is not run."""
    if isinstance(receiver, Ref) and not isinstance(cell.cls, ClassValue):
        return modules.item_of(machine, receiver, index, state, machine.site(node))
    return UNKNOWN


def _sliced(machine: Machine, receiver: Value, node: ir.Subscript, index: ir.Slice, state: State) -> Value:
    """`receiver[start:stop]`."""
    bounds = [slices.bound_of(machine, part, state) for part in (index.lower, index.upper, index.step)]
    return _cut(machine, receiver, node, bounds, state)


def _cut(machine: Machine, receiver: Value, node: ir.Subscript, ends: list[Any], state: State) -> Value:
    """The same with start, stop and perhaps step evaluated."""
    bounds, step = ends[:2], ends[2] if len(ends) > 2 else None
    whole = step is None and not any(bound is ... for bound in bounds)
    plain = whole and not any(isinstance(bound, slices.Place) for bound in bounds)
    cell, site = state.cell(receiver), machine.site(node)
    if isinstance(cell, TensorCell) and isinstance(receiver, Ref):
        return tensor_methods.piece(machine, receiver, cell, state, machine.site(node))
    if isinstance(cell, InstanceCell) and cell.is_module and isinstance(receiver, Ref):
        return _sliced_module(machine, receiver, cell, bounds if whole else None, site, state)
    if not isinstance(cell, SequenceCell):
        return UNKNOWN
    children = slices.narrowed(cell.children, bounds[0], bounds[1], site) if whole else None
    layers = indices.sliced_layers(receiver, (*bounds, step), state)
    made = replace(cell, made=site, items=None, item=_any_item(cell), sites=None, children=children)
    covers = picks.sliced(machine, cell, slice(bounds[0], bounds[1], step), site, state) if layers is not None else None
    made = replace(made, layers=layers, covers=covers, members=None, whole=False, trainable=False)
    if cell.items is not None and plain:
        part = slice(*bounds)
        made = replace(made, items=cell.items[part], sites=cell.sites[part] if cell.sites else None)
    elif children is not None:
        made = replace(made, item=_each(machine, cell, children, state))
    else:
        made = replace(made, item=consumption.some_of(machine, made.item, state))
    return machine.new(state, made)


def _each(machine: Machine, cell: SequenceCell, children: Cover, state: State) -> Value:
    """What stands for each child of a slice: a module, or a name with one."""
    site, one = children.site, cell.items[0] if cell.items else cell.item
    assert site is not None
    known = state.get(one, InstanceCell)
    blank = InstanceCell(UNKNOWN, site, is_module=True) if known is None or cell.items else known
    each = machine.new(state, replace(blank, part_of=children))
    pair = state.get(one, SequenceCell)
    return containers.sequence(machine, state, "tuple", site, (UNKNOWN, each)) if pair is not None else each


def _any_item(cell: SequenceCell) -> Value:
    return cell.item if cell.items is None else union(cell.items)


def _sliced_module(
    machine: Machine, receiver: Ref, cell: InstanceCell, bounds: list[Any] | None, site: Site, state: State
) -> Value:
    """`sequential[:3]`: a container of some of its children."""
    if bounds is None:
        return machine.new(state, InstanceCell(cell.cls, site, is_module=True))
    plain = cell.children is not None and not any(isinstance(bound, slices.Place) for bound in bounds)
    children = cell.children[slice(*bounds)] if cell.children is not None and plain else None
    part = slices.narrowed(modules.cover_of(receiver, state, site), bounds[0], bounds[1], site)
    return machine.new(state, InstanceCell(cell.cls, site, is_module=True, children=children, part_of=part))
