"""Where the nodes of a libcst tree stand in the source, without `libcst.metadata`.

All positions of a file are computed on the first question, by writing the tree out once and noting
where each node starts and ends; a file without diagnostics never pays for that.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING

from libcst._nodes.internal import CodegenState

from optlint.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from libcst import CSTNode, Module

_LINE_END = re.compile(r"\r\n?|\n")


class Positions:
    """The spans of one module's nodes; `cell_map` turns a row of the joined source into (cell, row)."""

    def __init__(self, module: Module, filename: str, cell_map: Callable[[int], tuple[int, int]] | None = None) -> None:
        self._module = module
        self._filename = filename
        self._cell_map = cell_map

    def of(self, node: CSTNode) -> Span:
        """The span of `node`, without its own parentheses and the whitespace around it."""
        start, end = self._written.offsets[node]
        (row, column), (end_row, end_column) = self._place(start), self._place(end)
        if self._cell_map is None:
            return Span(self._filename, row, column, end_row, end_column)
        (cell, row), (_, end_row) = self._cell_map(row), self._cell_map(end_row)
        return Span(self._filename, row, column, end_row, end_column, cell)

    def text(self, first: CSTNode, last: CSTNode) -> str:
        """What is written from the start of one node to the end of another."""
        return self._text[self._written.offsets[first][0] : self._written.offsets[last][1]]

    def follows_word(self, node: CSTNode) -> bool:
        """Whether a word stands right before a node."""
        start = self._written.offsets[node][0]
        before = self._text[start - 1 : start]
        return before.isalnum() or before == "_"

    def _place(self, offset: int) -> tuple[int, int]:
        row = bisect_right(self._line_starts, offset)
        return row, offset - self._line_starts[row - 1] + 1

    @cached_property
    def _written(self) -> _NotingState:
        state = _NotingState(self._module.default_indent, self._module.default_newline)
        self._module._codegen(state)
        return state

    @cached_property
    def _text(self) -> str:
        return "".join(self._written.tokens)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self._text))]


class _NotingState(CodegenState):
    """Writes a tree out as libcst does and notes the offsets at which each node starts and ends."""

    def __init__(self, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent, default_newline)
        self.offset = 0
        self.offsets: dict[CSTNode, tuple[int, int]] = {}
        self._open: list[int] = []

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)
        self.offset += sum(map(len, self.indent_tokens))

    def pop_trailing_newline(self) -> None:
        """Keep it: libcst gives the last line an end even where the file has none."""

    def before_codegen(self, node: CSTNode) -> None:
        self._open.append(self.offset)

    def after_codegen(self, node: CSTNode) -> None:
        start = self._open.pop()
        self.offsets.setdefault(node, (start, self.offset))  # the syntactic position, if noted, is the better one

    def record_syntactic_position(  # type: ignore[override]  # the context manager itself, without contextlib's cost
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> _Noting:
        return _Noting(self, node, start_node, end_node)


class _Noting:
    """Notes where the text of `node` proper starts and ends, borrowed from its children where they are given."""

    __slots__ = ("_end_node", "_node", "_start", "_start_node", "_state")

    def __init__(
        self, state: _NotingState, node: CSTNode, start_node: CSTNode | None, end_node: CSTNode | None
    ) -> None:
        self._state = state
        self._node = node
        self._start_node = start_node
        self._end_node = end_node
        self._start = state.offset

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        offsets = self._state.offsets
        start = self._start if self._start_node is None else offsets[self._start_node][0]
        end = self._state.offset if self._end_node is None else offsets[self._end_node][1]
        offsets[self._node] = (start, end)
