"""Slices of the children of a module whose length, or whose ends, are not known: do they overlap, is there a gap?"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from optlint.flow.core.cells import Cover
from optlint.flow.core.values import Const
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site


class Place(NamedTuple):
    """A place in a list, so far from one that only has a name: `cut + 1`."""

    symbol: tuple[int, str]
    offset: int


Bound: TypeAlias = "int | Place | None"
LAST_BUT_ONE = (-2, -1)  # where models have their pooling, which has no parameters


def bound_of(machine: Machine, node: ir.Expression | None, state: State) -> Any:
    """The `Bound` that a slice starts or stops at; `...` if that is not known."""
    if node is None:
        return None
    value = machine.evaluate(node, state)
    if isinstance(value, Const) and isinstance(value.value, int | None):
        return value.value
    return _place(machine, node) or ...


def _place(machine: Machine, node: ir.Expression) -> Place | None:
    """A place that has a name, as far as that name means the same all the time."""
    if isinstance(node, ir.Unary) and node.op == "-":
        inner = _place(machine, node.operand)
        return inner and Place((inner.symbol[0], f"-{inner.symbol[1]}"), -inner.offset)
    if isinstance(node, ir.Binary) and node.op in "+-" and isinstance(node.right, ir.Literal):
        inner, step = _place(machine, node.left), node.right.value
        if inner is None or type(step) is not int:
            return None
        return inner._replace(offset=inner.offset + (step if node.op == "+" else -step))
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Name) and node.func.id == "len" and len(node.args) == 1:
        inner = _place(machine, node.args[0].value)
        return inner and inner._replace(symbol=(inner.symbol[0], f"len({inner.symbol[1]})"))
    root, words = node, list[str]()
    while isinstance(root, ir.Attribute):
        words.append(root.attr)
        root = root.value
    if not isinstance(root, ir.Name):
        return None
    key = machine.frame.node, root.id, tuple(words)
    if key not in machine.steady:
        machine.steady[key] = _is_steady(machine, *key)
    return Place((machine.frame.scopes[0], ".".join((root.id, *reversed(words)))), 0) if machine.steady[key] else None


def _is_steady(machine: Machine, node: ir.Node | None, name: str, attributes: tuple[str, ...]) -> bool:
    """Whether a name is bound once, by no loop, and none of its attributes is set in the function that uses it."""
    inside = machine.bodies(node) if isinstance(node, ir.Function) else machine.block
    bound = sum(parameter.name == name for parameter in node.parameters) if isinstance(node, ir.Function) else 0
    for part in ir.walk_all(inside, machine.bodies):
        if isinstance(part, ir.For | ir.Clause | ir.AugmentedAssign | ir.With | ir.Case) and name in _names(part):
            return False
        if isinstance(part, ir.Assign):
            targets = [inner for target in part.targets for inner in ir.walk(target)]
            bound += sum(isinstance(inner, ir.Name) and inner.id == name for inner in targets)
            if any(isinstance(inner, ir.Attribute) and inner.attr in attributes for inner in part.targets):
                return False
    return bound == 1 or (bool(attributes) and name == "self")


def _names(node: ir.Node) -> Iterator[str]:
    """The names that a statement may bind again and again."""
    if isinstance(node, ir.Case):
        yield from node.names
        return
    targets = [item[1] for item in node.items] if isinstance(node, ir.With) else [getattr(node, "target", None)]
    for target in targets:
        yield from (inner.id for inner in (ir.walk(target) if target else ()) if isinstance(inner, ir.Name))


def narrowed(cover: Cover | None, start: Bound, stop: Bound, site: Site) -> Cover | None:
    """A slice of the children of a module; a slice of a slice is followed where only one end was cut."""
    if cover is None or (cover.sliced and not (start is None and stop is None)):
        return None
    symbols = {bound.symbol for bound in (start, stop) if isinstance(bound, Place)}
    if not symbols and not isinstance(start, Place) and not isinstance(stop, Place):
        return Cover(cover.module, start, stop, True, site)
    if isinstance(stop, Place) and start in (None, 0):
        return Cover(cover.module, None, stop.offset, True, site, stop.symbol)
    if isinstance(start, Place) and stop is None:
        return Cover(cover.module, start.offset, None, True, site, start.symbol)
    if isinstance(start, Place) and isinstance(stop, Place) and len(symbols) == 1:
        return Cover(cover.module, start.offset, stop.offset, True, site, start.symbol)
    return None


def overlap(first: Cover, second: Cover) -> bool:
    """Whether two slices of the same list share an item, if it is long enough for both."""
    if first.symbol is None and second.symbol is None:
        return _numbers_overlap(first, second)
    if first.symbol != second.symbol:
        return False
    early, late = (first, second) if first.start is None else (second, first)
    return early.stop is None or late.start is None or late.start < early.stop


def _numbers_overlap(first: Cover, second: Cover) -> bool:
    a, b = first.start or None, first.stop
    c, d = second.start or None, second.stop
    if (a, b) == (c, d):
        return True
    if (a is None and c is None) or (b is None and d is None):
        return True
    if a is None and b is not None and c is not None:
        return _same_side(b, c) and c < b and (c, b) != LAST_BUT_ONE
    if c is None and d is not None and a is not None:
        return _same_side(d, a) and a < d and (a, d) != LAST_BUT_ONE
    return False


def _same_side(one: int, two: int) -> bool:
    return (one < 0) == (two < 0)


def gap(covers: list[Cover]) -> str | None:
    """What slices of one list leave out in the middle, if their ends can be compared."""
    symbol = covers[0].symbol
    if len(covers) < 2 or any(cover.symbol != symbol for cover in covers):
        return None
    first = (None,) if symbol else (None, 0)
    ordered = sorted(covers, key=lambda cover: (cover.start not in first, cover.start or 0))
    if ordered[0].start not in first or ordered[-1].stop is not None:
        return None
    for one, other in pairwise(ordered):
        if one.stop is None or other.start is None or not (symbol or _same_side(one.stop, other.start)):
            return None
        if other.start > one.stop and (symbol or (one.stop, other.start) != LAST_BUT_ONE):
            return _written(one.stop, other.start, symbol)
    return None


def _written(start: int, stop: int, symbol: tuple[int, str] | None) -> str:
    """The part that is left out, in the words of the code."""
    names = [_place_written(place, symbol) for place in (start, stop)]
    return f"children()[{':'.join(names)}]" if stop - start > 1 else f"children()[{names[0]}]"


def _place_written(place: int, symbol: tuple[int, str] | None) -> str:
    if symbol is None:
        return str(place)
    return f"{symbol[1]} {'+' if place > 0 else '-'} {abs(place)}" if place else symbol[1]
