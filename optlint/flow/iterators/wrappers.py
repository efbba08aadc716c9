"""Lazy iterators over others: `filter`, `map`, `zip`, `chain`, `islice`, `tee`, …"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.belonging import freezing
from optlint.flow.core.cells import IteratorCell, SequenceCell
from optlint.flow.core.machine import Arguments, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import UNKNOWN, Closure, Const, Derived, External, Partial, Union, Value, union
from optlint.flow.frozen import replace
from optlint.flow.groups import indices, slices
from optlint.flow.iterators import births, consumption, holdings, takings
from optlint.flow.iterators.draws import Purpose
from optlint.flow.python import containers, sets
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.events import Site


def wrapper(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`filter`, `zip`, `chain`, …: a lazy iterator over others."""
    first, name = torch_api.WRAPPERS[path], path.rpartition(".")[2]
    site = machine.site(node)
    values = arguments.values[first:]
    if name == "enumerate" and values:
        values = (values[0], arguments.pick(1, "start") or Const(0))
    if name == "iter" and len(values) == 1 and isinstance(state.cell(values[0]), IteratorCell):
        births.passed_on(machine, values[0], node, state)
        return values[0]
    for value in values:
        if isinstance(value, Union):
            consumption.escape(value, state)
    items = tuple(consumption.item_of(machine, value, state, site) for value in values)
    item = _wrapped_item(machine, name, items, values, site, state)
    if name in torch_api.CALLBACK_FIRST and arguments.values:
        result = run_callback(machine, arguments.values[0], items[0] if items else UNKNOWN, site, state)
        item = result if name in ("map", "starmap") else item
    kind = "tqdm" if path.startswith("tqdm.") else name
    sources = tuple(value for value in values if isinstance(state.cell(value), IteratorCell))
    endless = name == "cycle" or (kind == "tqdm" and not sources)
    ordered = all(sets.is_ordered(value, state) for value in values)
    made = IteratorCell(kind, site, item, sources, depth=state.depth, endless=endless, ordered=ordered)
    births.paired(machine, made, state)
    if not arguments.open:
        made = _with_contents(machine, made, next(iter(arguments.values[:first]), UNKNOWN), values, state)
    return machine.new(state, made)


def _with_contents(
    machine: Machine, made: IteratorCell, function: Value, values: tuple[Value, ...], state: State
) -> IteratorCell:
    """What a wrapper gives, where that is known: parts of a model, or items one by one."""
    if not values:
        return made
    source = state.cell(values[0])
    exact = source.items if isinstance(source, SequenceCell | IteratorCell) else None
    if made.kind in ("iter", "tqdm") and isinstance(source, SequenceCell | IteratorCell):
        return replace(made, items=exact, covers=source.covers, children=source.children, layers=source.layers)
    if made.kind == "zip":
        return replace(made, items=_paired(machine, made, values, state), beside=_lists_beside(values, state))
    if made.kind == "chain":
        joined = indices.joined_layers(values, state)
        all_kept = all(takings.has_all(value, state) for value in values)
        return replace(made, covers=holdings.joined_covers(values, state), layers=joined, trainable=all_kept)
    if made.kind == "filter":
        covers = holdings.covers_of(values[0], state)
        kept = takings.kept_by_function(function)
        made = replace(made, trainable=kept is True and takings.has_all(values[0], state))
        return replace(made, filtered=freezing.filtered(kept, covers, state) is False)
    if made.kind == "map" and len(values) == 1:
        return replace(made, layers=indices.layers_of(values[0], state))
    if made.kind == "from_iterable":
        inner = exact if exact is not None else (consumption.item_of(machine, values[0], state, made.made),)
        return replace(made, covers=holdings.joined_covers(inner, state))
    if made.kind == "enumerate" and (exact := containers.exact_items(values[0], state)) is not None:
        index = indices.counted((0,) * len(exact), values[1])
        numbers = index.values if isinstance(index, Derived) else (UNKNOWN,) * len(exact)
        pairs = zip(numbers, exact, strict=True)
        return replace(
            made, items=tuple(containers.sequence(machine, state, "tuple", made.made, pair) for pair in pairs)
        )
    if made.kind == "islice" and isinstance(source, SequenceCell | IteratorCell):
        return _sliced_contents(made, source, values)
    return made


def _paired(machine: Machine, made: IteratorCell, values: tuple[Value, ...], state: State) -> tuple[Value, ...] | None:
    """The items of `zip` over lists, or modules in a row, whose items are known one by one."""
    rows = [containers.exact_items(one, state) if state.get(one, IteratorCell) is None else None for one in values]
    columns = [row for row in rows if row is not None]
    if len(columns) < len(values):
        return None
    return tuple(containers.sequence(machine, state, "tuple", made.made, pair) for pair in zip(*columns, strict=False))


def _lists_beside(values: tuple[Value, ...], state: State) -> tuple[Value, ...]:
    """What `zip` walks beside one iterator, if these are lists of all the tensors of a model."""
    lists = tuple(value for value in values if state.get(value, SequenceCell) is not None)
    alone = len(lists) == len(values) - 1 and all(takings.has_all(one, state) for one in lists)
    return lists if alone else ()


def _sliced_contents(
    made: IteratorCell, source: SequenceCell | IteratorCell, values: tuple[Value, ...]
) -> IteratorCell:
    known = [value.value for value in values[1:] if isinstance(value, Const)]
    bounds = [bound for bound in known if bound is None or isinstance(bound, int)]
    if len(bounds) != len(values) - 1 or not 1 <= len(bounds) <= 2:
        return made
    start, stop = (None, bounds[0]) if len(bounds) == 1 else bounds
    items = source.items[slice(start, stop)] if source.items is not None else None
    children = slices.narrowed(source.children, start, stop, made.made)
    return replace(made, items=items, children=children)


def _wrapped_item(
    machine: Machine, name: str, items: tuple[Value, ...], values: tuple[Value, ...], site: Site, state: State
) -> Value:
    if name == "enumerate" and items:
        index = indices.counted(indices.layers_of(values[0], state), values[1])
        return containers.sequence(machine, state, "tuple", site, (index, items[0]))
    if name in ("zip", "zip_longest"):
        return containers.sequence(machine, state, "tuple", site, indices.paired(items, values, state))
    if name == "groupby":
        return containers.sequence(machine, state, "tuple", site, (UNKNOWN, UNKNOWN))
    if name == "from_iterable" and items:
        return consumption.item_of(machine, items[0], state, site)
    if name in ("filter", "filterfalse", "takewhile", "dropwhile", "islice", "compress") and items:
        return consumption.some_of(machine, items[0], state)
    return union(items) if items else UNKNOWN


def run_callback(machine: Machine, function: Value, item: Value, site: Site, state: State) -> Value:
    """What a function makes of each item of an iterator: it runs more than once, later, so its effects are dropped."""
    if not isinstance(function, Closure | Partial):
        if function == External("builtins.id"):
            return UNKNOWN
        return machine.call(function, Arguments((item,), {}, (site,), {}), no_call(site), state.copy()) \
            if isinstance(function, External) else UNKNOWN  # fmt: skip
    later = state.copy()
    later.depth += 1
    result = machine.call(function, Arguments((item,), {}, (site,), {}), no_call(site), later)
    if later.changes != state.changes:
        machine.call(function, Arguments((item,), {}, (site,), {}), no_call(site), later)
    state.adopt(later)
    return result


def no_call(site: Site) -> ir.Call:
    """A call that nobody wrote, of a function that something else calls."""
    return ir.Call(site.origin, ir.Literal(site.origin, ...), ())


def tee(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`tee(it, n)`: n fresh iterators; the first one must not be used any more."""
    if not arguments.values:
        return UNKNOWN
    source, site = arguments.values[0], machine.site(node)
    cell = state.get(source, IteratorCell)
    where = arguments.sites[0] if arguments.sites else site
    item = consumption.walk(machine, source, state, where, Purpose("tee"))
    count = arguments.pick(1, "n")
    number = count.value if isinstance(count, Const) and isinstance(count.value, int) else 2
    covers = cell.covers if cell is not None else None
    copies = (IteratorCell("tee", site, item, covers=covers, depth=state.depth) for _ in range(min(number, 8)))
    return containers.sequence(machine, state, "tuple", site, tuple(machine.new(state, copy) for copy in copies))
