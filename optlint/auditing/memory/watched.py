"""Iterators that remember who used them up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from optlint.auditing.memory.places import span_of
from optlint.observations import IteratorReused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optlint.diagnostic import Span
    from optlint.observations import Seen


class WatchedIterator:
    """A stand-in for a generator; it is no `GeneratorType`, which is why it is asked for."""

    def __init__(self, inner: Iterator[Any], made: Span, told: Callable[[Seen], None], users: Callable[[str], bool]):
        self.inner = inner
        self._made = made
        self._used: Span | None = None  # where it was used up
        self._told = told
        self._users = users

    def __iter__(self) -> WatchedIterator:
        frame = sys._getframe(1)
        if self._used is not None and self._users(frame.f_code.co_filename):
            self._told(IteratorReused(place=span_of(frame), made=self._made, used=self._used))
        return self

    def __next__(self) -> Any:
        try:
            return next(self.inner)
        except StopIteration:
            frame = sys._getframe(1)
            self._used = self._used or (span_of(frame) if self._users(frame.f_code.co_filename) else self._made)
            raise
