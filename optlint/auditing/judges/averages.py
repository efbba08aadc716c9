"""Moving averages of models: for a few steps, watch which modules the user's loops walk through together."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import Module

from optlint.auditing.instruments.patches import Patches, compiled_frames
from optlint.auditing.judges.loops import averaging_loop_at, second_name
from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.models import names_of
from optlint.auditing.memory.samples import take_sample
from optlint.observations import AverageUnused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from torch import Tensor

    from optlint.auditing.judges.loops import AveragingLoop
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.observations import Seen

BEGIN, END = 2, 8  # the steps between which walks are noted
METHODS = ("parameters", "named_parameters", "state_dict")
NOTES = "_optlint_notes_walks"  # marks the methods that stand in for torch's own meanwhile
MOST = 200  # walks
TWICE = 2  # how often a loop must have run


class _Walk(NamedTuple):
    """A line of the user's that walked through a module, and what its first parameter was like then."""

    filename: str
    row: int
    module: weakref.ref[Module]
    sample: Tensor | None


class Averages:
    """The watch over averages, once for each of the first few optimizers."""

    def __init__(self, book: Book, users: Callable[[str], bool], fail: Callable[[Exception], None]) -> None:
        self._book = book
        self._users = users
        self._fail = fail
        self._patches = Patches()
        self._watched: OptimizerRecord | None = None
        self._walks: list[_Walk] = []
        self._frames = compiled_frames()  # what is compiled may have to be again when methods are replaced

    def after_look(self, record: OptimizerRecord) -> Iterator[Seen]:
        """Begin the watch after an early look at `record`, or end it and tell what it has shown."""
        if self._watched is record:
            yield from self._judge(record)
            if record.steps >= END:
                self.stop()
        elif self._watched is None and BEGIN <= record.steps < END and self._can_begin():
            self._watched = record
            for name in METHODS:
                self._patches.replace(Module, name, self._noted)

    def _can_begin(self) -> bool:
        """Not where code was compiled, nor while an audit around this one watches: that one may end sooner."""
        return self._frames == compiled_frames() and not hasattr(Module.state_dict, NOTES)

    def stop(self) -> None:
        """End the watch."""
        self._patches.undo()
        self._walks.clear()
        self._watched = None

    def _noted(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def walk(module: Module, *arguments: Any, **named: Any) -> Any:
            if len(self._walks) < MOST:
                try:
                    self._note(module, sys._getframe(1))
                except Exception as fault:
                    self._fail(fault)
            return original(module, *arguments, **named)

        setattr(walk, NOTES, True)
        return walk

    def _note(self, module: Module, frame: FrameType) -> None:
        filename = frame.f_code.co_filename
        if self._users(filename):
            self._walks.append(_Walk(filename, frame.f_lineno, weakref.ref(module), _sample(module)))

    def _judge(self, record: OptimizerRecord) -> Iterator[Seen]:
        lines = {(walk.filename, walk.row) for walk in self._walks}
        for filename, row in sorted(lines):
            loop = averaging_loop_at(filename, row)
            if loop is not None:
                there = [walk for walk in self._walks if walk.filename == filename and walk.row in loop.rows]
                if len(there) >= TWICE * len(loop.receivers):
                    yield from self._judge_loop(record, loop, there[: len(loop.receivers)])

    def _judge_loop(self, record: OptimizerRecord, loop: AveragingLoop, walks: list[_Walk]) -> Iterator[Seen]:
        modules = [walk.module() for walk in walks]
        if loop.rebound is not None:
            average, before = modules[loop.rebound], walks[loop.rebound].sample
            if average is not None and self._is_average(average, before, record):
                yield AverageUnused(place=loop.place, why="rebound", words=loop.name, **told_of(record))
        elif len(set(map(id, modules))) == 1 and modules[0] is not None and self._is_trained(modules[0]):
            place = second_name(walks[0].filename, loop.receivers) or loop.place
            copy: dict[str, Any] = {"words": loop.receivers[0], "updated": loop.place}
            yield AverageUnused(place=place, why="same object", **copy, **told_of(record))

    def _is_trained(self, module: Module) -> bool:
        return any(self._book.owning(parameter) for parameter in module.parameters())

    def _is_average(self, module: Module, before: Tensor | None, record: OptimizerRecord) -> bool:
        """Whether it has the names of the model that is trained, is not trained itself, and stays as it was."""
        now, root = _sample(module), record.root() if record.root is not None else None
        if now is None or before is None or root is None or self._is_trained(module):
            return False
        alike = set(names_of(module).values()) <= set(names_of(root).values())
        return alike and torch.equal(now, before) and any(known.moved for known in record.parameters.values())


def _sample(module: Module) -> Tensor | None:
    owned = (parameter for part in module.modules() for parameter in part._parameters.values())
    first = next((parameter for parameter in owned if parameter is not None), None)
    return take_sample(first) if first is not None else None
