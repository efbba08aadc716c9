"""How far a long run has come, on a terminal."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

PATIENCE = 0.5  # seconds before anything is shown
PAUSE = 0.1
ERASE = "\r\x1b[K"


def shown(items: Iterable[T], total: int) -> Iterator[T]:
    """The same items; once it takes long, a line on the terminal says how many there have been."""
    due = monotonic() + PATIENCE
    drawn = False
    try:
        for number, item in enumerate(items, 1):
            if monotonic() >= due:
                print(f"{ERASE}checked {number:,} of {total:,} files", end="", file=sys.stderr, flush=True)
                due = monotonic() + PAUSE
                drawn = True
            yield item
    finally:
        if drawn:
            print(ERASE, end="", file=sys.stderr, flush=True)
