"""Where one-shot iterators are born, and whether a list born there instead would do what was meant, and nothing else.

A list can be walked through again and again. But it is no iterator, it is filled when it is made and not when it is
first walked through, and it gives each parameter to everyone who asks. So `Births` notes, for each expression that
makes an iterator, what is done to it and what changes before it is first drawn from; where a list might do harm, or
where that can't be told, there is no birth to mend.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, IteratorCell, SequenceCell, TensorCell, Use
from optlint.flow.core.values import Closure, Ref, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.iterators.changes import ANYTHING, PARTS, bound, name_of
from optlint.flow.iterators.draws import Draw
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

Event: TypeAlias = events.Consumed | events.MembershipTested | events.SequenceOperation

MOST_CHANGES = 2_000
HASHED = frozenset({"id", "hash", "str", "repr", "len", "type", "int", "float", "bool"})  # what they give is hashable


def called(machine: Machine, node: ir.Call, function: Value, value: Value, first: int, state: State) -> None:
    """A call gave a value: if it is an iterator that the call made and nobody else holds, this is its birth."""
    cell = state.get(value, IteratorCell)
    if cell is None or not isinstance(value, Ref) or value.id <= first:
        return
    if cell.made.origin is node.origin or cell.use is not Use.FRESH:
        return
    if isinstance(function, Closure) and getattr(function.node, "is_async", False):
        return
    body = machine.frame.node
    suspends = body is not None and "yield" in machine.mentions(body)
    if not suspends and not tensor_uses.is_held(value, state):
        state.put(value, replace(cell, born=machine.site(node)))


def kept_as_defaults(machine: Machine, defaults: tuple[tuple[str, Value], ...], state: State) -> None:
    """Defaults of parameters are made once; what a function was given later on it can't tell from them."""
    for _, value in defaults:
        refuse(machine, value, state)


def passed_on(machine: Machine, value: Value, node: ir.Call, state: State) -> None:
    """`iter(iterator)` gives its argument, so what makes that is the whole call if it stands there."""
    cell = state.get(value, IteratorCell)
    born = cell.born if cell is not None else None
    if cell is not None and born is not None and isinstance(value, Ref) and born.origin is node.args[0].value.origin:
        state.put(value, replace(cell, born=machine.site(node)))


def refuse(machine: Machine, value: Value, state: State) -> None:
    """Something is done to an iterator that a list would not do, or not in the same way."""
    for option in options_of(value):
        cell = state.get(option, IteratorCell)
        if cell is not None and cell.born is not None:
            machine.births.unfit.add(cell.born.origin)


def paired(machine: Machine, made: IteratorCell, state: State) -> None:
    """`zip(it, it)` takes turns, which lists do not."""
    sources = list(_all_sources(made, state))
    for source in sources:
        if sources.count(source) > 1:
            refuse(machine, source, state)


def _all_sources(cell: IteratorCell, state: State) -> Iterator[Value]:
    for source in cell.sources:
        yield source
        inner = state.get(source, IteratorCell)
        if inner is not None:
            yield from _all_sources(inner, state)


def drawn(machine: Machine, cell: IteratorCell, draw: Draw, state: State) -> None:
    """An iterator is drawn from."""
    births, purpose = machine.births, draw.purpose
    if cell.born is None:
        return
    origin = cell.born.origin
    births.walked.add(origin)
    births.collected[origin] = births.collected.get(origin, 0) + draw.collects
    stepped = draw.itself and purpose.by == "next"
    leaves_rest = cell.use is not Use.USED and not (purpose.whole or purpose.lost)
    if stepped or leaves_rest or _is_late(machine, cell, state):
        births.unfit.add(origin)


def tested(machine: Machine, cell: IteratorCell, state: State) -> None:
    """`in` is asked of an iterator."""
    if cell.born is not None and _is_late(machine, cell, state):
        machine.births.unfit.add(cell.born.origin)


def _is_late(machine: Machine, cell: IteratorCell, state: State) -> bool:
    """Whether an iterator might have had other items if they had been taken when it was made."""
    if cell.use is not Use.FRESH or cell.tested or cell.born is None:
        return False
    inner = [found for source in cell.sources if (found := state.get(source, IteratorCell))]
    if any(source.use is not Use.FRESH for source in inner):
        return True
    changes = frozenset(machine.changes[cell.stamp :] if _is_recent(machine, cell) else (ANYTHING,))
    if not changes:
        return False
    if cell.kind in torch_api.MODULE_ITERATORS:
        return not changes.isdisjoint((PARTS, ANYTHING))
    node = machine.nodes.get(cell.born.origin)
    if node is None or not changes.isdisjoint((PARTS, ANYTHING)) or _runs_other_code(node):
        return True
    own = {name for part in ir.walk(node) for name in _bound_by(part)}
    seen_later = {name for part in _lazy_parts(node) for name in machine.mentions(part)}
    return not changes.isdisjoint((machine.mentions(node) | {bound(name) for name in seen_later - own}) - own)


def _is_recent(machine: Machine, cell: IteratorCell) -> bool:
    """Whether so little has happened since an iterator was made that it is worth looking at."""
    return len(machine.changes) - (cell.stamp or 0) < MOST_CHANGES


def _lazy_parts(node: ir.Node) -> Iterator[ir.Node]:
    """What an iterator evaluates for each item, not when it is made."""
    if isinstance(node, ir.Comprehension):
        yield node.element
        for place, clause in enumerate(node.clauses):
            yield from (*clause.tests, *([clause.iterable] if place else []))
    elif isinstance(node, ir.Call) and node.args and isinstance(node.args[0].value, ir.Lambda):
        yield node.args[0].value.body


def _runs_other_code(node: ir.Node) -> bool:
    """Whether an iterator runs a function that is not written in the expression that makes it."""
    if isinstance(node, ir.Comprehension):
        return any(isinstance(part, ir.Call) and not _is_harmless(part) for part in ir.walk(node))
    if not isinstance(node, ir.Call) or not isinstance(node.func, ir.Name | ir.Attribute):
        return True
    if name_of(node.func) in ("chain", "zip", "enumerate", "iter", "islice", "zip_longest", "from_iterable"):
        return False
    first = node.args[0].value if node.args else None
    return not (isinstance(first, ir.Lambda) or (isinstance(first, ir.Name) and first.id in HASHED))


def _is_harmless(node: ir.Call) -> bool:
    return isinstance(node.func, ir.Attribute) or (isinstance(node.func, ir.Name) and node.func.id in HASHED)


def tell(machine: Machine, cells: tuple[IteratorCell, ...], event: Event, state: State) -> None:
    """Tell the checks, when all is known that is done to these iterators and to others at the same place."""
    machine.births.told.setdefault((type(event), event.site.origin), []).extend(cells)
    machine.when_over(lambda: machine.emit(_judged(machine, event, state)), however=True)


def _judged(machine: Machine, event: Event, state: State) -> Event:
    fit = _fit(machine, event, state)
    if isinstance(event, events.MembershipTested):
        nodes = [machine.nodes.get(born.origin) for born in fit]
        only_asked = not any(born.origin in machine.births.walked for born in fit)
        return replace(event, births=fit, hashable=only_asked and all(map(_gives_hashables, nodes)))
    return replace(event, births=fit)


def _gives_hashables(node: ir.Node | None) -> bool:
    """Whether all items of an iterator can go into a set: identities, tensors, modules, or pairs of a name and one."""
    if isinstance(node, ir.Comprehension):
        return _is_hashed(node.element)
    if not isinstance(node, ir.Call):
        return False
    name, values = name_of(node.func), [argument.value for argument in node.args if not argument.keyword]
    if name in torch_api.MODULE_ITERATORS and isinstance(node.func, ir.Attribute):
        return True
    if name == "map" and values:
        function = values[0].body if isinstance(values[0], ir.Lambda) else values[0]
        return name_of(function) in HASHED or _is_hashed(function)
    parts = values[1:] if name == "filter" else values if name == "chain" else ()
    return bool(parts) and all(map(_gives_hashables, parts))


def _is_hashed(node: ir.Node) -> bool:
    return isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id in HASHED


def _fit(machine: Machine, event: Event, state: State) -> tuple[Site, ...]:
    """The expressions to be mended; none if one of them can't be."""
    cells = machine.births.told[type(event), event.site.origin]
    births = {cell.born.origin: cell.born for cell in cells if cell.born is not None}
    fits = all(cell.born is not None and _fits(machine, cell, event.site, state) for cell in cells)
    return tuple(births.values()) if fits and not machine.cut_short else ()


def _fits(machine: Machine, cell: IteratorCell, site: Site, state: State) -> bool:
    births, born = machine.births, cell.born
    if born is None or born.file is not site.file or born.origin in births.unfit:
        return False
    if (born.origin, "escaped") in state.marks or _are_shadowed(machine):
        return False
    return not _is_given_twice(machine, cell, state)


def given(machine: Machine, parts: tuple[Value, ...], owner: object) -> None:
    """These become parts of a group of `owner`."""
    for part in parts:
        if isinstance(part, Ref):
            machine.births.owners.setdefault(part, []).append(owner)
        else:
            machine.births.hidden.append(owner)


def _is_given_twice(machine: Machine, cell: IteratorCell, state: State) -> bool:
    """Whether one optimizer, or perhaps one, is given the same parameters twice: then torch raises."""
    births, own = machine.births, tuple(_parts_of(cell, state))
    collected = births.collected.get(cell.born and cell.born.origin, 0)
    if collected > 1 and any(state.get(part, InstanceCell) for part in own):
        return True  # parameters of layers can't be told from others
    for part in own:
        owners = births.owners.get(part, []) + (births.hidden if collected else [])
        hidden = sum(mark == "handed" and key[0] == part for key, mark in state.marks if isinstance(key, tuple))
        if hidden and len(owners) + hidden > 1:
            return True
        if any(None in (one, other) or one is other for place, one in enumerate(owners) for other in owners[:place]):
            return True
    return False


def _parts_of(cell: IteratorCell, state: State, depth: int = 0) -> Iterator[Ref]:
    """The tensors and modules that an iterator gives, alone or with names."""
    for item in (*(cell.items or ()), cell.item):
        for option in options_of(item):
            inner = state.cell(option)
            if isinstance(inner, TensorCell | InstanceCell) and isinstance(option, Ref):
                yield option
            elif isinstance(inner, SequenceCell) and depth < 2:
                yield from _parts_of(IteratorCell("", cell.made, items=inner.items, item=inner.item), state, depth + 1)


def _are_shadowed(machine: Machine) -> bool:
    """Whether the file gives the names that a fix would use another meaning."""
    births = machine.births
    if births.shadowed is None:
        bound = (name for node in ir.walk_all(machine.block, machine.bodies) for name in _bound_by(node))
        births.shadowed = any(name in ("list", "set", "dict") for name in bound)
    return births.shadowed


def _bound_by(node: ir.Node) -> Iterator[str]:
    """The names that a node binds."""
    if isinstance(node, ir.Function | ir.Class | ir.Parameter | ir.Import | ir.ImportFrom | ir.Handler):
        yield node.name or ""
    elif isinstance(node, ir.Case):
        yield from node.names
    elif isinstance(node, ir.Assign | ir.With):
        targets = node.targets if isinstance(node, ir.Assign) else tuple(target for _, target in node.items if target)
        yield from (part.id for target in targets for part in ir.walk(target) if isinstance(part, ir.Name))
    elif isinstance(node, ir.For | ir.Clause | ir.Walrus):
        yield from (part.id for part in ir.walk(node.target) if isinstance(part, ir.Name))
