"""Which attributes and keys code reads, by name: what is read was set on purpose, whatever it is set on.

What only an assertion reads does not count, nor what is read from a dict that is surely something else: one that a
display shows, or that another package gave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

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

    def joined(self, other: Readings) -> Readings:
        """What either reads."""
        return Readings(
            self.attributes | other.attributes,
            self.keys | other.keys,
            self.held | other.held,
            self.of_optimizers | other.of_optimizers,
            self.beside_self | other.beside_self,
            self.counts | other.counts,
        )


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
        note = NOTES.get(type(node))
        if note is not None:
            note(node, found)
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


def dotted(node: ir.Node) -> str:
    """`self.args.steps` as text; nothing for what is no dotted name."""
    if isinstance(node, ir.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ir.Name) else ""


def _attribute(node: ir.Attribute, found: _Found) -> None:
    found.attributes.add((node.attr, _name(node.value)))


def _call(node: ir.Call, found: _Found) -> None:
    name, values = _name(node.func), [argument.value for argument in node.args]
    if name in READS_ATTRIBUTE:
        found.attributes.update((attribute, "") for value in values for attribute in _strings(value))
    if name in READS_KEY and isinstance(node.func, ir.Attribute):
        holder = _name(node.func.value)
        found.keys.update((key, holder) for value in values for key in _strings(value))
    if name == "range":
        found.counts.update(filter(None, map(dotted, values)))


def _subscript(node: ir.Subscript, found: _Found) -> None:
    found.keys.update((key, _name(node.value)) for key in _strings(node.index))


def _comparison(node: ir.Comparison, found: _Found) -> None:
    operator, operand = node.rest[0]
    if operator in ("in", "not in"):
        found.keys.update((key, _name(operand)) for key in _strings(node.left))


def _binary(node: ir.Binary, found: _Found) -> None:
    if node.op == "%" and not isinstance(node.left, ir.Literal):
        found.counts.update(filter(None, (dotted(node.right),)))


def _assign(node: ir.Assign, found: _Found) -> None:
    names = found.plain if _is_plain(node.value) else found.other
    for target in node.targets:
        names.update(_bound(target))


def _target(node: ir.For | ir.Clause | ir.Walrus, found: _Found) -> None:
    found.other.update(_bound(node.target))


def _parameter(node: ir.Parameter, found: _Found) -> None:
    found.other.add(node.name)


NOTES: dict[type, Callable[[Any, _Found], None]] = {
    ir.Attribute: _attribute,
    ir.Call: _call,
    ir.Subscript: _subscript,
    ir.Comparison: _comparison,
    ir.Binary: _binary,
    ir.Assign: _assign,
    ir.For: _target,
    ir.Clause: _target,
    ir.Walrus: _target,
    ir.Parameter: _parameter,
}


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
    """The nodes in some statements but assertions and plain names; of what is assigned to, only what leads there."""
    pending: list[ir.Node] = list(block)
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind in ir.LEAVES or kind is ir.Assert:
            continue
        yield node
        if isinstance(node, ir.Function):
            pending += bodies(node)
        if isinstance(node, ir.Assign):
            pending += (inner for target in node.targets for inner in _leading_to(target))
            pending += (part for part in (node.value, node.annotation) if part is not None)
        else:
            pending += ir.children(node)


def _leading_to(target: ir.Expression) -> Iterator[ir.Node]:
    if isinstance(target, ir.Attribute):
        yield target.value
    elif isinstance(target, ir.Subscript):
        yield from (target.value, *ir.children(target.index))
    elif isinstance(target, ir.Display):
        for item in target.items:
            yield from _leading_to(item)
