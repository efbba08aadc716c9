"""How states of several paths become one."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, cast

from optlint.flow.core import acts, choices
from optlint.flow.core.cells import (
    Cell,
    Entry,
    InstanceCell,
    IteratorCell,
    MappingCell,
    SchedulerCell,
    SequenceCell,
    Use,
)
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, UNKNOWN, Path, Ref, Union, Value, union
from optlint.flow.frozen import replace


def join(states: list[State], path: Path) -> State | None:
    """One state for several paths that meet, or None if none of them gets there."""
    live = [state for state in states if state.live]
    if not live:
        return None
    joined = live[0]
    for state in live[1:]:
        joined = _join_two(joined, state)
    joined.path = path
    return joined


def _join_two(left: State, right: State) -> State:
    joined = left.copy()
    joined.changes = max(left.changes, right.changes)
    joined.no_grad = left.no_grad if left.no_grad == right.no_grad else None
    joined.recording = left.recording if left.recording == right.recording else False
    joined.trace = acts.met(left.trace, right.trace)
    merged: dict[Ref, Cell] = {}
    for key, mine, theirs in left.variables.differences(right.variables):
        if theirs is not None and mine != theirs:
            joined.variables[key] = theirs if mine is None else _meet(mine, theirs, left, right, merged)
    for address, cell, other in left.heap.differences(right.heap):
        one, two = cell or left.at(address), other or right.at(address)
        joined.heap[address] = join_cells(one, two) if one is not None and two is not None else cast("Cell", one or two)
        if isinstance(one, InstanceCell) and isinstance(two, InstanceCell):
            joined.heap[address] = _with_one_of(cast("InstanceCell", joined.heap[address]), left, right, merged)
    for ref, found in merged.items():
        joined.put(ref, found)
    return joined


def _meet(mine: Value, theirs: Value, left: State, right: State, merged: dict[Ref, Cell]) -> Value:
    """What a name stands for after two paths."""
    found = choices.one_of(mine, theirs, left, right)
    if found is None:
        return union((mine, theirs))
    merged.setdefault(*found)
    return found[0]


def _with_one_of(cell: InstanceCell, left: State, right: State, merged: dict[Ref, Cell]) -> InstanceCell:
    """The same for the attributes of an object."""
    if not any(isinstance(value, Union) for _, value in cell.attrs):
        return cell
    pairs = ((name, value.options if isinstance(value, Union) else ()) for name, value in cell.attrs)
    met = {name: _meet(*options, left, right, merged) for name, options in pairs if len(options) == 2}
    return replace(cell, attrs=tuple((name, met.get(name, value)) for name, value in cell.attrs))


def join_cells(left: Cell, right: Cell) -> Cell:
    """What is true of a cell on both of two paths."""
    if isinstance(left, IteratorCell) and isinstance(right, IteratorCell):
        return _join_iterators(left, right)
    if isinstance(left, MappingCell) and isinstance(right, MappingCell):
        return _join_mappings(left, right)
    if isinstance(left, InstanceCell) and isinstance(right, InstanceCell):
        attrs, given = _join_attributes(left.attrs, right.attrs), (*dict.fromkeys(left.given + right.given),)
        frozen = bool(left.frozen or right.frozen)
        return replace(cast("InstanceCell", _common(left, right)), attrs=attrs, given=given, frozen=frozen)
    if isinstance(left, SequenceCell) and isinstance(right, SequenceCell):
        common = cast("SequenceCell", _common(left, right))
        return replace(common, among=_join_contents(left, right), item=_join_item(left, right, common.item))
    if isinstance(left, SchedulerCell) and isinstance(right, SchedulerCell):
        early, behind = (*dict.fromkeys(left.early + right.early),), (*dict.fromkeys(left.left + right.left),)
        return replace(cast("SchedulerCell", _common(left, right)), early=early, left=behind)
    return cast("Cell", _common(left, right))


def _common(left: Any, right: Any) -> Any:
    """The left cell, with "cannot tell" in each field in which the right one differs."""
    if left == right:
        return left
    kind: type = type(left)
    differing = [name for name in _names(kind) if getattr(left, name) != getattr(right, name, None)]
    return replace(left, **{name: _cannot_tell(getattr(left, name), getattr(right, name, None)) for name in differing})


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind))


def _cannot_tell(left: object, right: object) -> Any:
    if isinstance(left, str | int) and not isinstance(left, bool):
        return left
    if isinstance(left, bool) and isinstance(right, bool):
        return None
    return UNKNOWN if left is UNKNOWN or right is UNKNOWN else None


def _join_contents(left: SequenceCell, right: SequenceCell) -> tuple[Value, ...]:
    """What is in a container on one of two paths at least."""
    if left.items == right.items and left.members == right.members:
        return left.among
    held = [(cell.items or (), cell.members or (), (cell.item,), cell.among) for cell in (left, right)]
    return tuple(
        dict.fromkeys(value for parts in held for part in parts for value in part if value not in (UNKNOWN, None))
    )


def _join_item(left: SequenceCell, right: SequenceCell, common: Value) -> Value:
    """What stands for each item, where two paths put in other ones, or one of them none."""
    if left.items == right.items and (left.items is not None or left.item == right.item):
        return common
    parts = [cell.items if cell.items is not None else (cell.item,) for cell in (left, right)]
    values = tuple(value for part in parts for value in part)
    return UNKNOWN if UNKNOWN in values else union(values)


def _join_iterators(left: IteratorCell, right: IteratorCell) -> IteratorCell:
    if left.use is right.use:
        beside = left.beside if left.beside == right.beside else ()
        return replace(left, tested=left.tested or right.tested, beside=beside)
    if Use.FRESH in (left.use, right.use):
        used = right if left.use is Use.FRESH else left
        return replace(used, use=Use.MAYBE)
    path = None if left.path is None or right.path is None else shared_start(left.path, right.path)
    return replace(left, use=Use.MAYBE, path=path)


def shared_start(left: Path, right: Path) -> Path:
    """The branches that two paths have in common."""
    length = next((n for n, (one, two) in enumerate(zip(left, right, strict=False)) if one != two), None)
    return left[: min(len(left), len(right)) if length is None else length]


def _join_mappings(left: MappingCell, right: MappingCell) -> MappingCell:
    theirs = dict(right.entries)
    mine = dict(left.entries)
    merged = {key: _join_entries(entry, theirs.get(key)) for key, entry in mine.items()}
    merged.update({key: replace(entry, certain=False) for key, entry in theirs.items() if key not in mine})
    differ = mine.keys() != theirs.keys() or left.open or right.open
    keys = tuple(key for key in (left.key, right.key) if key is not None)
    item, key = union((left.item, right.item)), union(keys) if keys else None
    return replace(left, entries=tuple(merged.items()), open=differ, item=item, key=key)


def _join_entries(left: Entry, right: Entry | None) -> Entry:
    if right is None:
        return replace(left, certain=False)
    if left is right:
        return left
    return replace(left, value=union((left.value, right.value)), certain=left.certain and right.certain)


def _join_attributes(
    left: tuple[tuple[str, Value], ...], right: tuple[tuple[str, Value], ...]
) -> tuple[tuple[str, Value], ...]:
    """Attributes of an object on two paths; what only one path sets keeps its value, and None gives way."""
    if right[: len(left)] == left:
        return right
    if left[: len(right)] == right:
        return left
    merged = dict(left)
    for name, theirs in right:
        mine = merged.setdefault(name, theirs)
        if mine is not theirs:
            known = tuple(value for value in (mine, theirs) if value != NONE)
            merged[name] = union(known or (NONE,))
    return tuple(merged.items())
