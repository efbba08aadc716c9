"""What a run writes down for those who judge at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from optlint.flow.core.cells import IteratorCell
    from optlint.flow.core.values import Ref
    from optlint.flow.events import Text
    from optlint.flow.reading import ir


class Gift(NamedTuple):
    """A group that an optimizer got: the modules and tensors it was made of, all that was in these, and when.

    `parts` is None where they are not known, `frozen` those of them that a test for what can be trained left out. Times
    are addresses on the heap.
    """

    optimizer: Ref
    modules: frozenset[Ref]
    parts: frozenset[Ref] | None
    time: int
    frozen: frozenset[Ref] = frozenset()


class Training(NamedTuple):
    """An optimizer that was given to a function that trains, together with all that is `inside` of what it got."""

    optimizer: Ref
    inside: frozenset[Ref]
    time: int


@dataclass(slots=True)
class Owned:
    """The gifts of a program, when each module last ran with gradients and where, and which optimizer a state is of."""

    gifts: list[Gift] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    perhaps_frozen: set[Ref] = field(default_factory=set)
    ran: dict[Ref, int] = field(default_factory=dict)
    ran_one_of: dict[tuple[frozenset[Ref], str], int] = field(default_factory=dict)  # with the name that stood for them
    taken_out: dict[tuple[Ref, str], Ref] = field(default_factory=dict)  # what an optimizer has and `del` took away
    states: dict[Ref, Ref] = field(default_factory=dict)
    answers: dict[object, Ref] = field(default_factory=dict)  # the module that each call ran, by origin
    files: dict[object, Text] = field(default_factory=dict)  # where these calls stand
    helpers: dict[object, ir.Function] = field(default_factory=dict)  # the function of the project that each call ran
    called: set[Ref] = field(default_factory=set)  # the modules that ran so far, with gradients or without
    perhaps_run: set[Ref] = field(default_factory=set)  # modules that were called as one of several
    callers: dict[Ref, set[ir.Node | None]] = field(default_factory=dict)  # what was running when each module ran


@dataclass(slots=True)
class Births:
    """What is known of all births in a program."""

    unfit: set[object] = field(default_factory=set)
    walked: set[object] = field(default_factory=set)  # births that are walked through, not only asked by `in`
    collected: dict[object, int] = field(default_factory=dict)  # how often the items were put into something
    owners: dict[Ref, list[object]] = field(default_factory=dict)  # who was given a tensor, once for each group
    hidden: list[object] = field(default_factory=list)  # who was given a group of unknown content
    told: dict[tuple[type, object], list[IteratorCell]] = field(default_factory=dict)  # by event and place
    shadowed: bool | None = None  # whether the file binds `list`, `set` or `dict`


class Kin(NamedTuple):
    """The names of a class and of some that derive from it, and of those that it derives from itself."""

    heirs: frozenset[str]
    ancestors: frozenset[str]
