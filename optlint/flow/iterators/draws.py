"""How and why items are taken out of an iterator."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.reading import ir


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why an iterator is drawn from: by what, wholly or partly, and whether training depends on it.

    `lost` tells that the item taken is dropped after a look at one of its attributes; `body` is the loop that gets
    the items.
    """

    by: str
    whole: bool = True
    trains: bool = False
    lost: bool = False
    body: ir.Node | None = None


class Draw(NamedTuple):
    """How items are taken: into something that keeps them, and from the iterator itself or by way of another one."""

    purpose: Purpose
    collects: bool
    itself: bool = True
