"""The small language that the interpreter runs: Python without spelling.

`lower.py` makes these nodes from libcst; nothing else knows libcst's node types. A node keeps its `origin`, the
syntax node that it was made from, for positions and text. Nodes are never changed after they are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, TypeAlias

from optlint.flow.frozen import dataclass

Origin: TypeAlias = object
GROUPS = "param_groups"  # the key under which a saved optimizer has what `optimizer.param_groups` are


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """What all nodes share."""

    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    id: str


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """A number, a string, a boolean or None; `value` is Ellipsis for a literal of no interest."""

    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Attribute(Node):
    value: Expression
    attr: str


@dataclass(frozen=True, slots=True, eq=False)
class Argument(Node):
    """An argument of a call; `star` is `""`, `"*"` or `"**"`."""

    value: Expression
    keyword: str | None
    star: str


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    func: Expression
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Subscript(Node):
    value: Expression
    index: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Slice(Node):
    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Node):
    left: Expression
    op: str
    right: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Node):
    op: str
    operand: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Boolean(Node):
    left: Expression
    op: str
    right: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Comparison(Node):
    left: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Node):
    test: Expression
    body: Expression
    orelse: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Display(Node):
    """`[a, b]`, `(a, b)` or `{a, b}`; `kind` is `list`, `tuple` or `set`."""

    kind: str
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Starred(Node):
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class DictDisplay(Node):
    """`{k: v, **other}`; the key of a `**other` is None."""

    items: tuple[tuple[Expression | None, Expression], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clause(Node):
    """One `for target in iterable if test …` of a comprehension."""

    target: Expression
    iterable: Expression
    tests: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension(Node):
    """`kind` is `list`, `set`, `dict` or `generator`; `key` is there for `dict` only."""

    kind: str
    key: Expression | None
    element: Expression
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Formatted(Node):
    """An f-string."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Walrus(Node):
    target: Expression
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Await(Node):
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Yield(Node):
    """`yield value`, or `yield from value` where `delegates` is true."""

    value: Expression | None
    delegates: bool


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Node):
    """A parameter of a function; `star` is `""`, `"*"` or `"**"`."""

    name: str
    default: Expression | None
    annotation: Expression | None
    star: str
    keyword_only: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lambda(Node):
    parameters: tuple[Parameter, ...]
    body: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Evaluate(Node):
    """An expression as a statement."""

    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Assign(Node):
    """`targets[0] = targets[1] = value`; an annotation without a value has `value` None."""

    targets: tuple[Expression, ...]
    value: Expression | None
    annotation: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class AugmentedAssign(Node):
    target: Expression
    op: str
    value: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Delete(Node):
    targets: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, eq=False)
class If(Node):
    test: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True, eq=False)
class For(Node):
    target: Expression
    iterable: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True, eq=False)
class While(Node):
    test: Expression
    body: Block
    orelse: Block


@dataclass(frozen=True, slots=True, eq=False)
class Handler(Node):
    kind: Expression | None
    name: str | None
    body: Block


@dataclass(frozen=True, slots=True, eq=False)
class Try(Node):
    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block
    final: Block


@dataclass(frozen=True, slots=True, eq=False)
class With(Node):
    items: tuple[tuple[Expression, Expression | None], ...]
    body: Block


@dataclass(frozen=True, slots=True, eq=False)
class Case(Node):
    """One `case`; `names` are what its pattern binds, `catches_all` is whether it always matches."""

    names: tuple[str, ...]
    guard: Expression | None
    body: Block
    catches_all: bool


@dataclass(frozen=True, slots=True, eq=False)
class Match(Node):
    subject: Expression
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Return(Node):
    value: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Raise(Node):
    value: Expression | None


@dataclass(frozen=True, slots=True, eq=False)
class Assert(Node):
    test: Expression


@dataclass(frozen=True, slots=True, eq=False)
class Break(Node):
    """`break`."""


@dataclass(frozen=True, slots=True, eq=False)
class Continue(Node):
    """`continue`."""


@dataclass(frozen=True, slots=True, eq=False)
class Import(Node):
    """`import path as name`; without `as`, `name` is the first part and `path` is cut to it."""

    path: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class ImportFrom(Node):
    """`from module import path as name`; `level` counts leading dots, `path` may be `*`."""

    module: str
    level: int
    path: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Declare(Node):
    """`global` or `nonlocal`."""

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Function(Node):
    """A function definition; its body is lowered when it is first wanted (`lower.body_of`)."""

    name: str
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expression, ...]
    returns: Expression | None
    is_async: bool


@dataclass(frozen=True, slots=True, eq=False)
class Class(Node):
    name: str
    bases: tuple[Argument, ...]
    decorators: tuple[Expression, ...]
    body: Block


def walk(node: Node) -> Iterator[Node]:
    """A node and all nodes inside it, from left to right; bodies of functions are not looked into."""
    pending = [node]
    while pending:
        inner = pending.pop()
        yield inner
        if type(inner) not in LEAVES:
            pending += reversed(children(inner))


def walk_all(block: Block, bodies: Callable[[Function], Block]) -> Iterator[Node]:
    """Every node in some statements, those of the functions in them too."""
    pending: list[Node] = list(block)
    while pending:
        node = pending.pop()
        yield node
        if type(node) in LEAVES:
            continue
        pending += children(node)
        if type(node) is Function:
            pending += bodies(node)


def children(node: Node) -> list[Node]:
    """The nodes right inside a node; bodies of functions are not looked into."""
    found: list[Node] = []
    kind: Any = type(node)
    for name in _inner_fields(kind):
        value = getattr(node, name)
        if value.__class__ is tuple:
            _add_nodes(value, found)
        elif value is not None:
            found.append(value)
    return found


@cache
def _inner_fields(kind: type[Node]) -> tuple[str, ...]:
    """The fields of a node that may hold other nodes."""
    parts = fields(kind)[1:]  # all but `origin`
    return tuple(part.name for part in parts if part.type not in PLAIN)


def _add_nodes(values: tuple[Any, ...], found: list[Node]) -> None:
    for value in values:
        if value.__class__ is tuple:
            _add_nodes(value, found)
        elif isinstance(value, Node):
            found.append(value)


LEAVES = frozenset({Name, Literal})  # with no nodes inside
PLAIN = frozenset({"str", "str | None", "bool", "int", "object", "tuple[str, ...]"})
Expression: TypeAlias = Node
Statement: TypeAlias = Node
Block: TypeAlias = tuple[Node, ...]
