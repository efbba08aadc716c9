"""Where the nodes of an `ast` tree stand in the source, by the same measure as those of libcst."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from optlint.diagnostic import Span

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")  # form feeds and the like end no line
_BLANK = re.compile(r"(?:[\s\\]|#[^\r\n]*)*")
_CLOSING = re.compile(r"(?:[\s\\]|#[^\r\n]*)*\)")
_COMMA = re.compile(r"(?:[\s\\]|#[^\r\n]*)*,")
_NAME = re.compile(r"(?:async\b[\s\\]*)?def\b[\s\\]*(\w+)")


class AstPlaces:
    """The spans of nodes that `ast` parsed from a text; columns count code points."""

    def __init__(self, text: str, filename: str) -> None:
        self._text = text
        self._filename = filename

    @cached_property
    def _lines(self) -> list[str]:
        return _LINE.findall(self._text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self._lines))]

    def span_of(self, node: ast.AST) -> Span:
        """Where a node stands, without its own parentheses; of a function or parameter, its name."""
        start, end = self._bounds(node)
        if isinstance(node, ast.GeneratorExp):
            start, end = self._within(start, end, _last_of(node))
        elif isinstance(node, ast.Tuple) and node.elts and self._is_parenthesised(start, end, node):
            start, end = self._within(start, end, node.elts[-1])
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (name := _NAME.match(self._text, start)):
            start, end = name.span(1)
        elif isinstance(node, ast.arg):
            end = start + len(node.arg)
        return Span(self._filename, *self._place(start), *self._place(end))

    def text_of(self, node: ast.AST) -> str:
        """What is written there; a tuple keeps its parentheses."""
        if isinstance(node, ast.Tuple):
            start, end = self._bounds(node)
        else:
            span = self.span_of(node)
            start, end = (
                self._starts[span.row - 1] + span.column - 1,
                self._starts[span.end_row - 1] + span.end_column - 1,
            )
        return self._text[start:end]

    def _bounds(self, node: ast.AST) -> tuple[int, int]:
        row, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        end_row, end_column = getattr(node, "end_lineno", None) or row, getattr(node, "end_col_offset", None) or column
        return self._offset(row, column), self._offset(end_row, end_column)

    def _offset(self, row: int, column: int) -> int:
        """A place in the text, from a column in bytes."""
        line = self._lines[row - 1] if row <= len(self._lines) else ""
        before = (
            column if line.isascii() else len(line.encode("utf-8", "surrogatepass")[:column].decode(errors="replace"))
        )
        return self._starts[min(row, len(self._starts)) - 1] + before

    def _place(self, offset: int) -> tuple[int, int]:
        row = min(bisect_right(self._starts, offset), len(self._lines))
        return row, offset - self._starts[row - 1] + 1

    def _within(self, start: int, end: int, last: ast.expr) -> tuple[int, int]:
        """What stands between two brackets, without the blanks and comments around it; `last` ends it."""
        first = _BLANK.match(self._text, start + 1)
        at = self._bounds(last)[1]
        while (closing := _CLOSING.match(self._text, at)) and closing.end() < end:
            at = closing.end()  # parentheses of the last expression
        if comma := _COMMA.match(self._text, at):
            at = comma.end()
        return first.end() if first else start, at

    def _is_parenthesised(self, start: int, end: int, node: ast.Tuple) -> bool:
        """Whether the brackets at both ends belong to each other, not to the first and the last item."""
        if self._text[start] != "(" or self._text[end - 1] != ")":
            return False
        first, at = self._bounds(node.elts[0])
        opened, closed = self._text.count("(", start, first), 0
        while closing := _CLOSING.match(self._text, at):
            closed, at = closed + 1, closing.end()
        return opened > closed


def _last_of(node: ast.GeneratorExp) -> ast.expr:
    """The expression that ends a generator expression."""
    last = node.generators[-1]
    return last.ifs[-1] if last.ifs else last.iter
