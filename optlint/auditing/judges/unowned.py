"""Leaves that the loss reaches and no optimizer owns: who they are, and why nothing trains them."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import Parameter

from optlint.auditing.instruments.graph import reached_leaves
from optlint.auditing.memory.samples import take_sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from optlint.auditing.judges.causes import Cause
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.summaries import ParameterSummary
    from optlint.diagnostic import Span

FRESH_WALKS = 3


@dataclass(slots=True)
class LeafRecord:
    """A trainable leaf that was in no optimizer when a loss reached it."""

    ref: weakref.ref[Tensor]
    walks: int
    sample: Tensor | None
    together: set[int]  # identities of the records whose parameters the same losses reached
    fresh: bool = False  # made in forward
    since: dict[int, int] = field(default_factory=dict)  # by record: the step at which it was first looked at
    moved: bool = False
    told: bool = False
    cause: Cause | None = None
    summary: ParameterSummary | None = None  # once it was told, for when it is gone
    thread: int = field(default_factory=get_ident)  # whose loss reached it first


class _Fresh(NamedTuple):
    """A Parameter that was registered while training went on, and the line that made it."""

    ref: weakref.ref[Tensor]
    place: Span
    name: tuple[str, str]  # the class of what it was registered in, and its name there


class Leaves:
    """The unowned leaves of the sampled backward walks."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.records: dict[int, LeafRecord] = {}
        self.gone: dict[str, ParameterSummary] = {}  # by name: those that were told and do not live any more
        self._fresh: dict[int, _Fresh] = {}
        self._fresh_lines: dict[Span, int] = {}
        self._fresh_names: dict[Span, tuple[tuple[str, str], ...]] = {}
        self._places: dict[tuple[str, int], Span] = {}  # one for each line
        self.strange_walks = 0  # walks that reached a new Parameter which no module has registered

    @property
    def any(self) -> bool:
        """Whether a loss has ever reached what nobody owned."""
        return bool(self.records or self._fresh_lines or self.strange_walks)

    def note_fresh(self, parameter: Tensor, place: Span, name: tuple[str, str]) -> None:
        """A Parameter was registered between two steps."""
        if len(self._fresh) > 1000:
            self._fresh = {key: one for key, one in self._fresh.items() if one.ref() is not None}
        place = self._places.setdefault((place.filename, place.row), place)
        self._fresh[id(parameter)] = _Fresh(weakref.ref(parameter), place, name)

    def walk(self, roots: tuple[Tensor, ...]) -> bool:
        """Note all unowned leaves that these roots reach; whether there is a Parameter that was not known."""
        leaves, owners = reached_leaves(roots) or (), self._book.owners
        unowned = [leaf for leaf in leaves if id(leaf) not in owners and leaf.requires_grad]
        if not unowned:
            return False
        together = {id(record) for leaf in leaves for record in self._book.owning(leaf)}
        lines = {id(leaf): self._of_line(leaf) for leaf in unowned}
        for line in set(filter(None, lines.values())):
            self._fresh_lines[line] = self._fresh_lines.get(line, 0) + 1
        new = [
            leaf
            for leaf in unowned
            if self._note(leaf, together, fresh=lines[id(leaf)] is not None) and isinstance(leaf, Parameter)
        ]
        self.strange_walks += any(self._book.registrations.owner(leaf) is None for leaf in new)
        return bool(new)

    def _of_line(self, leaf: Tensor) -> Span | None:
        fresh = self._fresh.get(id(leaf))
        if fresh is None or fresh.ref() is not leaf:
            return None
        del self._fresh[id(leaf)]  # counted once: a layer that is made once and kept is no layer of every round
        self._fresh_names[fresh.place] = tuple(dict.fromkeys((*self._fresh_names.get(fresh.place, ()), fresh.name)))
        return fresh.place

    def _note(self, leaf: Tensor, together: set[int], fresh: bool) -> bool:
        """Whether this leaf is seen for the first time."""
        known = self.records.get(id(leaf))
        if known is None or known.ref() is not leaf:
            self.records[id(leaf)] = LeafRecord(weakref.ref(leaf), 1, take_sample(leaf), together, fresh)
            return not fresh
        known.walks += 1
        known.together |= together
        now = take_sample(leaf)
        known.moved = known.moved or now is None or known.sample is None or not torch.equal(now, known.sample)
        return False

    def forget_dead(self) -> None:
        """Drop leaves that are gone or that an optimizer owns by now."""
        for one in self.records.values():
            if one.summary is not None and not one.moved and one.ref() is None:
                self.gone[one.summary.name] = one.summary
        self.records = {
            key: one
            for key, one in self.records.items()
            if (leaf := one.ref()) is not None and not self._book.owning(leaf)
        }

    def untrained(self, final: bool) -> list[tuple[Tensor, LeafRecord]]:
        """Leaves that nothing has changed so far and that were not told yet."""
        self.forget_dead()
        here = get_ident()  # another thread may be writing its gradients
        mine = [one for one in self.records.values() if final or one.thread == here]
        known = [(leaf, one) for one in mine if (leaf := one.ref()) is not None]
        return [
            (leaf, one)
            for leaf, one in known
            if not one.told and (leaf.grad is not None or (final and not one.fresh)) and not self._has_moved(leaf, one)
        ]

    def _has_moved(self, leaf: Tensor, one: LeafRecord) -> bool:
        now = take_sample(leaf)
        one.moved = one.moved or now is None or one.sample is None or not torch.equal(now, one.sample)
        return one.moved

    def made_in_forward(self) -> Iterator[tuple[Span, tuple[tuple[str, str], ...]]]:
        """Lines that make new Parameters round after round, which the loss reaches and nobody owns."""
        for place, walks in self._fresh_lines.items():
            if walks >= FRESH_WALKS:
                yield place, self._fresh_names[place]
