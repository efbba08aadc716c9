"""Layers that a place in the list of all parameters cuts in two: `params[:3]` beside `params[3:]`, `if index < 3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.core.cells import MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, Const, Derived, Ref, Value
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

LIMITS: dict[str, Callable[[int, int], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


class _Slice(NamedTuple):
    """The parameters of one group, in order, the layer that each is in, and the rate of the group in two ways."""

    site: Site
    tensors: tuple[Ref, ...]
    layers: tuple[Ref, ...]
    rate: tuple[Value, str]


def judge(machine: Machine, groups: tuple[MappingCell, ...], state: State) -> None:
    """Tell if two groups with different rates are slices of one list that meet inside a layer."""
    found = [part for group in groups if (part := _slice(group, state)) is not None]
    for place, first in enumerate(found):
        for second in found[place + 1 :]:
            if first.rate != second.rate and not set(first.tensors) & set(second.tensors):
                _tell_of_both(machine, first, second)
                _tell_of_both(machine, second, first)


def _slice(group: MappingCell, state: State) -> _Slice | None:
    """A group that holds a slice of the parameters of a model, all of them known."""
    entry, rate = group.get("params"), group.get("lr")
    cell = state.get(entry.value, SequenceCell) if entry is not None else None
    if entry is None or cell is None or not cell.layers or not cell.covers:
        return None
    tensors = [state.get(cover.module, TensorCell) for cover in cell.covers]
    layers = tuple(tensor.parent[0] for tensor in tensors if tensor is not None and tensor.parent is not None)
    if len(layers) != len(cell.layers) or len(layers) != len(cell.covers):
        return None
    words = (rate.value, rate.site.text) if rate is not None else (UNKNOWN, "")
    return _Slice(entry.site, tuple(cover.module for cover in cell.covers), layers, words)


def _tell_of_both(machine: Machine, first: _Slice, second: _Slice) -> None:
    """Tell if the second slice begins in the layer in which the first one ends."""
    if {first.layers[-1]} != set(first.layers) & set(second.layers) or second.layers[0] != first.layers[-1]:
        return
    together = (*first.layers, *second.layers)
    numbers = {layer: place for place, layer in enumerate(dict.fromkeys(together))}
    rates = (0,) * len(first.layers) + (1,) * len(second.layers)
    layers = tuple(numbers[layer] for layer in together)
    machine.emit(events.RateByIndex(first.site, layers, rates))


def compared(machine: Machine, index: Derived, op: str, limit: Value, node: ir.Comparison) -> Value:
    """`index < 3`, where an index counts along the parameters of a model: an answer for each of them."""
    places = [value.value for value in index.values if isinstance(value, Const) and type(value.value) is int]
    if len(places) != len(index.values) or not isinstance(limit, Const) or type(limit.value) is not int:
        return UNKNOWN
    answers = tuple(Const(LIMITS[op](place, limit.value)) for place in places)
    condition = machine.frame.condition
    if condition is not None and condition.test is node and _freezes(condition):
        labels = tuple(answer.value for answer in answers)
        machine.emit(events.RateByIndex(machine.site(node), index.layers, labels))
    return Derived(index.layers, answers)


def _freezes(node: ir.If) -> bool:
    """Whether one of the branches decides which parameters are trained."""
    parts = (part for one in (*node.body, *node.orelse) for part in ir.walk(one) if isinstance(part, ir.Assign))
    targets = (target for part in parts for target in part.targets)
    return any(isinstance(target, ir.Attribute) and target.attr == "requires_grad" for target in targets)
