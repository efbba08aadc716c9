"""What `list(…)`, `copy.copy` and `copy.deepcopy` give: things of the same kind, with shared parameters or own ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cover, InstanceCell, IteratorCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, Ref, Union, Value, union
from optlint.flow.frozen import replace
from optlint.flow.groups import growth
from optlint.flow.iterators import consumption, holdings
from optlint.flow.iterators.draws import Purpose
from optlint.flow.python import containers, sets

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

LARGEST = 500


def into(machine: Machine, value: Value, kind: str, state: State, site: Site, purpose: Purpose) -> Ref:
    """`list(value)` and its like: draws from an iterator, copies a container."""
    cell = state.cell(value)
    item = consumption.walk(machine, value, state, site, purpose)
    layers = cell.layers if isinstance(cell, SequenceCell | IteratorCell) and kind != "set" else None
    if isinstance(cell, SequenceCell):
        ordered = cell.ordered and (kind != "set" or cell.kind == "set")
        covers = holdings.only_once(cell.covers) if "set" in (kind, cell.kind) else cell.covers
        return machine.new(state, replace(cell, kind=kind, made=site, ordered=ordered, layers=layers, covers=covers))
    ordered = kind != "set" and not (isinstance(value, Union) and sets.is_shuffled(value, state))
    made = SequenceCell(kind, site, None, item, ordered=ordered, layers=layers)
    if isinstance(cell, InstanceCell) and isinstance(value, Ref) and containers.is_row(cell):
        made = _of_layers(machine, value, cell, made, state)
    if isinstance(cell, IteratorCell):
        numbers = cell.made is not None and sets.gives_numbers(machine.nodes.get(cell.made.origin))
        ordered = cell.ordered and (kind != "set" or numbers)
        made = replace(made, items=cell.items, children=cell.children, ordered=ordered)
        covers = holdings.only_once(cell.covers) if kind == "set" else holdings.own_covers(value, state)
        made = replace(made, filtered=cell.filtered, covers=covers, trainable=cell.trainable)
    return machine.new(state, made)


def _of_layers(machine: Machine, row: Ref, cell: InstanceCell, made: SequenceCell, state: State) -> SequenceCell:
    """`list(sequential)`: its children."""
    assert made.made is not None
    items = containers.exact_items(row, state)
    for child in items or ():
        if isinstance(child, Ref):
            state.update(child, listed_by=row)
    children = Cover(row, site=made.made) if cell.part_of is None else replace(cell.part_of, site=made.made)
    if items is not None:
        return replace(made, items=items, children=children)
    each = machine.new(state, InstanceCell(UNKNOWN, made.made, is_module=True, part_of=children))
    return replace(made, item=each, children=children)


def deep(machine: Machine, value: Value, state: State) -> Value:
    """`copy.deepcopy(value)`: a copy shares nothing with what it was made from."""
    return _copied(machine, value, state, {})


def shallow(machine: Machine, value: Value, state: State) -> Value:
    """`copy.copy(value)`: another object that holds the same things."""
    cell = state.cell(value)
    if isinstance(cell, InstanceCell):
        return machine.new(state, replace(cell, parent=None, listed_by=None))
    return machine.new(state, cell) if isinstance(cell, SequenceCell | MappingCell) else UNKNOWN


def _copied(machine: Machine, value: Value, state: State, made: dict[Ref, Ref]) -> Value:
    if isinstance(value, Union):
        return union(tuple(_copied(machine, option, state, made) for option in value.options))
    if not isinstance(value, Ref):
        return value
    cell = state.cell(value)
    if value in made:
        return made[value]
    if len(made) > LARGEST or not isinstance(cell, InstanceCell | TensorCell | SequenceCell | MappingCell):
        return UNKNOWN
    copy = made[value] = machine.new(state, cell)
    if (value, growth.GROWS) in state.marks:
        state.marks.add((copy, growth.GROWS))
    if isinstance(cell, SequenceCell):
        _copy_sequence(machine, copy, cell, state, made)
    elif isinstance(cell, MappingCell):
        entries = ((key, replace(part, value=_copied(machine, part.value, state, made))) for key, part in cell.entries)
        item = _copied(machine, cell.item, state, made)
        state.put(copy, replace(cell, entries=tuple(entries), item=item))
    else:
        _copy_object(machine, copy, cell, state, made)
    return copy


def _copy_sequence(machine: Machine, copy: Ref, cell: SequenceCell, state: State, made: dict[Ref, Ref]) -> None:
    items = None if cell.items is None else tuple(_copied(machine, item, state, made) for item in cell.items)
    item = _copied(machine, cell.item, state, made)
    state.put(copy, replace(cell, items=items, item=item, covers=None, children=None, owner=None, dealt=None))


def _copy_object(
    machine: Machine, copy: Ref, cell: InstanceCell | TensorCell, state: State, made: dict[Ref, Ref]
) -> None:
    parent = cell.parent and (made.get(cell.parent[0]), cell.parent[1])
    kept = (parent[0], parent[1]) if parent is not None and parent[0] is not None else None
    if isinstance(cell, TensorCell):
        state.put(copy, replace(cell, bases=(), piece_of=None, parent=kept))
        return
    attrs = tuple((name, _copied(machine, value, state, made)) for name, value in cell.attrs)
    named = cell.children
    children = None if named is None else tuple((name, _copied(machine, value, state, made)) for name, value in named)
    state.put(copy, replace(cell, attrs=attrs, children=children, parent=kept, listed_by=None, part_of=None))


def repeated(machine: Machine, value: Value, state: State, site: Site) -> Value | None:
    """`[layer] * n`: nobody knows how often."""
    cell = state.get(value, SequenceCell)
    if cell is None or cell.kind not in ("list", "tuple"):
        return None
    item = union(cell.items) if cell.items else cell.item
    members = containers.members_of(cell)[: containers.MOST_MEMBERS]
    return machine.new(state, SequenceCell(cell.kind, site, None, item, members=members))


def merged(machine: Machine, left: Value, right: Value, state: State, site: Site) -> Value | None:
    """`left | right` of two dicts: the entries of both, those of the right one where they meet."""
    first, second = state.get(left, MappingCell), state.get(right, MappingCell)
    if first is None or second is None:
        return None
    entries = tuple((dict(first.entries) | dict(second.entries)).items())
    blank, item = first.open or second.open, union((first.item, second.item))
    return machine.new(state, MappingCell(site, entries, blank, item if blank else UNKNOWN))
