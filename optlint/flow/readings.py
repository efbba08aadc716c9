"""Which attributes and keys code reads, by name: what is read was set on purpose, whatever it is set on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from optlint.flow import ir

Bodies: TypeAlias = Callable[[ir.Function], ir.Block]
READS_KEY = frozenset({"get", "pop", "setdefault", "getattr", "hasattr"})


class Readings(NamedTuple):
    """Names of attributes that are read, and strings that are read as keys."""

    attributes: frozenset[str]
    keys: frozenset[str]


def readings_of(block: ir.Block, bodies: Bodies) -> Readings:
    """What the statements read, with those of the functions and classes in them."""
    attributes: set[str] = set()
    keys: set[str] = set()
    for node in _inside(block, bodies):
        if isinstance(node, ir.Attribute):
            attributes.add(node.attr)
        else:
            keys.update(_keys(node))
    return Readings(frozenset(attributes | keys), frozenset(keys))


def attributes_of_self(cls: ir.Class, bodies: Bodies) -> Iterator[str]:
    """The attributes of `self` that a class reads or sets."""
    for node in _inside(cls.body, bodies, targets=True):
        if isinstance(node, ir.Attribute) and isinstance(node.value, ir.Name) and node.value.id == "self":
            yield node.attr


def _keys(node: ir.Node) -> Iterator[str]:
    """The strings that a node reads as keys."""
    if isinstance(node, ir.Subscript):
        yield from _strings(node.index)
    elif isinstance(node, ir.Comparison) and any(op in ("in", "not in") for op, _ in node.rest):
        yield from _strings(node.left)
    elif isinstance(node, ir.Call):
        func = node.func
        name = func.attr if isinstance(func, ir.Attribute) else func.id if isinstance(func, ir.Name) else ""
        for argument in node.args if name in READS_KEY else ():
            yield from _strings(argument.value)


def _strings(node: ir.Node) -> Iterator[str]:
    if isinstance(node, ir.Literal) and isinstance(node.value, str):
        yield node.value


def _inside(block: ir.Block, bodies: Bodies, *, targets: bool = False) -> Iterator[ir.Node]:
    """Every node in some statements; of what is assigned to, only what leads there, unless `targets`."""
    pending: list[ir.Node] = list(block)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ir.Function):
            pending.extend(bodies(node))
        if isinstance(node, ir.Assign) and not targets:
            pending.extend(inner for target in node.targets for inner in _leading_to(target))
            pending.extend(part for part in (node.value, node.annotation) if part is not None)
        else:
            pending.extend(ir.children(node))


def _leading_to(target: ir.Expression) -> Iterator[ir.Node]:
    if isinstance(target, ir.Attribute):
        yield target.value
    elif isinstance(target, ir.Subscript):
        yield from (target.value, *ir.children(target.index))
    elif isinstance(target, ir.Display):
        for item in target.items:
            yield from _leading_to(item)
