"""A mapping that is cheap to copy and to compare: what a copy shares with its origin is held once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

K = TypeVar("K")
V = TypeVar("V")

ENOUGH = 48  # changes after which it pays to look at the size of the base
SHARE = 16


class Layers(Generic[K, V]):
    """Keys and values like a dict's, none of them None, in a `base` that is shared and the changes since.

    A copy shares the base and copies the changes. When there are many of them, they become a new base first.
    """

    __slots__ = ("_base", "_changes")

    def __init__(self) -> None:
        self._base: dict[K, V] = {}
        self._changes: dict[K, V | None] = {}  # None: no longer there

    def copy(self) -> Layers[K, V]:
        """The same content; what becomes of one of them does not change the other."""
        changes = self._changes
        if len(changes) > ENOUGH and len(changes) * SHARE > len(self._base):
            self._base, self._changes = self._merged(), {}
        other: Layers[K, V] = Layers.__new__(Layers)
        other._base, other._changes = self._base, self._changes.copy()
        return other

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: V) -> V: ...
    def get(self, key: K, default: V | None = None) -> V | None:
        """The value of a key."""
        value = self._changes[key] if key in self._changes else self._base.get(key)
        return default if value is None else value

    def __getitem__(self, key: K) -> V:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self._changes[key] = value

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[K]:
        return iter(self._all())

    def items(self) -> Iterator[tuple[K, V]]:
        """Keys with values, in the order in which the keys came."""
        return iter(self._all().items())

    def values(self) -> Iterator[V]:
        """The values, in the order in which the keys came."""
        return iter(self._all().values())

    @property
    def ground(self) -> object:
        """What the keys up to now may lie in: see `keys_above`."""
        return self._base

    def keys_above(self, ground: object) -> Iterable[K]:
        """The keys that came since `ground` was asked for, and others; not all of them if that is still what it was."""
        if self._base is not ground:
            return self._all()
        return [key for key, value in self._changes.items() if value is not None]

    def discard(self, key: K) -> None:
        """Take a key out, if it is there."""
        if key in self._base:
            self._changes[key] = None
        else:
            self._changes.pop(key, None)

    def setdefault(self, key: K, value: V) -> None:
        """Set a key that is not there."""
        if key not in self:
            self[key] = value

    def differences(self, other: Layers[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
        """Keys whose values are not the same object here and in the other, with both; None where a key is not."""
        shared = self._base is other._base
        mine, theirs = (self._changes, other._changes) if shared else (self._all(), other._all())
        before = self._base if shared else {}
        for key, value in mine.items():
            its = theirs[key] if key in theirs else before.get(key)
            if its is not value:
                yield key, value, its
        for key, its in theirs.items():
            if key not in mine and its is not (value := before.get(key)):
                yield key, value, its

    def _all(self) -> dict[K, V]:
        return self._merged() if self._changes else self._base

    def _merged(self) -> dict[K, V]:
        merged = {**self._base, **self._changes}
        for key in [key for key, value in self._changes.items() if value is None]:
            del merged[key]
        return cast("dict[K, V]", merged)
