"""Hyperparameters written into the first of several param groups, and into no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import IteratorCell, MappingCell, OptimizerCell, SequenceCell
from optlint.flow.core.values import UNKNOWN, Const, Ref, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.pytorch import torch_api

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site


def count_of(params: Value, state: State) -> tuple[int, ...] | None:
    """How many groups an optimizer makes of its first argument; None if that can't be told."""
    cell = state.cell(params)
    if not isinstance(cell, SequenceCell | IteratorCell):
        return None
    items = cell.items if cell.items is not None else (cell.item,)
    kinds = {isinstance(state.cell(option), MappingCell) for item in items for option in options_of(item)}
    if kinds != {True}:
        return (1,) if UNKNOWN not in items and kinds == {False} else None
    if cell.items is not None:
        return (len(cell.items),)
    return None if cell.layers is None else (len(cell.layers),)


def added(optimizer: Ref, state: State) -> None:
    """The optimizer gets one more group."""
    cell = state.get(optimizer, OptimizerCell)
    if cell is not None and cell.count is not None:
        state.put(optimizer, replace(cell, count=(cell.count[0] + 1,)))


def chosen(machine: Machine, receiver: Value, index: Value, group: Value, state: State) -> Value:
    """`param_groups[0]`: a group that remembers which one it is."""
    cell, groups = state.get(group, MappingCell), state.get(receiver, SequenceCell)
    whole = groups is not None and groups.owner is not None and groups.whole
    if cell is None or cell.role != "group" or not whole or not isinstance(index, Const):
        return group
    return machine.new(state, replace(cell, place=index.value if isinstance(index.value, int) else None))


def written(machine: Machine, group: MappingCell, key: Value, site: Site, state: State) -> None:
    """`group[key] = …`: told at the end of the file, if nothing there writes it into another group too."""
    owner = group.owner
    cell = state.get(owner, OptimizerCell) if owner is not None else None
    if cell is None or owner is None or not isinstance(key, Const) or key.value not in torch_api.HYPERPARAMETERS:
        return
    places = machine.groups_written.setdefault((owner, key.value), {})
    places.setdefault(site.origin, set()).add(group.place if machine.frame.loops or group.place == 0 else None)
    if group.place == 0 and cell.count is not None:
        told = events.FirstGroupSet(site, str(key.value), cell.name, cell.count[0])
        machine.when_over(lambda: _tell(machine, told, places))


def _tell(machine: Machine, told: events.FirstGroupSet, places: dict[object, set[int | None]]) -> None:
    """Tell if all that is written is in the first group, or in the first ones by one statement in a loop."""
    first = len(places[told.site.origin])
    known = all(found in ({0}, {*range(first)}) for found in places.values())
    if known and first < told.count and first == max(map(len, places.values())):
        machine.emit(replace(told, first=first))
