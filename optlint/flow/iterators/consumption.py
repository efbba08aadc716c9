"""One-shot iterators: who draws from them, and what was left when they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import (
    Cover,
    InstanceCell,
    IteratorCell,
    MappingCell,
    OptimizerCell,
    SequenceCell,
    TensorCell,
    Use,
)
from optlint.flow.core.values import UNKNOWN, External, Ref, Union, Value, union
from optlint.flow.frozen import replace
from optlint.flow.iterators import births, branches, trails
from optlint.flow.iterators.draws import Draw, Purpose
from optlint.flow.pytorch.torch_api import MODULE_ITERATORS, holds_modules
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Trail
    from optlint.flow.events import Site


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
    if isinstance(cell, IteratorCell | SequenceCell) and cell.items and cell.kind != "zip":
        item = union(cell.items)
        return item if item is not UNKNOWN else _child_of(machine, cell, state, site)
    if isinstance(cell, IteratorCell | SequenceCell):
        return anonymous(machine, cell.item, state)
    if isinstance(cell, MappingCell):
        return UNKNOWN if cell.entries or cell.key is None else cell.key
    if isinstance(cell, TensorCell) and isinstance(value, Ref):
        return piece_of(machine, value, cell, state, site)
    if isinstance(cell, InstanceCell):
        return _layer_of(machine, cell, state, site)
    if isinstance(value, Union) and all(state.get(option, TensorCell) for option in value.options):
        return union(tuple(item_of(machine, option, state, site) for option in value.options))
    return UNKNOWN


def _child_of(machine: Machine, cell: IteratorCell | SequenceCell, state: State, site: Site) -> Value:
    """What stands for each of many children of a module."""
    alone = state.get(cell.items[0], InstanceCell) if cell.items else None
    if cell.children is None or alone is None:
        return UNKNOWN
    return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, part_of=cell.children))


def some_of(machine: Machine, value: Value, state: State) -> Value:
    """The same item where only some of those that it stood for are left."""
    cell, pair = state.get(value, InstanceCell), state.get(value, SequenceCell)
    if cell is not None and cell.part_of is not None:
        return machine.new(state, replace(cell, part_of=None, vague=True))
    if pair is not None and pair.items is not None and len(pair.items) == 2:
        return machine.new(state, replace(pair, items=(pair.items[0], some_of(machine, pair.items[1], state))))
    return value


def anonymous(machine: Machine, value: Value, state: State) -> Value:
    """An item that stands for many: a one-shot iterator among them, or in a tuple of them, is another one each time.

    It draws from others, too, unless these are older and so the same for all.
    """
    cell = state.cell(value)
    if isinstance(cell, SequenceCell) and any(state.get(item, IteratorCell) for item in cell.items or ()):
        return machine.new(
            state, replace(cell, items=tuple(anonymous(machine, item, state) for item in cell.items or ()))
        )
    if not isinstance(cell, IteratorCell):
        return value
    own = [
        source for source in cell.sources if (drawn := state.get(source, IteratorCell)) and drawn.depth >= cell.depth
    ]
    others = {source: anonymous(machine, source, state) for source in own}
    sources = tuple(others.get(source, source) for source in cell.sources)
    walked = cell.walked and others.get(cell.walked, cell.walked)
    return machine.new(state, replace(cell, sources=sources, walked=walked))


def another(machine: Machine, value: Value, state: State) -> Value:
    """The item of a later round: a dict that has a one-shot iterator is another dict, unless one iterator is in all."""
    cell = state.cell(value)
    if isinstance(cell, SequenceCell) and any(state.get(item, MappingCell) for item in cell.items or ()):
        items = tuple(another(machine, item, state) for item in cell.items or ())
        return value if items == cell.items else machine.new(state, replace(cell, items=items))
    if not isinstance(cell, MappingCell) or cell.role != "dict":
        return anonymous(machine, value, state)
    own = {entry.value for _, entry in cell.entries if _is_repeated(entry.value, state)}
    if not own:
        return value
    others = {iterator: anonymous(machine, iterator, state) for iterator in own}
    entries = tuple((key, replace(entry, value=others.get(entry.value, entry.value))) for key, entry in cell.entries)
    return machine.new(state, replace(cell, entries=entries))


def _is_repeated(value: Value, state: State) -> bool:
    cell = state.get(value, IteratorCell)
    return cell is not None and cell.depth > 0


def _layer_of(machine: Machine, cell: InstanceCell, state: State, site: Site) -> Value:
    """What iteration over `nn.Sequential` and `nn.ModuleList` gives."""
    path = cell.cls.path if isinstance(cell.cls, External) else ""
    if cell.children and path != "torch.nn.ModuleDict":
        any_of = union(tuple(child for _, child in cell.children))
        if any_of is not UNKNOWN:
            return any_of
    if path == "torch.nn.ParameterList":
        known = tuple(value for _, value in cell.attrs)
        return union(known) if known else machine.new(state, TensorCell(site, "parameter", True, None, True, True))
    if not holds_modules(path):
        return UNKNOWN
    return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, vague=True))


def piece_of(machine: Machine, value: Ref, cell: TensorCell, state: State, site: Site) -> Value:
    """A slice or row of a tensor."""
    whole = cell.piece_of if cell.piece_of is not None else value if cell.parameter else None
    leaf = None if cell.requires_grad is None else not cell.requires_grad
    if state.no_grad is not False:
        leaf = None
    bases = () if whole is not None or cell.requires_grad is False else (value,) if cell.leaf else cell.bases
    made = TensorCell(site, "piece", leaf, cell.requires_grad, False, piece_of=whole, bases=bases, cut=cell.cut)
    return machine.new(state, replace(made, mixed=cell.mixed or cell.escaped))


def draw(machine: Machine, ref: Ref, state: State, site: Site, purpose: Purpose) -> bool:
    """Take items from an iterator, and tell if others were there before; false if nothing is left."""
    cell = state.get(ref, IteratorCell)
    if cell is None or cell.endless:
        return True
    spent = tuple(_spent(machine, ref, cell, state, purpose))
    here = trails.of(machine, ref, site)
    if spent:
        _tell(machine, spent, here, purpose, state)
    collects = purpose.by in COPIES or (purpose.body is not None and writes(purpose.body))
    _mark(machine, ref, state, here, Draw(purpose, collects))
    return not spent


def _tell(
    machine: Machine, spent: tuple[tuple[Ref, IteratorCell], ...], here: Trail, purpose: Purpose, state: State
) -> None:
    ref, cell = spent[0]
    earlier, site = trails.meeting(cell.used_at, here)
    trains = purpose.trains or (purpose.body is not None and writes(purpose.body))
    again = earlier.origin is site.origin
    partly = cell.use is Use.PARTLY
    known = facts(ref, cell, state)
    perhaps_list = not cell.certain and machine.lists_elsewhere(cell.kind)
    if (known.of_model or purpose.trains) and not perhaps_list:
        event = events.Consumed(known, site, purpose.by, trains, earlier, partly, again)
        births.tell(machine, tuple(known for _, known in spent), event, state)


def writes(body: ir.Node) -> bool:
    """Whether a loop changes what it walks over, or collects it."""
    return any(_is_write(node) for node in ir.walk(body))


def _is_write(node: ir.Node) -> bool:
    if isinstance(node, ir.Assign | ir.AugmentedAssign):
        targets = node.targets if isinstance(node, ir.Assign) else (node.target,)
        return any(isinstance(target, ir.Attribute | ir.Subscript) for target in targets)
    if not isinstance(node, ir.Call):
        return False
    func = node.func
    name = func.attr if isinstance(func, ir.Attribute) else func.id if isinstance(func, ir.Name) else ""
    return (name.endswith("_") and not name.startswith("_")) or name in COLLECTS


COPIES = frozenset("comprehension list tuple set * unpacking extend dict deque OrderedDict".split())
COLLECTS = frozenset({"append", "extend", "add_param_group", "register_hook", "setattr", "clip_grad_norm_"})


def walked_whole(machine: Machine, item: Value, state: State) -> tuple[Cover, ...] | None:
    """What a loop goes through from end to end, where this is its item and each round gets here."""
    loop = machine.frame.loops[-1] if machine.frame.loops else None
    cell = state.cell(loop.source) if loop is not None and loop.source is not None else None
    if loop is None or not isinstance(cell, IteratorCell | SequenceCell) or state.path != loop.inside or loop.breaks:
        return None
    pair = state.get(cell.item, SequenceCell)
    items = (cell.item,) if pair is None else pair.items or ()
    return cell.covers if item in items else None


def facts(ref: Value, cell: IteratorCell, state: State) -> events.Iterator:
    """What checks may know of an iterator."""
    return events.Iterator(cell.kind, cell.made, _is_of_model(ref, state), cell.certain)


def _is_of_model(value: Value, state: State) -> bool:
    """Whether an iterator gives what a module holds: parameters, layers, buffers."""
    cell = state.get(value, IteratorCell)
    if cell is None:
        return False
    if cell.trains or cell.kind in MODULE_ITERATORS or any(_is_of_model(source, state) for source in cell.sources):
        return True
    pair = state.get(cell.item, SequenceCell)
    items = (cell.item,) if pair is None else pair.items or ()
    return any(state.get(item, TensorCell) is not None for item in items)


def _spent(
    machine: Machine, ref: Ref, cell: IteratorCell, state: State, purpose: Purpose
) -> Iterator[tuple[Ref, IteratorCell]]:
    """The iterator, or those behind it, that have nothing or too little left."""
    if _is_spent(machine, cell, state, purpose):
        yield ref, cell
        return
    for source in cell.sources:
        inner = state.get(source, IteratorCell)
        if inner is None or not isinstance(source, Ref) or cell.use is not Use.FRESH:
            continue
        if cell.beside and cell.beside == inner.beside and inner.use is Use.PARTLY:
            yield source, replace(inner, use=Use.USED)  # the lists took all that they have tensors for, once before
        else:
            yield from _spent(machine, source, inner, state, purpose)


def _is_spent(machine: Machine, cell: IteratorCell, state: State, purpose: Purpose) -> bool:
    if cell.use is Use.USED:
        return True
    takes_rest = not purpose.lost and purpose.by != "next"
    if cell.use is Use.PARTLY:
        return cell.lost and takes_rest
    if cell.use is not Use.MAYBE or cell.path is None or not takes_rest or not cell.used_at:
        return False
    return branches.leads_through(machine, cell.path, state.path)


def _mark(machine: Machine, ref: Ref, state: State, here: Trail, draw: Draw) -> None:
    cell, purpose = state.get(ref, IteratorCell), draw.purpose
    if cell is None or cell.endless:
        return
    births.drawn(machine, cell, draw, state)
    known = facts(ref, cell, state)
    if known.of_model:
        machine.emit(events.Drawn(known, here[0][1], purpose.by))
    if cell.use is not Use.USED:
        again = cell.use is Use.PARTLY
        use = Use.USED if purpose.whole else Use.PARTLY
        lost = purpose.lost or (cell.lost and again)
        used_at = cell.used_at if again else here
        trains = cell.trains or purpose.trains
        state.put(ref, replace(cell, use=use, used_at=used_at, path=state.path, lost=lost, trains=trains))
        state.changes += 1
    for source in cell.sources:
        if isinstance(source, Ref):
            whole = purpose.whole and not _stops_early(cell, state)
            behind = trails.led_on(machine, here, source)
            _mark(machine, source, state, behind, Draw(replace(purpose, whole=whole), draw.collects, itself=False))
            if purpose.whole and cell.beside:
                state.update(source, beside=cell.beside)


def _stops_early(cell: IteratorCell, state: State) -> bool:
    """Whether a wrapper may leave items in its sources; `zip` over iterators of models does not."""
    if cell.kind != "zip":
        return cell.kind in ("islice", "takewhile")
    return not all(_is_of_model(source, state) for source in cell.sources) or len(cell.sources) < 2


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
        state.marks.add((cell.born and cell.born.origin, "escaped"))
        if cell.use is not Use.USED:
            state.put(value, replace(cell, use=Use.MAYBE, path=None))
        for source in cell.sources:
            escape(source, state)
    elif isinstance(cell, TensorCell | OptimizerCell):
        _given_away(value, cell, state)
    elif deep:
        if isinstance(cell, InstanceCell) and cell.is_module:
            _handed_out(value, cell, state)
        for inner in _contents(cell):
            if not isinstance(cell, InstanceCell) and isinstance(inner, Ref):
                state.marks.add(((inner, value), "handed"))
            escape(inner, state, deep=not isinstance(cell, InstanceCell))


def _given_away(value: Ref, cell: TensorCell | OptimizerCell, state: State) -> None:
    state.marks.add((value, "escaped"))
    if isinstance(cell, OptimizerCell):
        state.put(value, replace(cell, handed=cell.handed + 1))
    elif not cell.escaped:
        state.put(value, replace(cell, escaped=True))


def _handed_out(module: Ref, cell: InstanceCell, state: State) -> None:
    """Unknown code may switch the gradients of a module, and of all that is in it, and fill what is empty."""
    if cell.children == ():
        state.put(module, replace(cell, children=None, layout=None))
    if (module, "switched") in state.marks:
        return
    state.marks.add((module, "switched"))
    for _, value in (*cell.attrs, *(cell.children or ())):
        inner = state.get(value, InstanceCell)
        if inner is not None and inner.is_module and isinstance(value, Ref):
            _handed_out(value, inner, state)


def _contents(cell: object) -> tuple[Value, ...]:
    if isinstance(cell, SequenceCell):
        return (*(cell.items or ()), cell.item)
    if isinstance(cell, MappingCell):
        return tuple(entry.value for _, entry in cell.entries)
    if isinstance(cell, InstanceCell):
        return tuple(value for _, value in cell.attrs)
    return ()


def as_sequence(
    machine: Machine, value: Value, site: Site, operand: Site, operation: str, state: State, by_key: bool | None = False
) -> None:
    """Tell of an operation that one-shot iterators do not have."""
    cell = state.get(value, IteratorCell)
    if cell is not None and cell.kind != "tqdm":
        event = events.SequenceOperation(facts(value, cell, state), site, operand, operation, by_key)
        births.tell(machine, (cell,), event, state)
