"""Events of optimizers and their param groups: what is in them, and by which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events.sites import Site


@dataclass(frozen=True, slots=True)
class WrongArgument:
    """What is given to an optimizer can't be its parameters.

    `what` is `method` (not called), `module`, `iterators` (a list of them) or `group` (one dict, not in a list).
    `stands` tells whether the expression at `site` is that argument itself; `items` are the wrong ones of a list there.
    """

    what: str
    site: Site
    optimizer: str
    stands: bool = False
    items: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupKeyUnknown:
    """A key is written into a param group whose optimizer does not read it; `site` is the key.

    `read` tells whether the project's code reads such a key, `label` whether it may only name the group; `meant` is the
    hyperparameter that it stands for.
    """

    site: Site
    optimizer: str
    key: str
    read: bool
    label: bool
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class GroupsOverlap:
    """Two param groups hold the same parameters."""

    site: Site
    optimizer: str
    earlier: Site


@dataclass(frozen=True, slots=True)
class GroupsLeaveGap:
    """The children of a module were dealt out to the groups of one optimizer, and some of it was left out."""

    site: Site
    optimizer: str
    parts: tuple[Site, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class CriterionLeftOut:
    """A loss is computed by a module of its own, whose `parameter` no optimizer has; `site` built the model's one."""

    site: Site
    optimizer: str
    parameter: str
    used: Site


@dataclass(frozen=True, slots=True)
class GroupEmpty:
    """A param group holds nothing; `cause` tells why.

    It is `filter`, `module` (without parameters), `list` (never filled) or `slice` (behind the end).
    """

    site: Site
    optimizer: str
    cause: str


@dataclass(frozen=True, slots=True)
class ParametersUnordered:
    """Parameters are given to an optimizer in the order of a set.

    `trains_only` tells that the file trains and never resumes. `made` is what makes the set if it stands there and a
    dict would do: a call of `function`, or a display, which is a comprehension if it `walks`.
    """

    site: Site
    optimizer: str
    trains_only: bool
    made: Site | None = None
    function: Site | None = None
    walks: bool = False


@dataclass(frozen=True, slots=True)
class RateByIndex:
    """What parameters get depends on their place among those of a module; `site` is the division, slice or comparison.

    For each parameter, in order: the number of its layer, and its rate or what that was computed from.
    """

    site: Site
    layers: tuple[int, ...]
    rates: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class NamesUnmatched:
    """Parameters are chosen by their names, and none of these words matches; `whole` if whole names are compared."""

    site: Site
    words: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class GroupsBuilt:
    """An optimizer is built; for each of its groups, how many tensors it gets. No rule asks, but editors show it."""

    site: Site
    optimizer: str
    sizes: tuple[int | None, ...]
