"""`--strict-iterators`: what `parameters()` and its like return to the user's code remembers who used it up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from torch.nn import Module

from optlint.auditing.memory.places import calling_frame, span_of
from optlint.observations import IteratorReused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optlint.auditing.hooks.patches import Patches
    from optlint.diagnostic import Span
    from optlint.observations import Seen

METHODS = ("parameters", "named_parameters", "buffers", "named_buffers", "children", "named_children", "modules")


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


def install(patches: Patches, tell: Callable[[Seen], None], users: Callable[[str], bool]) -> None:
    """Replace the methods of all modules that return generators, for calls from the user's code."""

    def wrap(original: Callable[..., Iterator[Any]]) -> Callable[..., Any]:
        def method(module: Module, *arguments: Any, **named: Any) -> Any:
            result = original(module, *arguments, **named)
            frame = calling_frame()
            if not users(frame.f_code.co_filename):
                return result
            return WatchedIterator(result, span_of(frame), tell, users)

        return method

    for name in METHODS:
        patches.replace(Module, name, wrap)
