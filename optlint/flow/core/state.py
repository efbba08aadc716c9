"""The state of the interpreter at one point of a program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, cast

from optlint.flow.core.acts import start
from optlint.flow.core.cells import Cell, MappingCell, SequenceCell
from optlint.flow.core.layers import Layers
from optlint.flow.core.values import Path, Ref, Value, options_of
from optlint.flow.frozen import replace

T = TypeVar("T")
DEEPEST = 2  # containers in containers that are looked into


class State:
    """Variables by scope and name, the heap, and under which branches (`path`) the program got here.

    A state is changed in place while one path is followed; `copy` starts another path. `depth` counts the
    repeating contexts around (loops, comprehensions, callbacks), `no_grad` whether gradients are off, and `changes`
    grows with each step that could turn out otherwise the second time. `recording` tells how sure it is that gradients
    are on (see `grad_mode.py`). `marks` is shared by all paths: what happens to
    something anywhere in the program (see `tensor_uses.py`).
    """

    __slots__ = (
        "base",
        "changes",
        "depth",
        "heap",
        "live",
        "marks",
        "no_grad",
        "path",
        "recording",
        "trace",
        "variables",
    )

    def __init__(self, base: State | None = None) -> None:
        self.base = base
        self.variables: Layers[tuple[int, str], Value] = Layers()
        self.heap: Layers[int, Cell] = Layers()
        self.path: Path = ()
        self.live = True
        self.no_grad: bool | None = False
        self.recording: bool | None = True
        self.depth = 0
        self.changes = 0
        self.marks: set[tuple[object, str]] = set()
        self.trace = start()

    def copy(self) -> State:
        """The start of another path from here."""
        other = State.__new__(State)
        other.base, other.variables = self.base, self.variables.copy()
        other.heap = self.heap.copy()
        other.path, other.live, other.no_grad = self.path, self.live, self.no_grad
        other.recording, other.trace = self.recording, self.trace
        other.depth, other.changes, other.marks = self.depth, self.changes, self.marks
        return other

    def become(self, other: State) -> None:
        """Go on as `other`."""
        self.variables, self.heap, self.live = other.variables, other.heap, other.live
        self.no_grad, self.changes, self.recording = other.no_grad, other.changes, other.recording
        self.trace = other.trace

    def look_up(self, scope: int, name: str) -> Value | None:
        """The value of a variable, also of another file."""
        found = self.variables.get((scope, name))
        return self.base.look_up(scope, name) if found is None and self.base is not None else found

    def cell(self, value: Value) -> Cell | None:
        """The cell behind a value, if it is a reference."""
        return self.at(value.id) if isinstance(value, Ref) else None

    def at(self, address: int) -> Cell | None:
        """The cell at an address, also of another file."""
        found = self.heap.get(address)
        return self.base.at(address) if found is None and self.base is not None else found

    def get(self, value: Value, kind: type[T]) -> T | None:
        """The cell behind a value, if it is one of that kind."""
        cell = self.at(value.id) if isinstance(value, Ref) else None
        return cell if isinstance(cell, kind) else None

    def within(self, value: Value, deepest: int = DEEPEST) -> Iterator[Cell]:
        """The cells that a value may stand for; of containers those that they hold."""
        for cell in map(self.cell, options_of(value)):
            if isinstance(cell, SequenceCell | MappingCell):
                known = (
                    [entry.value for _, entry in cell.entries] if isinstance(cell, MappingCell) else cell.items or ()
                )
                for held in (*known, cell.item) if deepest else ():
                    yield from self.within(held, deepest - 1)
            elif cell is not None:
                yield cell

    def put(self, ref: Ref, cell: Cell) -> None:
        """Replace the cell behind a reference."""
        self.heap[ref.id] = cell

    def take(self, state: State) -> None:
        """Take over all that is in another state."""
        for key, value in state.variables.items():
            self.variables[key] = value
        for address, cell in state.heap.items():
            self.heap[address] = cell

    def adopt(self, other: State) -> None:
        """Take over the cells that only the other state has."""
        for address, mine, theirs in self.heap.differences(other.heap):
            if mine is None and theirs is not None:
                self.heap[address] = theirs

    def update(self, ref: Ref, **changes: Any) -> None:
        """Replace some fields of the cell behind a reference."""
        self.heap[ref.id] = replace(cast("Cell", self.at(ref.id)), **changes)
