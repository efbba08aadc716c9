"""Parsed files, by libcst or by `ast`: what they say, where their nodes stand, how those are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from optlint.diagnostic import Span
from optlint.flow.reading import ir, lower_ast

if TYPE_CHECKING:
    from libcst import CSTNode, Module

    from optlint.remedies import Written
    from optlint.spans import Positions

LONGEST_TEXT = 60


@dataclass(slots=True, eq=False, repr=False)
class CstText:
    """A file that libcst parsed."""

    module: Module
    filename: str
    positions: Positions

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands."""
        return self.positions.of(cast("CSTNode", origin))

    def text_of(self, origin: object) -> str:
        """The source text of a syntax node, on one line."""
        return shortened(self.module.code_for_node(cast("CSTNode", origin)))

    def written(self, origin: object) -> Written | None:
        """How an expression is written."""
        from optlint.flow.reading.written import written

        return written(origin, self.positions)


class AstText:
    """A file that `ast` parses when it is asked what is in it."""

    def __init__(self, text: str, filename: str) -> None:
        self.filename = filename
        self._text = text

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; raises SyntaxError or ValueError if there is none."""
        return ast.parse(self._text)

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.splitlines(keepends=True)

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands."""
        node = cast("ast.expr", origin)
        row, end_row = getattr(node, "lineno", 1), getattr(node, "end_lineno", None) or 1
        column, end_column = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", None) or 0
        return Span(self.filename, row, self._column(row, column), end_row, self._column(end_row, end_column))

    def _column(self, row: int, offset: int) -> int:
        """A 1-based column in code points from an offset in bytes."""
        line = self._lines[row - 1] if row <= len(self._lines) else ""
        return len(line.encode()[:offset].decode(errors="replace")) + 1

    def text_of(self, origin: object) -> str:
        """The source text of a syntax node, on one line."""
        span = self.span_of(origin)
        lines = self._lines[span.row - 1 : span.end_row] or [""]
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return shortened("".join(lines))

    def written(self, origin: object) -> Written | None:
        """Not known: `ast` keeps no parentheses and no comments."""
        del origin
        return None


Parsed = CstText | AstText


def from_libcst(module: Module, filename: str) -> CstText:
    """A file that libcst parsed."""
    from optlint.spans import Positions

    return CstText(module, filename, Positions(module, filename))


def shortened(text: str) -> str:
    """A piece of source on one line, with its middle left out if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[: LONGEST_TEXT // 2]}…{line[-LONGEST_TEXT // 3 :]}"


def statements_of(text: Parsed) -> ir.Block:
    """The statements of a file."""
    if isinstance(text, AstText):
        return lower_ast.lower_module(text.tree)
    from optlint.flow.reading import lower

    return lower.lower_module(text.module)


def body_of(function: ir.Function) -> ir.Block:
    """The statements of a function."""
    if isinstance(function.origin, ast.AST):
        return lower_ast.body_of(function)
    from optlint.flow.reading import lower

    return lower.body_of(function)


def mentions(origin: ir.Origin) -> Iterator[str]:
    """Every identifier in a syntax node."""
    if isinstance(origin, ast.AST):
        return lower_ast.mentions(origin)
    from optlint.flow.reading import cst_words

    return cst_words.mentions(origin)
