"""Which attributes and keys code reads, by name: what is read was set on purpose, whatever it is set on.

What only an assertion reads does not count, nor what is read from a dict that is surely something else: one that a
display shows, or that another package gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from optlint.flow.reading import ir

Bodies: TypeAlias = Callable[[ir.Function], ir.Block]
READS_KEY = frozenset({"get", "pop", "setdefault"})
OPTIMIZER_ATTRIBUTES = frozenset({"param_groups", "zero_grad", "add_param_group"})
READS_ATTRIBUTE = frozenset({"getattr", "hasattr"})


class Readings(NamedTuple):
    """Names of attributes that are read, and strings that are read as keys.

    `held` are the keys with the names of what they are read from; `of_optimizers` are the attributes that are read from
    what is also used as an optimizer, `beside_self` those that are read from something else than `self`. `counts` are
    the dotted names of what is surely a number: it stands behind `%`, or in `range(…)`.
    """

    attributes: frozenset[str]
    keys: frozenset[str]
    held: frozenset[tuple[str, str]] = frozenset()
    of_optimizers: frozenset[str] = frozenset()
    beside_self: frozenset[str] = frozenset()
    counts: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Found:
    """What a walk over a file found: reads, and how each name is bound."""

    attributes: set[tuple[str, str]] = field(default_factory=set)  # with the name of what they are read from
    keys: set[tuple[str, str]] = field(default_factory=set)  # with the name of what they are read from
    counts: set[str] = field(default_factory=set)  # dotted names of numbers
    plain: set[str] = field(default_factory=set)  # names bound to what is no param group
    other: set[str] = field(default_factory=set)  # names bound to anything else


def readings_of(block: ir.Block, bodies: Bodies) -> Readings:
    """What the statements read, with those of the functions and classes in them."""
    found = _Found()
    for node in _inside(block, bodies):
        if isinstance(node, ir.Attribute):
            found.attributes.add((node.attr, _name(node.value)))
        else:
            found.attributes.update((name, "") for name in _named(node))
            found.keys.update(_keys(node))
            found.counts.update(name for part in _counted(node) if (name := dotted(part)))
            _note_binding(node, found)
    keys = frozenset(key for key, holder in found.keys if holder not in found.plain or holder in found.other)
    optimizers = {holder for attribute, holder in found.attributes if attribute in OPTIMIZER_ATTRIBUTES}
    of_optimizers = frozenset(attribute for attribute, holder in found.attributes if holder in optimizers)
    attributes = frozenset(attribute for attribute, _ in found.attributes)
    beside_self = frozenset(attribute for attribute, holder in found.attributes if holder != "self")
    return Readings(attributes, keys, frozenset(found.keys), of_optimizers, beside_self, frozenset(found.counts))


def attributes_of_self(cls: ir.Class, bodies: Bodies) -> Iterator[str]:
    """The attributes of `self` that a class reads or sets."""
    for node in ir.walk_all(cls.body, bodies):
        if isinstance(node, ir.Attribute) and isinstance(node.value, ir.Name) and node.value.id == "self":
            yield node.attr


def _named(node: ir.Node) -> Iterator[str]:
    """The attributes that `getattr` reads."""
    if isinstance(node, ir.Call) and _name(node.func) in READS_ATTRIBUTE:
        for argument in node.args:
            yield from _strings(argument.value)


def _counted(node: ir.Node) -> Iterator[ir.Node]:
    """What a node shows to be a number."""
    if isinstance(node, ir.Binary) and node.op == "%" and not isinstance(node.left, ir.Literal):
        yield node.right
    elif isinstance(node, ir.Call) and _name(node.func) == "range":
        yield from (argument.value for argument in node.args)


def dotted(node: ir.Node) -> str:
    """`self.args.steps` as text; nothing for what is no dotted name."""
    if isinstance(node, ir.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ir.Name) else ""


def _keys(node: ir.Node) -> Iterator[tuple[str, str]]:
    """The strings that a node reads as keys, and what it reads them from."""
    if isinstance(node, ir.Subscript):
        yield from ((key, _name(node.value)) for key in _strings(node.index))
    elif isinstance(node, ir.Comparison) and node.rest[0][0] in ("in", "not in"):
        yield from ((key, _name(node.rest[0][1])) for key in _strings(node.left))
    elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr in READS_KEY:
        holder = _name(node.func.value)
        yield from ((key, holder) for argument in node.args for key in _strings(argument.value))


def _note_binding(node: ir.Node, found: _Found) -> None:
    """Note what a statement or function binds its names to."""
    if isinstance(node, ir.Assign):
        plain = _is_plain(node.value)
        for target in node.targets:
            (found.plain if plain else found.other).update(_bound(target))
    elif isinstance(node, ir.For | ir.Clause | ir.Walrus):
        found.other.update(_bound(node.target))
    elif isinstance(node, ir.Parameter):
        found.other.add(node.name)


def _is_plain(value: ir.Expression | None) -> bool:
    """Whether a value is surely no param group: a dict without parameters, or what a call by a dotted name gave."""
    if isinstance(value, ir.DictDisplay):
        return all(isinstance(key, ir.Literal) and key.value != "params" for key, _ in value.items)
    return isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute) and isinstance(value.func.value, ir.Name)


def _bound(target: ir.Expression) -> Iterator[str]:
    if isinstance(target, ir.Name | ir.Attribute):
        yield _name(target)
    elif isinstance(target, ir.Display):
        for item in target.items:
            yield from _bound(item)


def _name(node: ir.Expression) -> str:
    return node.id if isinstance(node, ir.Name) else node.attr if isinstance(node, ir.Attribute) else ""


def _strings(node: ir.Node) -> Iterator[str]:
    if isinstance(node, ir.Literal) and isinstance(node.value, str):
        yield node.value


def _inside(block: ir.Block, bodies: Bodies) -> Iterator[ir.Node]:
    """Every node in some statements but assertions; of what is assigned to, only what leads there."""
    pending: list[ir.Node] = list(block)
    while pending:
        node = pending.pop()
        if isinstance(node, ir.Assert):
            continue
        yield node
        if isinstance(node, ir.Function):
            pending.extend(bodies(node))
        if isinstance(node, ir.Assign):
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
