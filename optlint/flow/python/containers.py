"""Lists, tuples, sets and dicts: what goes in, what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from optlint.flow.core.cells import Cell, Entry, InstanceCell, IteratorCell, MappingCell, SequenceCell
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import DATA, NONE, UNKNOWN, Const, External, Ref, Value, options_of, union
from optlint.flow.frozen import replace
from optlint.flow.iterators import consumption, holdings, takings
from optlint.flow.iterators.draws import Purpose
from optlint.flow.python import sets
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

MOST_ITEMS = 64
MOST_MEMBERS = 16


def sequence(
    machine: Machine, state: State, kind: str, site: Site, items: tuple[Value, ...] | None, item: Value = UNKNOWN,
    sites: tuple[Site, ...] | None = None,
) -> Ref:  # fmt: skip
    """A new container of these items, or of unknown many like `item`."""
    if items is not None and len(items) > MOST_ITEMS:
        item, items, sites = union(items), None, None
    ordered = kind != "set" or items == ()
    return machine.new(state, SequenceCell(kind, site, items, item, sites, ordered=ordered, trainable=items == ()))


def members_of(cell: SequenceCell) -> tuple[Value, ...]:
    """What is surely in a container; a value may stand for many."""
    return cell.items if cell.items is not None else cell.members or (cell.item,)


def surely_in(cell: object) -> tuple[Value, ...]:
    """What is surely in what is walked over, if it is not empty."""
    if isinstance(cell, SequenceCell):
        return members_of(cell)
    return (cell.item,) if isinstance(cell, IteratorCell) else ()


def exact_items(value: Value, state: State) -> tuple[Value, ...] | None:
    """The items one by one, where they are known."""
    cell = state.cell(value)
    if isinstance(cell, InstanceCell):
        return tuple(child for _, child in cell.children or ()) if is_row(cell) and cell.children else None
    if isinstance(cell, MappingCell):
        return None if cell.open else tuple(Const(key) for key, _ in cell.entries)
    return cell.items if isinstance(cell, SequenceCell | IteratorCell) else None


def is_row(cell: InstanceCell) -> bool:
    """Whether a module can be walked along: `nn.Sequential` or `nn.ModuleList`."""
    return isinstance(cell.cls, External) and cell.cls.path in torch_api.ROWS


def unpacked(machine: Machine, value: Value, count: int, state: State, site: Site) -> tuple[Value, ...]:
    """The values that `count` targets get."""
    if value == DATA:
        return (DATA,) * count
    items = exact_items(value, state)
    item = consumption.walk(machine, value, state, site, Purpose("unpacking"))
    if items is not None:
        return items
    return tuple(_one(machine, value, item, place, state) for place in range(count))


def _one(machine: Machine, value: Value, item: Value, place: int, state: State) -> Value:
    """One item of a list of unknown length: a child of a module is another one each time."""
    cell = state.cell(value)
    children = cell.children if isinstance(cell, SequenceCell | IteratorCell) else None
    if children is None:
        return item
    alone = None if children.sliced else replace(children, start=place, stop=place + 1 or None, sliced=True)
    return machine.new(state, InstanceCell(UNKNOWN, children.site, is_module=True, part_of=alone))


def with_rest(
    machine: Machine, items: tuple[Value, ...], starred: int, count: int, state: State, site: Site
) -> tuple[Value, ...]:
    """The same where one target is starred and takes a list."""
    after = count - starred - 1
    rest = sequence(machine, state, "list", site, items[starred : len(items) - after])
    return (*items[:starred], rest, *items[len(items) - after :])


def set_item(
    machine: Machine, receiver: Value, index: Value, value: Value, state: State, site: Site,
    key_site: Site | None = None,
) -> None:  # fmt: skip
    """`receiver[index] = value`."""
    cell = state.cell(receiver)
    if not isinstance(receiver, Ref):
        _set_in_one_of(receiver, value, state)
        consumption.escape(value, state)
    elif isinstance(cell, MappingCell):
        state.put(receiver, _with_entry(cell, index, Entry(value, site, key_site)))
    elif isinstance(cell, SequenceCell):
        state.put(receiver, _with_item(cell, index, value))
    else:
        consumption.escape(value, state)


def _set_in_one_of(receivers: Value, value: Value, state: State) -> None:
    """One of several lists gets an item: what is in any of them is not known one by one any more."""
    for option in options_of(receivers):
        cell = state.get(option, SequenceCell)
        if cell is not None and isinstance(option, Ref):
            state.put(option, _with_item(cell, UNKNOWN, value))


def _with_entry(cell: MappingCell, key: Value, entry: Entry) -> MappingCell:
    if not isinstance(key, Const):
        cell = with_key(cell, key)
        return replace(cell, item=union((cell.item, entry.value)) if cell.entries else entry.value)
    return cell.with_entry(key.value, entry)


def with_key(cell: MappingCell, key: Value) -> MappingCell:
    """The dict when it may have got this key, which is no literal."""
    return replace(cell, key=key if cell.key in (None, key) else UNKNOWN, open=True)


def _with_item(cell: SequenceCell, index: Value, value: Value) -> SequenceCell:
    known = cell.items is not None and isinstance(index, Const) and isinstance(index.value, int)
    if cell.items is not None and known and -len(cell.items) <= index.value < len(cell.items):  # type: ignore[union-attr,operator]
        items = list(cell.items)
        items[index.value] = value  # type: ignore[union-attr,index]
        return replace(cell, items=tuple(items))
    among = tuple(dict.fromkeys((*cell.among, value)))[:MOST_MEMBERS]
    return _blurred(replace(cell, among=among), UNKNOWN)


def _blurred(cell: SequenceCell, item: Value) -> SequenceCell:
    """A list of which no more is known than what stands for each item."""
    blurred = replace(cell, items=None, item=item, members=None, children=None, covers=None)
    return replace(blurred, layers=None, trainable=False)


def get_item(machine: Machine, receiver: Value, index: Value, state: State) -> Value:
    """`receiver[index]` of a container."""
    cell = state.cell(receiver)
    if isinstance(cell, MappingCell):
        if cell.default is not None and isinstance(receiver, Ref) and isinstance(index, Const):
            return _made_entry(machine, receiver, cell, index, state)
        item = _entry(cell, index)
        return consumption.another(machine, item, state) if item is cell.item else item
    if isinstance(cell, SequenceCell):
        if cell.items is not None and isinstance(index, Const) and isinstance(index.value, int):
            return cell.items[index.value] if -len(cell.items) <= index.value < len(cell.items) else UNKNOWN
        if cell.items is not None:
            return union(cell.items)
        place = index.value if isinstance(index, Const) and isinstance(index.value, int) else None
        if index is UNKNOWN and state.get(cell.item, SequenceCell) is not None:
            return UNKNOWN  # a slice of a list of lists, or one of them
        item = consumption.another(machine, cell.item, state)
        return _one(machine, receiver, item, place, state) if place is not None else item
    return DATA if receiver == DATA else UNKNOWN


def default_dict(machine: Machine, factory: Value, state: State, site: Site) -> Ref:
    """`defaultdict(list)`: one list stands for those under keys that are not known."""
    item = _made(machine, factory, state, site)
    if (made := state.get(item, SequenceCell)) is not None and isinstance(item, Ref):
        state.put(item, replace(made, items=None, item=UNKNOWN))
    return machine.new(state, MappingCell(site, item=item, default=factory))


def _made(machine: Machine, factory: Value, state: State, site: Site) -> Value:
    call = ir.Call(site.origin, ir.Literal(site.origin, ...), ())
    return machine.call(factory, Arguments((), {}, (), {}), call, state)


def _made_entry(machine: Machine, receiver: Ref, cell: MappingCell, key: Const, state: State) -> Value:
    """What a dict makes of a new key."""
    entry = cell.get(key.value)
    if entry is not None or cell.made is None or cell.default is None:
        return entry.value if entry is not None else cell.item
    value = _made(machine, cell.default, state, cell.made)
    state.put(receiver, cell.with_entry(key.value, Entry(value, cell.made)))
    return value


def _entry(cell: MappingCell, key: Value) -> Value:
    if isinstance(key, Const):
        entry = cell.get(key.value)
        return entry.value if entry is not None else cell.item
    if cell.open or not cell.entries:
        return cell.item
    return _any_of(tuple(entry.value for _, entry in cell.entries))


def _any_of(values: tuple[Value, ...]) -> Value:
    """One of several; of many optimizers, what they have in common."""
    found, optimizers = union(values), torch_api.OPTIMIZERS.keys()
    if found is UNKNOWN and all(isinstance(value, External) and value.path in optimizers for value in values):
        return External(torch_api.OPTIMIZER_BASE)
    return found


def extend(machine: Machine, receiver: Ref, value: Value, state: State, site: Site) -> None:
    """`receiver += value`, `receiver.extend(value)`."""
    cell = cast("SequenceCell", state.cell(receiver))
    item = consumption.walk(machine, value, state, site, Purpose("extend"))
    items, theirs, added = cell.items, exact_items(value, state), state.cell(value)
    unordered = isinstance(added, SequenceCell | IteratorCell) and not added.ordered
    ordered = cell.ordered and not (machine.frame.shuffled or unordered or cell.kind == "set")
    cell = replace(cell, ordered=ordered, trainable=all(takings.has_all(one, state) for one in (receiver, value)))
    if items is not None and theirs is not None and not state.depth:
        state.put(receiver, replace(cell, items=(*items, *theirs), sites=None, layers=None))
        return
    covers = holdings.joined_covers((receiver, value), state)
    covers = holdings.only_once(covers) if cell.kind == "set" else covers
    before = (*(items or ()), *(() if items is not None else (cell.item,)))
    mixed = replace(cell, items=None, item=union((*before, item)), children=None, sites=None, layers=None)
    members = (*members_of(cell), *(theirs if theirs is not None else (item,)))
    state.put(receiver, replace(mixed, covers=covers, members=members[:MOST_MEMBERS], filtered=False))


def append(receiver: Ref, value: Value, state: State, site: Site, *, trainable: bool = False) -> None:
    """`receiver.append(value)`, `receiver.add(value)`."""
    cell = replace(cast("SequenceCell", state.cell(receiver)), trainable=trainable)
    if cell.items is not None and not state.depth and len(cell.items) < MOST_ITEMS:
        sites = (*cell.sites, site) if cell.sites is not None else (site,) if not cell.items else None
        state.put(receiver, replace(cell, items=(*cell.items, value), sites=sites))
        return
    before = cell.items if cell.items is not None else (cell.item,)
    mixed = replace(cell, items=None, item=union((*before, value)), children=None, sites=None, layers=None)
    state.put(receiver, replace(mixed, covers=None, filtered=False, members=(*members_of(cell), value)[:MOST_MEMBERS]))


def concatenated(machine: Machine, left: Value, right: Value, state: State, site: Site) -> Value:
    """`left + right` of two containers."""
    first, second = state.get(left, SequenceCell), state.get(right, SequenceCell)
    if first is None or second is None:
        return UNKNOWN
    if first.items is not None and second.items is not None:
        return sequence(machine, state, first.kind, site, (*first.items, *second.items))
    covers = holdings.joined_covers((left, right), state)
    item = union((consumption.item_of(machine, left, state, site), consumption.item_of(machine, right, state, site)))
    members = (*members_of(first), *members_of(second))[:MOST_MEMBERS]
    ordered = first.ordered and second.ordered
    return machine.new(
        state, SequenceCell(first.kind, site, None, item, covers=covers, members=members, ordered=ordered)
    )


def call_method(machine: Machine, receiver: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """A method of a list, tuple, set or dict."""
    cell = state.cell(receiver)
    table = SEQUENCE_METHODS if isinstance(cell, SequenceCell) else MAPPING_METHODS
    method = table.get(name)
    if isinstance(cell, SequenceCell) and cell.owner is not None and name in MUTATORS:
        state.update(cell.owner, groups=None)
    if method is None:
        for value in arguments.all():
            consumption.escape(value, state)
        return UNKNOWN
    return method(machine, receiver, arguments, state, site)


def _append(machine: Machine, receiver: Ref, arguments: Arguments, state: State, site: Site) -> Value:
    if arguments.values:
        held = holdings.covers_of(receiver, state)
        walked = consumption.walked_whole(machine, arguments.values[-1], state)
        trainable = takings.has_all(receiver, state) and takings.appended(machine, arguments.values[-1], state)
        where = arguments.sites[-1] if arguments.sites else site
        append(receiver, arguments.values[-1], state, where, trainable=trainable)
        if not walked and not state.depth:
            walked = holdings.cover_of_tensor(arguments.values[-1], where, state)
        if held is not None and walked and exact_items(receiver, state) is None:
            state.update(receiver, covers=(*held, *(cover for cover in walked if cover not in held)))
    if machine.frame.shuffled or sets.is_shuffled_by(machine, receiver, arguments, state):
        state.update(receiver, ordered=False)
    return NONE


def _extend(machine: Machine, receiver: Ref, arguments: Arguments, state: State, site: Site) -> Value:
    for value, where in zip(arguments.values, arguments.sites, strict=False):
        extend(machine, receiver, value, state, where)
    return NONE


def _pop(machine: Machine, receiver: Ref, arguments: Arguments, state: State, site: Site) -> Value:
    cell = state.get(receiver, SequenceCell)
    assert cell is not None
    index = arguments.values[0] if arguments.values else Const(-1)
    item, place = get_item(machine, receiver, index, state), index.value if isinstance(index, Const) else None
    known = len(cell.items) if cell.items is not None and not state.depth else 0
    if isinstance(place, int) and -known <= place < known:
        left = tuple(value for n, value in enumerate(cell.items or ()) if n != place % known)
        state.put(receiver, replace(_blurred(cell, cell.item), items=left, covers=cell.covers, sites=None))
        return item
    rest = consumption.some_of(machine, consumption.item_of(machine, receiver, state, site), state)
    state.put(receiver, _blurred(cell, rest))
    return item


def removed(machine: Machine, receiver: Ref, index: Value, state: State, site: Site) -> None:
    """`del receiver[index]` of a list."""
    if state.get(receiver, SequenceCell) is not None:
        _pop(machine, receiver, Arguments((index,), {}, (site,), {}), state, site)


def _copy(machine: Machine, receiver: Ref, _: Arguments, state: State, __: Site) -> Value:
    return machine.new(state, cast("Cell", state.cell(receiver)))


def _blur(machine: Machine, receiver: Ref, __: Arguments, state: State, ___: Site) -> Value:
    cell = cast("SequenceCell", state.cell(receiver))
    item = consumption.some_of(machine, union(cell.items) if cell.items else cell.item, state)
    state.put(receiver, _blurred(cell, item))
    return NONE


def _insert(machine: Machine, receiver: Ref, arguments: Arguments, state: State, site: Site) -> Value:
    """`receiver.insert(place, value)`: the value is in it now, nobody knows where."""
    _blur(machine, receiver, arguments, state, site)
    cell = state.get(receiver, SequenceCell)
    if cell is not None and len(arguments.values) == 2:
        state.put(receiver, replace(cell, among=(*cell.among, arguments.values[1])))
    return NONE


def _clear(_: Machine, receiver: Ref, __: Arguments, state: State, ___: Site) -> Value:
    cell = state.cell(receiver)
    if isinstance(cell, SequenceCell):
        state.put(receiver, replace(_blurred(cell, UNKNOWN), items=(), sites=None, trainable=True))
    elif isinstance(cell, MappingCell):
        state.put(receiver, replace(cell, entries=(), open=False))
    return NONE


def _get(_: Machine, receiver: Ref, arguments: Arguments, state: State, __: Site) -> Value:
    cell = state.get(receiver, MappingCell)
    return _entry(cell, arguments.values[0]) if cell is not None and arguments.values else UNKNOWN


def _setdefault(machine: Machine, receiver: Ref, arguments: Arguments, state: State, site: Site) -> Value:
    cell = state.get(receiver, MappingCell)
    if cell is None or len(arguments.values) < 2:
        return UNKNOWN
    if isinstance(arguments.values[0], Const) and cell.get(arguments.values[0].value):
        return _entry(cell, arguments.values[0])
    where = arguments.sites[1] if len(arguments.sites) > 1 else site
    set_item(machine, receiver, arguments.values[0], arguments.values[1], state, where)
    return arguments.values[1]


def _update(machine: Machine, receiver: Ref, arguments: Arguments, state: State, _: Site) -> Value:
    cell = state.get(receiver, MappingCell)
    assert cell is not None
    for value in arguments.values:
        other = state.get(value, MappingCell)
        for key, entry in other.entries if other is not None else ():
            cell = _with_entry(cell, Const(key), entry)
        cell = replace(cell, open=cell.open or other is None or other.open)
    for name, value in arguments.keywords.items():
        cell = _with_entry(cell, Const(name), Entry(value, arguments.keyword_sites[name]))
    state.put(receiver, cell)
    return NONE


def _values(machine: Machine, receiver: Ref, _: Arguments, state: State, site: Site) -> Value:
    cell = state.get(receiver, MappingCell)
    assert cell is not None
    if cell.open:
        return sequence(machine, state, "list", site, None, cell.item)
    return sequence(machine, state, "list", site, tuple(entry.value for _, entry in cell.entries))


def _items(machine: Machine, receiver: Ref, _: Arguments, state: State, site: Site) -> Value:
    cell = state.get(receiver, MappingCell)
    assert cell is not None
    if cell.open:
        pair = sequence(machine, state, "tuple", site, (cell.key or UNKNOWN, cell.item))
        return sequence(machine, state, "list", site, None, pair)
    pairs = (sequence(machine, state, "tuple", site, (Const(key), entry.value)) for key, entry in cell.entries)
    return sequence(machine, state, "list", site, tuple(pairs))


MUTATORS = frozenset("append extend insert pop remove clear".split())
SEQUENCE_METHODS: dict[str, Callable[[Machine, Ref, Arguments, State, Site], Value]] = {
    "append": _append, "add": _append, "extend": _extend, "update": _extend, "pop": _pop, "popleft": _pop,
    "copy": _copy, "clear": _clear, "insert": _insert, "remove": _blur, "discard": _blur, "reverse": _blur,
    "sort": _blur, "appendleft": _blur,
}  # fmt: skip
MAPPING_METHODS: dict[str, Callable[[Machine, Ref, Arguments, State, Site], Value]] = {
    "get": _get, "pop": _get, "setdefault": _setdefault, "update": _update, "values": _values, "items": _items,
    "copy": _copy, "clear": _clear,
}  # fmt: skip
