"""What was run of other files, and what that defines; kept for all files of a run, beneath the states of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optlint.flow.core.machine import Counter, Unit
from optlint.flow.core.state import State
from optlint.flow.core.values import Value
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.reading.outline import Piece


@dataclass(slots=True)
class Opened:
    """A file of which something was asked: what of it was run, and the paths on which that depended."""

    unit: Unit
    run: set[Piece] = field(default_factory=set)
    needed: set[str] = field(default_factory=set)


class Defined(State):
    """What other files define; the state of each path looks here last.

    What is found out of the text of their functions and classes (`bodies` and so on) is kept for all files of a run.
    """

    __slots__ = ("bodies", "counter", "define", "mentioned", "nodes", "opened", "scopes", "tables")

    def __init__(self) -> None:
        super().__init__()
        self.counter = Counter()
        self.opened: dict[str, Opened] = {}
        self.scopes: dict[int, Opened] = {}
        self.nodes: set[ir.Node] = set()
        self.bodies: dict[ir.Function, ir.Block] = {}
        self.mentioned: dict[ir.Node, frozenset[str]] = {}
        self.tables: dict[tuple[str, str], bool] = {}
        self.define: Callable[[Opened, str], Value | None] | None = None

    def look_up(self, scope: int, name: str) -> Value | None:
        """A global of another file."""
        opened = self.scopes.get(scope)
        if opened is None or self.define is None:
            return self.variables.get((scope, name))
        return self.define(opened, name)
