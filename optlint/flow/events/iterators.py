"""Events of one-shot iterators: who draws from them, and what was left when they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events.sites import Site


@dataclass(frozen=True, slots=True)
class Iterator:
    """A one-shot iterator: what makes it (`parameters`, `filter`), where, and whether it gives parts of a model.

    `certain` is false if only a method's name tells that it is an iterator at all.
    """

    kind: str
    made: Site
    of_model: bool
    certain: bool


@dataclass(frozen=True, slots=True)
class Consumed:
    """A one-shot iterator of a model, or one that an optimizer gets, is drawn from that was drawn from before.

    `earlier` is where that happened; `partly` whether only some items were gone; `by` what draws now, in words
    (`for`, `list`, `torch.optim.SGD`), and `trains` whether what is trained depends on it.
    """

    iterator: Iterator
    site: Site
    by: str
    trains: bool
    earlier: Site
    partly: bool
    again: bool
    births: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class MembershipTested:
    """`x in iterator` on a one-shot iterator; `repeated` whether it is asked more than once."""

    iterator: Iterator
    site: Site
    tested: Site
    repeated: bool
    births: tuple[Site, ...] = ()
    hashable: bool = False


@dataclass(frozen=True, slots=True)
class SequenceOperation:
    """`len(it)`, `it[0]`, `it[1:]` or `it + other` on a one-shot iterator; `operation` names it.

    `by_key` tells whether an item is asked for by a string, as of a dict.
    """

    iterator: Iterator
    site: Site
    operand: Site
    operation: str
    by_key: bool | None = False
    births: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A one-shot iterator of a model is drawn from, by whatever and however often; for editors, too."""

    iterator: Iterator
    site: Site
    by: str
