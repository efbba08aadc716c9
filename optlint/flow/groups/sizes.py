"""How many tensors the groups of an optimizer get, where the source tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import IteratorCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import Value
from optlint.flow.groups.indices import layers_of

if TYPE_CHECKING:
    from optlint.flow.core.state import State


def sizes_of(params: Value, state: State) -> tuple[int | None, ...]:
    """The size of each group of what an optimizer is given; None for those that cannot be told."""
    cell = state.get(params, SequenceCell)
    groups = [state.get(item, MappingCell) for item in (cell.items if cell is not None else None) or ()]
    known = [group for group in groups if group is not None]
    if not known or len(known) < len(groups):
        return (_size_of(params, state),)
    return tuple(_size_of_group(group, state) for group in known)


def _size_of_group(group: MappingCell, state: State) -> int | None:
    entry = group.get("params")
    return None if entry is None else _size_of(entry.value, state)


def _size_of(value: Value, state: State) -> int | None:
    cell = state.cell(value)
    if isinstance(cell, TensorCell):
        return 1
    if isinstance(cell, IteratorCell | SequenceCell) and cell.items is not None:
        alone = all(state.get(item, TensorCell) is not None for item in cell.items)
        return len(cell.items) if alone else None
    layers = layers_of(value, state)
    return None if layers is None else len(layers)
