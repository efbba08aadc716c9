"""Where each optimizer was built: what a session knows that comes after the one that saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer

    from optlint.diagnostic import Span


class Lineage:
    """Places by optimizer, as long as it lives; `on_birth` is called with each new one."""

    def __init__(self, on_birth: Callable[[], None] = lambda: None) -> None:
        self._places: WeakKeyDictionary[Optimizer, Span] = WeakKeyDictionary()
        self._on_birth = on_birth

    def note(self, optimizer: Optimizer, place: Span | None) -> None:
        """An optimizer was built at this place."""
        self._on_birth()
        if place is not None and type(optimizer).__hash__ is not None:
            self._places[optimizer] = place

    def place_of(self, optimizer: Optimizer) -> Span | None:
        """Where it was built, if a session saw that."""
        return self._places.get(optimizer) if type(optimizer).__hash__ is not None else None
