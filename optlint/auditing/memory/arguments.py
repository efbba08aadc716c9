"""Iterators that are given to a call, and whether something has walked them before."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING
from weakref import WeakSet

from optlint.auditing.memory.places import span_of
from optlint.auditing.memory.sources import call_at, generators_in

if TYPE_CHECKING:
    from types import FrameType, GeneratorType
    from typing import Any

UNKNOWN = object()


class Walked:
    """The generators that optimizers and clipping have walked to their end, while something still holds them."""

    def __init__(self) -> None:
        self._generators: WeakSet[GeneratorType[Any, Any, Any]] = WeakSet()

    def note(self, given: object) -> bool:
        """Note that `given` is walked; whether all that it takes from was walked before."""
        inside = list(generators_in(given))
        before = bool(inside) and all(one in self._generators for one in inside)
        self._generators.update(inside)
        return before


def first_argument(frame: FrameType) -> object:
    """The value of the first argument of the call that `frame` is executing, if a plain name is written there."""
    call = call_at(span_of(frame))
    given = next(iter(call.node.args), None) if call is not None else None
    names = ast.unparse(given).split(".") if isinstance(given, (ast.Name, ast.Attribute)) else []
    if not all(name.isidentifier() for name in names) or not names:
        return None
    value = frame.f_locals.get(names[0], frame.f_globals.get(names[0], UNKNOWN))
    for name in names[1:]:
        value = inspect.getattr_static(value, name, UNKNOWN)
    return value
