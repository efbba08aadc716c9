"""One-shot iterators: who draws from them, and what was left when they did."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.torch_api import MODULE_ITERATORS, WRITES_TO_PARAMETERS
from optlint.flow.values import (
    UNKNOWN,
    Cover,
    InstanceCell,
    IteratorCell,
    MappingCell,
    Ref,
    SequenceCell,
    TensorCell,
    Union,
    Use,
    Value,
    union,
)

if TYPE_CHECKING:
    from optlint.flow import ir
    from optlint.flow.events import Site
    from optlint.flow.machine import Machine
    from optlint.flow.state import State


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why an iterator is drawn from: by what, wholly or partly, and whether training depends on it.

    `lost` tells that the item taken is dropped after a look at one of its attributes; `body` is the loop that gets
    the items.
    """

    by: str
    whole: bool = True
    trains: bool = False
    lost: bool = False
    body: ir.Node | None = None


def walk(machine: Machine, value: Value, state: State, site: Site, purpose: Purpose) -> Value:
    """Iterate over a value; what comes back stands for each item."""
    if isinstance(value, Union):
        for option in value.options:
            escape(option, state)
        return union(tuple(item_of(machine, option, state, site) for option in value.options))
    cell = state.cell(value)
    if isinstance(value, Ref) and isinstance(cell, IteratorCell):
        draw(machine, value, state, site, purpose)
    elif isinstance(value, Ref) and isinstance(cell, TensorCell):
        _walked(machine, cell, site)
    return item_of(machine, value, state, site)


def _walked(machine: Machine, cell: TensorCell, site: Site) -> None:
    """Iteration over a parameter of an optimizer's group; told if nothing worse is done with its pieces."""
    if cell.how != "group parameter":
        return

    def judge(_: State) -> None:
        if not any(origin is site.origin for origin, _ in machine.flagged):
            machine.flagged.add((site.origin, "walk"))
            machine.emit(events.PieceUsed(site, site.text, site, "walk", True))

    machine.when_settled(judge)


def item_of(machine: Machine, value: Value, state: State, site: Site) -> Value:
    """What each item of an iterable is, without drawing any."""
    cell = state.cell(value)
    if isinstance(cell, IteratorCell):
        return cell.item
    if isinstance(cell, SequenceCell):
        return cell.item if cell.items is None else union(cell.items) if cell.items else UNKNOWN
    if isinstance(cell, MappingCell):
        return UNKNOWN
    if isinstance(cell, TensorCell) and isinstance(value, Ref):
        return piece_of(machine, value, cell, state, site)
    if isinstance(cell, InstanceCell) and cell.children is not None:
        return union(cell.children) if cell.children else UNKNOWN
    return UNKNOWN


def piece_of(machine: Machine, value: Ref, cell: TensorCell, state: State, site: Site) -> Value:
    """A slice or row of a tensor."""
    whole = cell.piece_of if cell.piece_of is not None else value if cell.parameter else None
    leaf = None if cell.requires_grad is None else not cell.requires_grad
    if state.no_grad is not False:
        leaf = None
    return machine.new(
        state,
        TensorCell(site, "piece", leaf, cell.requires_grad, False, piece_of=whole, statement=machine.statement),
    )


def draw(machine: Machine, ref: Ref, state: State, site: Site, purpose: Purpose) -> None:
    """Take items from an iterator, and tell if others were there before."""
    cell = state.get(ref, IteratorCell)
    if cell is None or cell.endless:
        return
    found = _used_before(ref, cell, state, purpose)
    if found is not None:
        used, place = found
        here = passed_from(machine, ref, site)
        if used.used_at is not None:
            _tell(machine, used, place, here, purpose, state)
    _mark(machine, ref, state, site, purpose)


def _tell(machine: Machine, cell: IteratorCell, ref: Ref, here: Site, purpose: Purpose, state: State) -> None:
    assert cell.used_at is not None
    trains = purpose.trains
    if purpose.body is not None:
        trains = not WRITES_TO_PARAMETERS.isdisjoint(machine.mentions(purpose.body))
    machine.emit(
        events.Consumed(
            facts(ref, cell, state),
            here,
            purpose.by,
            trains,
            cell.used_at,
            partly=cell.use is Use.PARTLY,
            again=cell.used_at.origin is here.origin,
        )
    )


def facts(ref: Value, cell: IteratorCell, state: State) -> events.Iterator:
    """What checks may know of an iterator."""
    return events.Iterator(cell.kind, cell.made, _is_of_model(ref, state))


def _is_of_model(value: Value, state: State) -> bool:
    """Whether an iterator gives what a module holds: parameters, layers, buffers."""
    cell = state.get(value, IteratorCell)
    if cell is None:
        return False
    if cell.kind in MODULE_ITERATORS or any(_is_of_model(source, state) for source in cell.sources):
        return True
    pair = state.get(cell.item, SequenceCell)
    items = (cell.item,) if pair is None else pair.items or ()
    return any(state.get(item, TensorCell) is not None for item in items)


def _used_before(ref: Ref, cell: IteratorCell, state: State, purpose: Purpose) -> tuple[IteratorCell, Ref] | None:
    """The iterator, or the one behind it, that has nothing or too little left."""
    if _is_spent(cell, state, purpose):
        return cell, ref
    for source in cell.sources:
        inner = state.get(source, IteratorCell)
        if inner is not None and isinstance(source, Ref) and cell.use is Use.FRESH:
            found = _used_before(source, inner, state, purpose)
            if found is not None:
                return replace(found[0], kind=found[0].kind), found[1]
    return None


def _is_spent(cell: IteratorCell, state: State, purpose: Purpose) -> bool:
    if cell.use is Use.USED:
        return True
    if cell.use is Use.PARTLY:
        return cell.lost and not purpose.lost and purpose.by != "next"
    certain = cell.path is not None and cell.path[: len(state.path)] == state.path
    return cell.use is Use.MAYBE and certain and not purpose.lost and purpose.by != "next"


def _mark(machine: Machine, ref: Ref, state: State, site: Site, purpose: Purpose) -> None:
    cell = state.get(ref, IteratorCell)
    if cell is None or cell.endless:
        return
    if cell.use is not Use.USED:
        first = cell.used_at if cell.use is Use.PARTLY else None
        use = Use.USED if purpose.whole else Use.PARTLY
        lost = purpose.lost or (cell.lost and cell.use is Use.PARTLY)
        state.put(ref, replace(cell, use=use, used_at=first or site, path=state.path, lost=lost))
        state.changes += 1
    for source in cell.sources:
        if isinstance(source, Ref):
            _mark(machine, source, state, site, replace(purpose, whole=purpose.whole and cell.kind not in PARTIAL))


PARTIAL = frozenset({"islice", "takewhile", "zip"})


def passed_from(machine: Machine, ref: Ref, site: Site) -> Site:
    """Where the caller handed over what is used at `site`: that line, not the helper's, is to be mended."""
    frame = machine.frame
    while ref in frame.given and frame.caller is not None:
        site = frame.given[ref]
        frame = frame.caller
    return site


def escape(value: Value, state: State, deep: bool = True) -> None:
    """Code that is not known gets hold of a value: what it may do to it is done, perhaps."""
    if isinstance(value, Union):
        for option in value.options:
            escape(option, state, deep)
        return
    cell = state.cell(value)
    if not isinstance(value, Ref) or cell is None:
        return
    if isinstance(cell, IteratorCell):
        if cell.use is not Use.USED:
            state.put(value, replace(cell, use=Use.MAYBE, path=None))
        for source in cell.sources:
            escape(source, state)
    elif isinstance(cell, TensorCell):
        if not cell.escaped:
            state.put(value, replace(cell, escaped=True))
    elif deep:
        for inner in _contents(cell):
            escape(inner, state, deep=not isinstance(cell, InstanceCell))


def _contents(cell: object) -> tuple[Value, ...]:
    if isinstance(cell, SequenceCell):
        return (*(cell.items or ()), cell.item)
    if isinstance(cell, MappingCell):
        return tuple(entry.value for _, entry in cell.entries)
    if isinstance(cell, InstanceCell):
        return tuple(value for _, value in cell.attrs)
    return ()


def covers_of(value: Value, state: State) -> tuple[Cover, ...] | None:
    """Which parameters of which modules a value holds, where that is known."""
    cell = state.cell(value)
    return cell.covers if isinstance(cell, IteratorCell | SequenceCell) else None
