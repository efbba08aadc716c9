"""Places of parameters: what `enumerate`, `//` and lists of rates make of them, one value for each parameter."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from optlint.flow import events
from optlint.flow.core.cells import IteratorCell, MappingCell, SequenceCell
from optlint.flow.core.values import NONE, UNKNOWN, Const, Count, Counting, Derived, Method, Ref, Unknown, Value
from optlint.flow.frozen import replace
from optlint.flow.iterators import consumption
from optlint.flow.python import containers

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site
    from optlint.flow.reading import ir

Layers: TypeAlias = "tuple[int, ...] | None"
Handler: TypeAlias = "Callable[[Machine, Arguments, ir.Call, State], Value]"

OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
KEEPS_APART = frozenset({"+", "-", "*", "/", "**"})  # different values stay different, whatever the other side is
LARGEST = 1e9


def numbered(layout: tuple[int, ...]) -> tuple[int, ...]:
    """The layer of each parameter, from the count of parameters in each layer."""
    return tuple(layer for layer, count in enumerate(layout) for _ in range(count))


def layers_of(value: Value, state: State) -> Layers:
    """The layer of each item of an iterable, if its items run along the parameters of a model."""
    cell = state.cell(value)
    return cell.layers if isinstance(cell, SequenceCell | IteratorCell) else None


def sliced_layers(value: Value, bounds: tuple[object, ...], state: State) -> Layers:
    """The same of `value[start:stop:step]`; bounds that are no number or None are not known.

    A slice that stops where it starts is empty on purpose, and says nothing.
    """
    layers = layers_of(value, state)
    known = [bound for bound in bounds if bound is None or isinstance(bound, int)]
    if layers is None or len(known) != 3:
        return None
    start, stop, step = known
    chosen = layers[start:stop:step]
    return chosen if chosen or (start and stop is None) else None


def joined_layers(values: tuple[Value, ...], state: State) -> Layers:
    """The same of several iterables, one behind the other."""
    joined: tuple[int, ...] = ()
    for value in values:
        layers = layers_of(value, state)
        if layers is None:
            return None
        first = max(joined, default=-1) + 1
        joined += tuple(first + layer for layer in layers)
    return joined or None


def counted(layers: Layers, start: Value | None) -> Value:
    """What counts along the items of an iterable, from `start` on."""
    if start is None:
        start = Const(0)
    if layers is None or not isinstance(start, Const) or type(start.value) is not int:
        return UNKNOWN
    return Derived(layers, tuple(Const(start.value + place) for place in range(len(layers))))


def paired(items: tuple[Value, ...], sources: tuple[Value, ...], state: State) -> tuple[Value, ...]:
    """The items of `zip`: what only counts does so along the parameters that another iterable gives."""
    layers = next((found for value in sources if (found := layers_of(value, state)) is not None), None)
    starts = tuple(_start(value, state) for value in sources)
    return tuple(item if start is None else counted(layers, start) for item, start in zip(items, starts, strict=True))


def _start(value: Value, state: State) -> Value | None:
    """The number that a range starts from."""
    cell = state.get(value, SequenceCell)
    if cell is None or cell.kind != "range":
        return None
    steady = cell.items is None or cell.items[:2] == (Const(0), Const(1))
    return Const(cell.item.start) if isinstance(cell.item, Counting) else Const(0) if steady and cell.items else None


def operated(machine: Machine, node: ir.Node, left: Value, right: Value, op: str) -> Value:
    """`left op right`, where one of them depends on the place of a parameter."""
    if isinstance(left, Count):
        left = Const(len(left.layers))
    if isinstance(right, Count):
        right = Const(len(right.layers))
    index = left if isinstance(left, Derived) else right
    if not isinstance(index, Derived):
        return _calculated(op, left, right)
    if any(isinstance(value, Const) and isinstance(value.value, str) for value in index.values):
        return UNKNOWN
    if UNKNOWN in (left, right):
        return index if op in KEEPS_APART else UNKNOWN
    results = tuple(_calculated(op, *pair) for pair in zip(*_spread((left, right), index), strict=False))
    if len(results) != len(index.values) or UNKNOWN in results:
        return index if op in KEEPS_APART else UNKNOWN
    divides = op == "//" and index is left and index.site is None
    return Derived(index.layers, results, machine.site(node) if divides else index.site)


def _spread(operands: tuple[Value, ...], index: Derived) -> list[tuple[Value, ...]]:
    """One value of each operand for each parameter."""
    count = len(index.values)
    return [part.values if isinstance(part, Derived) else (part,) * count for part in operands]


def _calculated(op: str, left: Value, right: Value) -> Value:
    if not (isinstance(left, Const) and isinstance(right, Const) and op in OPERATORS):
        return UNKNOWN
    return _number(OPERATORS[op], left, right) if op != "**" or _is_small(right) else UNKNOWN


def _is_small(exponent: Const) -> bool:
    return isinstance(exponent.value, int | float) and abs(exponent.value) < 1000


def _number(function: Callable[..., object], *operands: Value) -> Value:
    """A function of numbers, if it gives a number."""
    values = [part.value for part in operands if isinstance(part, Const) and _is_number(part.value)]
    if len(values) != len(operands):
        return UNKNOWN
    try:
        result = function(*values)
    except (ArithmeticError, ValueError):
        return UNKNOWN
    return Const(result) if isinstance(result, int | float) else UNKNOWN


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST


def _applied(function: Callable[..., object]) -> Handler:
    """A function of numbers, done for each parameter."""

    def apply(machine: Machine, arguments: Arguments, node: ir.Call, _: State) -> Value:
        given = tuple(Const(len(part.layers)) if isinstance(part, Count) else part for part in arguments.values)
        index = next((part for part in given if isinstance(part, Derived)), None)
        if index is None or arguments.open:
            return UNKNOWN
        results = tuple(_number(function, *each) for each in zip(*_spread(given, index), strict=False))
        if len(results) != len(index.values) or UNKNOWN in results:
            return UNKNOWN
        rounds = index.site is None and results != index.values
        return Derived(index.layers, results, machine.site(node) if rounds else index.site)

    return apply


def _divmod(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`divmod(index, n)`: a quotient and a rest."""
    if len(arguments.values) != 2:
        return UNKNOWN
    parts = tuple(operated(machine, node, *arguments.values, op) for op in ("//", "%"))
    return containers.sequence(machine, state, "tuple", machine.site(node), parts)


def counting(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`range(len(params))` runs along the parameters; other ranges only count."""
    start, stop = (Const(0), *arguments.values)[-2:] if 0 < len(arguments.values) < 3 else (UNKNOWN, UNKNOWN)
    item: Value = UNKNOWN
    if isinstance(start, Const) and type(start.value) is int and start.value >= 0:
        item = Counting(start.value)
        if isinstance(stop, Count):
            item = counted(stop.layers[start.value :], start)
    return containers.sequence(machine, state, "range", machine.site(node), None, item)


NUMERIC: dict[str, Handler] = {
    "builtins.range": counting,
    "builtins.divmod": _divmod,
    "builtins.int": _applied(int),
    "builtins.round": _applied(round),
    "builtins.min": _applied(min),
    "builtins.max": _applied(max),
    "builtins.abs": _applied(abs),
    "builtins.float": _applied(float),
    "builtins.pow": _applied(pow),
    "math.floor": _applied(math.floor),
    "math.ceil": _applied(math.ceil),
    "math.trunc": _applied(math.trunc),
    "math.sqrt": _applied(math.sqrt),
    "math.exp": _applied(math.exp),
    "numpy.floor": _applied(math.floor),
}


def concerns(values: tuple[Value, ...]) -> bool:
    """Whether one of these values depends on the place of a parameter."""
    return any(isinstance(value, Derived | Count) for value in values)


def item(machine: Machine, receiver: Value, index: Value, state: State) -> Value:
    """`receiver[index]`, where one of them depends on the place of a parameter."""
    if not isinstance(index, Derived):
        assert isinstance(receiver, Derived)
        chosen = tuple(containers.get_item(machine, each, index, state) for each in receiver.values)
        return UNKNOWN if UNKNOWN in chosen else replace(receiver, values=chosen)
    cell = state.cell(receiver)
    if isinstance(cell, SequenceCell) and cell.items is None and cell.item is not UNKNOWN:
        return cell.item
    if isinstance(cell, MappingCell) and isinstance(receiver, Ref):
        _note_key(receiver, cell, index, state)
    found = tuple(containers.get_item(machine, receiver, key, state) for key in index.values)
    if len(set(found)) == 1 and isinstance(found[0], Ref):
        return found[0]
    if UNKNOWN not in found:
        return replace(index, values=found)
    return index if _is_table(receiver, cell) else UNKNOWN


def _is_table(receiver: Value, cell: object) -> bool:
    """Whether what is indexed may be a table of which no item is known."""
    if isinstance(cell, SequenceCell):
        return cell.items is None
    return isinstance(receiver, Unknown | Method) or isinstance(cell, MappingCell)


def _note_key(receiver: Ref, cell: MappingCell, index: Derived, state: State) -> None:
    """A dict gets entries for each value of an index."""
    if all(isinstance(value, Const) and cell.get(value.value) is not None for value in index.values):
        return
    state.put(receiver, containers.with_key(cell, index))


def deal(receiver: Derived, value: Value, state: State, site: Site) -> Value:
    """`buckets[i // 3].append(p)`: each parameter goes into one of several lists."""
    for held in dict.fromkeys(receiver.values):
        if isinstance(held, Ref) and state.get(held, SequenceCell) is not None:
            containers.append(held, value, state, site)
            state.update(held, dealt=receiver)
        else:
            consumption.escape(value, state)
    return NONE


def judge_rate(machine: Machine, rate: Value) -> None:
    """Tell if a rate was computed from the place of a parameter, by a division."""
    if isinstance(rate, Derived) and rate.site is not None:
        labels = tuple(value.value if isinstance(value, Const) else value for value in rate.values)
        machine.emit(events.RateByIndex(rate.site, rate.layers, labels))


def judge_dealt(machine: Machine, groups: tuple[MappingCell, ...], state: State) -> None:
    """Tell the rates that parameters got by being dealt out to the lists of several groups."""
    held = {entry.value: group.get("lr") for group in groups if (entry := group.get("params"))}
    rates = {value: NONE if entry is None else entry.value for value, entry in held.items()}
    lists = (state.get(value, SequenceCell) for value in rates)
    for dealt in dict.fromkeys(cell.dealt for cell in lists if cell is not None and cell.dealt is not None):
        if rates.keys() >= set(dealt.values):
            judge_rate(machine, replace(dealt, values=tuple(rates[value] for value in dealt.values)))
