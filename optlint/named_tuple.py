"""`NamedTuple` for the modules that every run loads: importing `typing` costs half as much as starting Python."""

from __future__ import annotations

__all__ = ["NamedTuple"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    class _Maker(type):
        """Makes of a class with annotations what `typing` makes of it, but for the annotations themselves."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = list(body.get("__annotations__", ()))
            defaults = [body.pop(field) for field in fields if field in body]
            body.setdefault("__slots__", ())
            return type(name, (namedtuple(name, fields, defaults=defaults),), body)

    class NamedTuple(metaclass=_Maker):
        """An immutable value whose fields have names."""
