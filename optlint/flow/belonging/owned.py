"""What each optimizer was given, and which modules ran, as far as it was seen; kept for what is judged at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from optlint.flow.core.values import Ref


class Gift(NamedTuple):
    """A group that an optimizer got: the modules and tensors it was made of, all that was in these, and when.

    `parts` is None where they are not known. Times are addresses on the heap.
    """

    optimizer: Ref
    modules: frozenset[Ref]
    parts: frozenset[Ref] | None
    time: int


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
    states: dict[Ref, Ref] = field(default_factory=dict)
    answers: dict[object, Ref] = field(default_factory=dict)  # the module that each call ran, by origin
