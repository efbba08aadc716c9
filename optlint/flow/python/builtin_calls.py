"""Built-in functions and their like, one function each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from optlint.flow.belonging import stale
from optlint.flow.core.cells import (
    Entry,
    InstanceCell,
    IteratorCell,
    MappingCell,
    OptimizerCell,
    SequenceCell,
    TensorCell,
)
from optlint.flow.core.machine import Arguments, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, UNKNOWN, Const, Count, External, Partial, Ref, Super, Value
from optlint.flow.frozen import replace
from optlint.flow.groups import indices, parameter_names
from optlint.flow.iterators import births, consumption, wrappers
from optlint.flow.iterators.draws import Purpose
from optlint.flow.python import attributes, classes, containers, copies, objects
from optlint.flow.pytorch import torch_api
from optlint.flow.rates import hyperparameters
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_calls

if TYPE_CHECKING:
    from optlint.flow.events import Site


def copied(machine: Machine, kind: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`list(x)`, `sorted(x)` and their like."""
    if not arguments.values:
        return containers.sequence(machine, state, kind, site, None if arguments.open else ())
    where = arguments.sites[0] if arguments.sites else site
    key = arguments.keywords.get("key")
    if key is not None:
        item = consumption.item_of(machine, arguments.values[0], state, where)
        wrappers.run_callback(machine, key, item, site, state)
    return copies.into(machine, arguments.values[0], kind, state, where, Purpose(kind))


def _any(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    every = isinstance(node.func, ir.Name) and node.func.id == "all"
    answers = parameter_names.combined(machine, arguments.values[0], every, state) if arguments.values else UNKNOWN
    for value, where in zip(arguments.values, arguments.sites, strict=False):
        consumption.walk(machine, value, state, where, Purpose(machine.site(node.func).text, whole=False, lost=True))
    return answers


def _next(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    if not arguments.values:
        return UNKNOWN
    where = arguments.sites[0] if arguments.sites else machine.site(node)
    purpose = Purpose("next", whole=False, lost=node in machine.dropped)
    value = arguments.values[0]
    if attributes.is_blank(value, state) and isinstance(node.args[0].value, ir.Name):
        value = machine.new(state, IteratorCell("iterator", where, depth=state.depth))  # `next` proves it
        objects.rename(machine, node.args[0].value.id, value, state)
    return consumption.walk(machine, value, state, where, purpose)


def _len(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    if arguments.values:
        operand = arguments.sites[0] if arguments.sites else machine.site(node)
        consumption.as_sequence(machine, arguments.values[0], machine.site(node), operand, "len()", state)
        items = containers.exact_items(arguments.values[0], state)
        if items is not None:
            return Const(len(items))
        layers = indices.layers_of(arguments.values[0], state)
        return Count(layers) if layers is not None else UNKNOWN
    return UNKNOWN


def _range(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """The numbers one by one where they are few and known."""
    bounds = [value.value for value in arguments.values if isinstance(value, Const) and isinstance(value.value, int)]
    if len(bounds) != len(arguments.values) or not 1 <= len(bounds) <= 3 or (len(bounds) == 3 and not bounds[2]):
        return indices.counting(machine, arguments, node, state)
    numbers = range(*bounds)
    if len(numbers) > containers.MOST_ITEMS:
        return indices.counting(machine, arguments, node, state)
    site = machine.site(node)
    return containers.sequence(machine, state, "range", site, tuple(Const(number) for number in numbers))


def _reversed(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A list the other way round; its items one by one where they are known."""
    if len(arguments.values) != 1 or not arguments.sites:
        return UNKNOWN
    value, site = arguments.values[0], machine.site(node)
    consumption.as_sequence(machine, value, site, arguments.sites[0], "reversed()", state)
    items = containers.exact_items(value, state)
    if items is not None:
        return containers.sequence(machine, state, "list", site, items[::-1])
    item, layers = consumption.item_of(machine, value, state, site), indices.layers_of(value, state)
    return machine.new(state, SequenceCell("list", site, None, item, layers=layers and layers[::-1]))


def _partial(machine: Machine, arguments: Arguments, _: ir.Call, __: State) -> Value:
    del machine
    if not arguments.values or arguments.open:
        return UNKNOWN
    return Partial(arguments.values[0], arguments.values[1:], tuple(arguments.keywords.items()))


def _dict(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    site = machine.site(node)
    entries: dict[object, Entry] = {}
    each: Value = UNKNOWN
    blank = arguments.open
    for value in arguments.values:
        other = state.get(value, MappingCell)
        known = _entries_of(machine, value, site, state) if other is None else None
        if known is not None:
            entries.update(known)
        elif other is None:
            pair = state.get(consumption.walk(machine, value, state, site, Purpose("dict")), SequenceCell)
            each = pair.items[1] if pair is not None and pair.items is not None and len(pair.items) == 2 else UNKNOWN
        else:
            each = other.item
        blank = blank or (other is None and known is None) or (other is not None and other.open)
        entries.update(other.entries if other is not None else ())
    for name, value in arguments.keywords.items():
        entries[name] = arguments.entries.get(name) or Entry(value, arguments.keyword_sites[name])
    each = each if len(arguments.values) == 1 else UNKNOWN
    return machine.new(state, MappingCell(site, tuple(entries.items()), blank, each))


def _entries_of(machine: Machine, pairs: Value, site: Site, state: State) -> dict[object, Entry] | None:
    """The entries of a dict that is made of pairs, where all are known; these are drawn then."""
    items = containers.exact_items(pairs, state)
    parts = [(cell.items or ()) if (cell := state.get(item, SequenceCell)) else () for item in items or ()]
    if not parts or not all(len(pair) == 2 and isinstance(pair[0], Const) for pair in parts):
        return None
    consumption.walk(machine, pairs, state, site, Purpose("dict"))
    return {pair[0].value: Entry(pair[1], site) for pair in parts if isinstance(pair[0], Const)}


def _as_dict(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`asdict(settings)` or `vars(settings)`: the fields of a dataclass by their names."""
    cell = state.get(arguments.values[0], InstanceCell) if len(arguments.values) == 1 else None
    names = classes.field_names(cell.cls) if cell is not None else ()
    if cell is None or not names:
        return UNKNOWN
    site = machine.site(node)
    entries = tuple((name, Entry(cell.get(name) or UNKNOWN, site, site)) for name in names)
    return machine.new(state, MappingCell(site, entries))


def _default_dict(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`defaultdict(list)`; one that starts with entries is not followed."""
    if len(arguments.all()) != 1 or arguments.open:
        return UNKNOWN
    return containers.default_dict(machine, arguments.all()[0], state, machine.site(node))


def _slice(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`slice(None, -3)`: its bounds."""
    bounds = (NONE, *arguments.values) if len(arguments.values) == 1 else arguments.values
    return containers.sequence(machine, state, "slice", machine.site(node), bounds)


def _super(machine: Machine, _: Arguments, __: ir.Call, ___: State) -> Value:
    frame = machine.frame
    if frame.owner is None or frame.bound is None:
        return UNKNOWN
    return Super(frame.owner, frame.bound)


PLAIN = frozenset({"builtins.list", "builtins.tuple", "builtins.dict", "builtins.set", "builtins.str"})


def _isinstance(machine: Machine, arguments: Arguments, _: ir.Call, state: State) -> Value:
    """Known for containers, iterators and tensors against the built-in containers."""
    if len(arguments.values) != 2:
        return UNKNOWN
    births.refuse(machine, arguments.values[0], state)
    cell, kinds = state.cell(arguments.values[0]), arguments.values[1]
    several = containers.exact_items(kinds, state)
    paths = [kind.path for kind in several or (kinds,) if isinstance(kind, External)]
    if len(paths) != len(several or (kinds,)):
        return UNKNOWN
    if isinstance(cell, SequenceCell) and f"builtins.{cell.kind}" in paths:
        return Const(True)
    never = PLAIN if isinstance(cell, TensorCell) else PLAIN | {"torch.Tensor"}
    known = isinstance(cell, IteratorCell | TensorCell) and never.issuperset(paths)
    return Const(False) if known else UNKNOWN


def _hasattr(_: Machine, arguments: Arguments, __: ir.Call, state: State) -> Value:
    """A one-shot iterator has no length and no items."""
    if len(arguments.values) != 2 or not isinstance(arguments.values[1], Const):
        return UNKNOWN
    cell = state.get(arguments.values[0], IteratorCell)
    lacks = cell is not None and arguments.values[1].value in ("__len__", "__getitem__", "__reversed__")
    return Const(False) if lacks else UNKNOWN


def _getattr(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    if len(arguments.values) >= 2 and isinstance(arguments.values[1], Const):
        name = str(arguments.values[1].value)
        read = ir.Attribute(node.origin, node.args[0].value, name)
        return objects.get_attribute(machine, arguments.values[0], read, state)
    if len(arguments.values) == 2 and arguments.values[0] == External("torch.optim"):
        return External(torch_api.OPTIMIZER_BASE)
    if len(arguments.values) == 2 and isinstance(arguments.values[0], External):
        return objects.from_zoo(arguments.values[0].path)
    return UNKNOWN


def _deepcopy(machine: Machine, arguments: Arguments, _: ir.Call, state: State) -> Value:
    return copies.deep(machine, arguments.values[0], state) if arguments.values else UNKNOWN


def _shallow_copy(machine: Machine, arguments: Arguments, _: ir.Call, state: State) -> Value:
    return copies.shallow(machine, arguments.values[0], state) if arguments.values else UNKNOWN


def _setattr(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """Anything may be set: a later read of that object's attributes is unknown."""
    if len(arguments.values) != 3 or not isinstance(arguments.values[0], Ref):
        return NONE
    receiver, name, value = arguments.values
    if isinstance(name, Const) and len(node.args) == 3:
        attributes.set_by_name(machine, receiver, (str(name.value), node), value, state)
    optimizer = state.get(receiver, OptimizerCell)
    if optimizer is not None and isinstance(name, Const):
        hyperparameters.set_on_optimizer(machine, optimizer, str(name.value), machine.site(node), state)
    if isinstance(receiver, Ref) and isinstance(state.cell(receiver), InstanceCell):
        text = str(name.value) if isinstance(name, Const) else None
        stale.put(machine, receiver, text or "?", value, machine.site(node), state)
        tensor_calls.set_by_name(machine, receiver, text, value, node, state)
        attributes.store(receiver, text or "?", value, state)
    tensor = state.get(value, TensorCell)
    if tensor is not None and isinstance(value, Ref):
        state.put(value, replace(tensor, escaped=True))
    return NONE


EXTERNALS: dict[str, Callable[[Machine, Arguments, ir.Call, State], Value]] = {
    "builtins.any": _any,
    "builtins.all": _any,
    "builtins.next": _next,
    "builtins.len": _len,
    "builtins.range": _range,
    "builtins.reversed": _reversed,
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "builtins.vars": _as_dict,
    "dataclasses.asdict": _as_dict,
    "builtins.slice": _slice,
    "builtins.super": _super,
    "builtins.isinstance": _isinstance,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "collections.defaultdict": _default_dict,
    "copy.copy": _shallow_copy,
    "copy.deepcopy": _deepcopy,
    "functools.partial": _partial,
    "itertools.tee": wrappers.tee,
}
