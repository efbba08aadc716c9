"""Containers added up: `sum(lists, [])` and `reduce(operator.add, lists)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import IteratorCell, SequenceCell
from optlint.flow.core.values import External, Value
from optlint.flow.iterators import consumption, holdings
from optlint.flow.python import containers

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site
    from optlint.flow.reading import ir

ADDS = frozenset({"operator.add", "operator.iadd", "operator.concat", "operator.iconcat"})


def added_up(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value | None:
    """What `sum` or `reduce` gives for containers, None if it adds up something else; iterators can't be added."""
    place = _place_of_rows(path, arguments)
    if place is None or place >= len(arguments.values) or len(arguments.sites) <= place:
        return None
    rows, where = arguments.values[place], arguments.sites[place]
    start = arguments.pick(place + 1, "start")
    items = containers.exact_items(rows, state)
    each = items if items is not None else (consumption.item_of(machine, rows, state, where),)
    if not _are_added(path, start, each, state):
        return None
    for item in dict.fromkeys(each):
        cell = state.get(item, IteratorCell)
        operand = where if cell is None else cell.made
        consumption.as_sequence(machine, item, where, operand, f"`{path.rpartition('.')[2]}()`", state)
    values = each if start is None else (start, *each)
    return _together(machine, values, items is not None, state, machine.site(node))


def _place_of_rows(path: str, arguments: Arguments) -> int | None:
    """Which argument holds what is added up."""
    if path == "builtins.sum":
        return 0
    function = arguments.values[0] if path == "functools.reduce" and arguments.values else None
    return 1 if isinstance(function, External) and function.path in ADDS else None


def _are_added(path: str, start: Value | None, each: tuple[Value, ...], state: State) -> bool:
    """Whether it begins with a container; `reduce` begins with the first of several if no other is given."""
    if start is not None:
        return state.get(start, SequenceCell) is not None
    return path != "builtins.sum" and len(each) > 0 and isinstance(state.cell(each[0]), SequenceCell | IteratorCell)


def _together(machine: Machine, values: tuple[Value, ...], exact: bool, state: State, site: Site) -> Value:
    """One container with what is in all of these; unless it is `exact`, the last stands for any number of them."""
    if exact:
        whole = values[0]
        for value in values[1:]:
            whole = containers.concatenated(machine, whole, value, state, site)
        return whole
    first = state.get(values[0], SequenceCell)
    item = consumption.item_of(machine, values[-1], state, site)
    covers = holdings.joined_covers(values, state)
    members = containers.members_of(first)[: containers.MOST_MEMBERS] if first is not None and len(values) > 1 else ()
    kind = first.kind if first is not None else "list"
    return machine.new(state, SequenceCell(kind, site, None, item, covers=covers, members=members))
