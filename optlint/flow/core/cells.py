"""What stands behind a reference on the heap: whatever has identity, or changes over time.

A change puts a new cell under the same reference. `None` in a field always means "cannot tell".
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from optlint.flow.core.values import UNKNOWN, Derived, Path, Ref, Trail, Value
from optlint.flow.frozen import dataclass, replace

if TYPE_CHECKING:
    from optlint.flow.events import Site


class Use(Enum):
    """How much of a one-shot iterator has been taken."""

    FRESH = "fresh"
    PARTLY = "partly"
    USED = "used"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class IteratorCell:
    """A one-shot iterator.

    `sources` are iterators that this one draws from when it is drawn from. `used_at` and `path` tell where it
    was first used and under which branches; with `use` MAYBE and a path, it was used on that path only. A trail
    is where something happened, from the function that did it outwards to the one that passed the iterator in:
    pairs of a scope and a place in it.
    """

    kind: str
    made: Site
    item: Value = UNKNOWN
    sources: tuple[Value, ...] = ()
    use: Use = Use.FRESH
    used_at: Trail = ()
    path: Path | None = None
    lost: bool = False  # an item was taken for one of its attributes and then dropped
    depth: int = 0  # how many repeating contexts stood around its birth
    tested: bool = False  # `in` was asked of it before
    covers: tuple[Cover, ...] | None = None
    children: Cover | None = None  # the children of a module, in order, or a slice of them
    items: tuple[Value, ...] | None = None  # one by one, where they are known
    endless: bool = False
    layers: tuple[int, ...] | None = None  # the layer of each item, if they run along the parameters of a model
    ordered: bool = True
    filtered: bool = False  # a test let nothing through
    walked: Value | None = None  # what a generator expression goes through
    trains: bool = False  # an optimizer drew from it
    certain: bool = True  # false if only a method's name tells that this is an iterator
    born: Site | None = None  # the expression that makes it; a list could be made there instead
    stamp: int | None = None  # how many changes there were before it was made
    trainable: bool | None = False  # gives all that can be trained of what it takes from (see `takings.py`)
    beside: tuple[Value, ...] = ()  # whole lists of a model's tensors that `zip` walks beside its one source


@dataclass(frozen=True, slots=True)
class SequenceCell:
    """A list, tuple, set or another container that can be walked again and again.

    `items` are the items where they are known one by one, else None and `item` stands for each of them.
    """

    kind: str
    made: Site | None
    items: tuple[Value, ...] | None = None
    item: Value = UNKNOWN
    sites: tuple[Site, ...] | None = None
    covers: tuple[Cover, ...] | None = None
    children: Cover | None = None  # the children of a module, in order, or a slice of them
    ordered: bool = True
    members: tuple[Value, ...] | None = None  # where `items` is None: all of these are in it, others may be, too
    owner: Ref | None = None  # the optimizer whose param groups these are
    whole: bool = True  # no slice of them
    layers: tuple[int, ...] | None = None  # the layer of each item, if they run along the parameters of a model
    filtered: bool = False  # a test let nothing through
    among: tuple[Value, ...] = ()  # what is in it on some of the paths that met
    dealt: Derived | None = None  # the lists that parameters were dealt out to, of which this is one
    path: Path | None = None  # under which branches a list was written down
    trainable: bool | None = False  # has all that can be trained of what it was taken from


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a dict, and where its value was written."""

    value: Value
    site: Site
    key_site: Site | None = None
    certain: bool = True  # false if only some of the paths that meet here wrote it


@dataclass(frozen=True, slots=True)
class MappingCell:
    """A dict; `open` means that there may be keys that are not listed."""

    made: Site | None
    entries: tuple[tuple[object, Entry], ...] = ()
    open: bool = False
    item: Value = UNKNOWN
    role: str = "dict"  # or "group": a param group of an optimizer
    key: Value | None = None  # stands for keys that are not listed
    default: Value | None = None  # makes the values of new keys
    owner: Ref | None = None  # the optimizer that has this group
    place: int | None = None  # which of its groups this is

    def get(self, key: object) -> Entry | None:
        """The entry under a literal key."""
        return next((entry for name, entry in self.entries if name == key), None)

    def with_entry(self, key: object, entry: Entry) -> MappingCell:
        """The dict after `self[key] = entry`."""
        return replace(self, entries=tuple((dict(self.entries) | {key: entry}).items()))


@dataclass(frozen=True, slots=True)
class Cover:
    """A part of a model: a module (or one tensor), or the children of a module from `start` to `stop`."""

    module: Ref
    start: int | None = None
    stop: int | None = None
    sliced: bool = False
    site: Site | None = None
    symbol: tuple[int, str] | None = None  # where `start` and `stop` count from, if that has only a name
    again: bool = False  # its parameters come several times: `modules()` gives modules inside modules


@dataclass(frozen=True, slots=True)
class InstanceCell:
    """An object of a class that is known (`cls`), or a module of which no more is known.

    `is_module` tells whether it is an `nn.Module`; `children` are its sub-modules by name, in order of
    registration, where all are known and the project's code does not set them as attributes.
    """

    cls: Value
    made: Site | None
    attrs: tuple[tuple[str, Value], ...] = ()
    is_module: bool | None = None
    children: tuple[tuple[str, Value], ...] | None = None
    layout: tuple[int, ...] | None = None  # parameter tensors of each layer, in order
    names: tuple[str, ...] | None = None  # of a layer's own parameters
    parent: tuple[Ref, str] | None = None
    frozen: bool = False  # the program switches off gradients of some of its parameters
    listed_by: Ref | None = None  # the module whose `children()` gave it
    part_of: Cover | None = None  # a container built over a slice of another module's children
    vague: bool = False  # one of several parts, it can't be told which
    among: tuple[Value, ...] = ()  # what surely is among its parts, where they are not known one by one
    trainable: bool | None = None  # whether its parameters get gradients, where its parts don't tell
    given: tuple[Value, ...] = ()  # what it may hold: methods that were not run were given it

    def get(self, name: str) -> Value | None:
        """The value of an attribute that was set."""
        for attr, value in self.attrs:
            if attr == name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Placement:
    """The device that a tensor was made on, and where that is written."""

    value: Value
    site: Site | None


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a `backward` began that reaches leaves only, and where the graph was cut."""

    site: Site
    what: str
    path: Path
    cut: Site | None


@dataclass(frozen=True, slots=True)
class TensorCell:
    """A tensor or parameter; see `optlint.model.Tensor` for what the fields mean.

    `how` is what made it, in the user's words: "`torch.randn`", "`.detach()`", "indexing"; or "parameter" and "group
    parameter" for what a module and an optimizer give out, and "piece" for a part of one.
    """

    made: Site
    how: str = "tensor"
    leaf: bool | None = None
    requires_grad: bool | None = None
    parameter: bool | None = None
    registered: bool | None = None
    piece_of: Ref | None = None  # the parameter that this is a piece of
    shows: Ref | None = None  # the tensor of which this is a view
    owner: Ref | None = None  # the module whose `parameters()` gave it
    bases: tuple[Ref, ...] | None = ()  # the leaves that this was computed from, if gradients may flow to them
    dtype: str | None = None
    device: Placement | None = None
    parent: tuple[Ref, str] | None = None
    escaped: bool = False
    gradient_set: bool = False
    used: bool = False  # something was computed from it
    mixed: bool = False  # from something unknown, too
    cut: Site | None = None  # where it was taken out of a graph
    begun: Begun | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What one group holds, where that is known, and where it was written.

    `sources` are the modules that all of its tensors were taken from, `trainable` tells that these are all that can be
    trained. `picked` are the names by which all of them were taken: of the modules in a part, or none for the part
    itself.
    """

    site: Site
    covers: tuple[Cover, ...] | None
    held: tuple[frozenset[Ref], ...] = ()  # the leaves of each cover when the optimizer got the group
    since: int = 0  # how many changes there were before that
    sources: frozenset[Ref] | None = None
    trainable: bool = False
    picked: frozenset[tuple[Cover, str]] | None = None


@dataclass(frozen=True, slots=True)
class OptimizerCell:
    """An optimizer, and what its param groups hold (None after branches that differ)."""

    cls: str
    made: Site
    name: str = "optimizer"
    groups: tuple[Group, ...] | None = ()
    path: Path = ()
    layers: tuple[int, ...] | None = None  # the layer of each group, if they run along the parameters of a model
    keys: frozenset[str] | None = None  # the keys of groups that it reads
    kind: Value = UNKNOWN  # its class
    count: tuple[int, ...] | None = None  # how many groups it has
    handed: int = 0  # how often code that is not known got it


@dataclass(frozen=True, slots=True)
class SchedulerCell:
    """A scheduler of torch or transformers; `harmless` if its first rate may be skipped.

    `moved` tells whether its optimizer has stepped since, `early` where it stepped itself before that; `left` which
    optimizers took the place of its own, and where.
    """

    name: str
    made: Site
    optimizers: tuple[Ref, ...]  # one of these
    harmless: bool
    handed: int
    moved: bool | None = False
    early: tuple[tuple[Site, Path], ...] = ()
    left: tuple[tuple[Ref, Path], ...] = ()


Cell: TypeAlias = IteratorCell | SequenceCell | MappingCell | InstanceCell | TensorCell | OptimizerCell | SchedulerCell
