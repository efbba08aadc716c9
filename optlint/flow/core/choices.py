"""One-shot iterators of which only one was made, after branches that differ: from there on they are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import IteratorCell, Use
from optlint.flow.core.values import Ref, Value, union
from optlint.flow.frozen import replace

if TYPE_CHECKING:
    from optlint.flow.core.state import State


def one_of(mine: Value, theirs: Value, left: State, right: State) -> tuple[Ref, IteratorCell] | None:
    """What stands for two fresh iterators of which at least one was made on its path only; None if they are others."""
    one, other = left.get(mine, IteratorCell), right.get(theirs, IteratorCell)
    if one is None or other is None or not isinstance(mine, Ref) or not isinstance(theirs, Ref) or mine == theirs:
        return None
    new = mine if mine.id not in right.heap else theirs if theirs.id not in left.heap else None
    fresh = one.use is Use.FRESH and other.use is Use.FRESH and not (one.tested or other.tested)
    if (
        new is None
        or not fresh
        or one.endless
        or other.endless
        or _are_named((*one.sources, *other.sources), left, right)
    ):
        return None
    return new, _merged(one, other)


def _are_named(sources: tuple[Value, ...], left: State, right: State) -> bool:
    """Whether a variable stands for one of the iterators that others draw from."""
    return bool(sources) and any(value in sources for state in (left, right) for value in state.variables.values())


def _merged(one: IteratorCell, other: IteratorCell) -> IteratorCell:
    alike = replace(one, item=union((one.item, other.item)), sources=(*one.sources, *other.sources), walked=None)
    alike = replace(alike, born=None, depth=max(one.depth, other.depth), certain=one.certain and other.certain)
    if one.covers != other.covers or one.items != other.items:
        alike = replace(alike, covers=None, items=None)
    if one.children != other.children or one.layers != other.layers:
        alike = replace(alike, children=None, layers=None)
    return replace(alike, filtered=one.filtered and other.filtered, ordered=one.ordered and other.ordered)


def met(values: tuple[Value, ...], states: list[State], state: State) -> Value:
    """One value for those that several paths give, in the state where they meet."""
    if len(values) != len(states) or not values:
        return union(values)
    found = values[0]
    for place, value in enumerate(values[1:], 1):
        before = states[0] if place == 1 else state
        merged = one_of(found, value, before, states[place])
        if merged is None:
            found = union((found, value))
        else:
            found = merged[0]
            state.put(*merged)
    return found
