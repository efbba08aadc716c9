"""What an expression can be, as far as the interpreter follows it.

A *value* is small and immutable. Whatever has identity or changes over time is a *cell* on the heap of a
`State`, and the value is a `Ref` to it, so aliases share one cell. Cells are immutable too: a change puts a new
cell under the same reference. `None` in a field always means "cannot tell".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.reading import ir


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value of which nothing is known; `from_data` tells that a data loader gave it, so it has no gradients."""

    from_data: bool = False


UNKNOWN, DATA = Unknown(), Unknown(from_data=True)


@dataclass(frozen=True, slots=True)
class Const:
    """A Python literal."""

    value: object


NONE = Const(None)


@dataclass(frozen=True, slots=True)
class External:
    """Something of another package, by its canonical dotted path: `torch.optim.SGD`, `builtins.list`."""

    path: str


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a cell on the heap."""

    id: int


@dataclass(frozen=True, slots=True)
class Method:
    """An attribute of a cell that is known by name only, to be called: `params.append`, `model.parameters`."""

    receiver: Value
    name: str
    node: ir.Expression


@dataclass(frozen=True, slots=True)
class Closure:
    """A function or lambda of the project, with the scopes that it sees and the `self` that it is bound to."""

    node: ir.Function | ir.Lambda
    scopes: tuple[int, ...]
    owner: ClassValue | None = None
    bound: Value | None = None
    defaults: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Partial:
    """`functools.partial(function, *args, **keywords)`."""

    function: Value
    args: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the project; `bases` are values, nearest first."""

    node: ir.Class
    scope: int
    bases: tuple[Value, ...]
    qualified_name: str


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` inside a method of `owner`."""

    owner: ClassValue
    bound: Value


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A function in a wrapper: `kind` is `property`, `cached`, `static`, `class`, `no_grad`, or `hidden`: not known."""

    kind: str
    function: Value


@dataclass(frozen=True, slots=True)
class Derived:
    """What depends on the place of a parameter among those of a model: one value for each, in order.

    `layers` tells the layer of each parameter; `site` is the division that put several places together, if any.
    Values that can't be told are stood for by what they were computed from.
    """

    layers: tuple[int, ...]
    values: tuple[Value, ...]
    site: Site | None = None
    names: tuple[str, ...] = ()  # of the parameters, if the values are answers about these
    traits: frozenset[str] = frozenset()  # what the model has: `bias`, `norm`


@dataclass(frozen=True, slots=True)
class Count:
    """How many parameters a model has: the length of a list of them."""

    layers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counting:
    """A whole number that grows by one from item to item, from `start` on."""

    start: int


@dataclass(frozen=True, slots=True)
class Union:
    """One of several values, after branches that differ."""

    options: tuple[Value, ...]


Value: TypeAlias = (
    Unknown
    | Const
    | External
    | Ref
    | Method
    | Closure
    | Partial
    | ClassValue
    | Super
    | Descriptor
    | Derived
    | Count
    | Counting
    | Union
)

Path: TypeAlias = tuple[object, ...]
Trail: TypeAlias = "tuple[tuple[int, Site], ...]"

MOST_OPTIONS = 4


def union(values: tuple[Value, ...]) -> Value:
    """One value that stands for any of these; too many are unknown."""
    flat: dict[Value, None] = {}
    for value in values:
        flat.update(dict.fromkeys(value.options if isinstance(value, Union) else (value,)))
    if UNKNOWN in flat:
        flat.pop(DATA, None)
    if len(flat) == 1:
        return next(iter(flat))
    if len(flat) > MOST_OPTIONS or not flat:
        return UNKNOWN
    return Union(tuple(flat))


def options_of(value: Value) -> tuple[Value, ...]:
    """All that a value may be."""
    return value.options if isinstance(value, Union) else (value,)
