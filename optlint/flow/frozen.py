"""Dataclasses whose objects nobody changes, at the cost of ones that may be changed.

A frozen dataclass takes three times as long to make, and the engine makes millions of them. That none of them is
changed is seen to by the type checker, for which these are the names of the standard library. Nor is anything compiled
for them that only who debugs needs: there are more than a hundred, and each run waits for them.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "replace"]

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, replace
else:

    def dataclass(*, frozen=False, slots=False, eq=True):
        """What `dataclasses.dataclass` makes; one that is `frozen` has a hash, but can be assigned to."""
        make = dataclasses.dataclass(slots=slots, eq=eq, repr=False, unsafe_hash=frozen and eq)

        def made(cls):
            cls.__doc__ = cls.__doc__ or cls.__name__  # without one, its signature would be put together
            kind = make(cls)
            kind.__repr__ = _spelt
            return kind

        return made

    def replace(value, /, **changes):
        """The same value with other fields, as from `dataclasses.replace`; no field is checked."""
        kind = type(value)
        other = kind(*_fields_of(kind)(value))
        for name, changed in changes.items():
            setattr(other, name, changed)
        return other


def _spelt(value: Any) -> str:
    """What `repr` gives: the class and its fields."""
    values = (f"{field.name}={getattr(value, field.name)!r}" for field in dataclasses.fields(value))
    return f"{type(value).__qualname__}({', '.join(values)})"


@cache
def _fields_of(kind: type[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the fields of such a value, in order."""
    names = [field.name for field in dataclasses.fields(kind)]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
