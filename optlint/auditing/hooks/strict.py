"""`--strict-iterators`: what `parameters()` and its like return to the user's code remembers who used it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.nn import Module

from optlint.auditing.memory.places import calling_frame, span_of
from optlint.auditing.memory.watched import WatchedIterator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optlint.auditing.instruments.patches import Patches
    from optlint.observations import Seen

METHODS = ("parameters", "named_parameters", "buffers", "named_buffers", "children", "named_children", "modules")


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
