"""Parsed files, by libcst or by `ast`: what they say, where their nodes stand, how those are written."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from optlint.flow.reading import ir, lower_ast
from optlint.flow.reading.ast_places import AstPlaces

if TYPE_CHECKING:
    from libcst import CSTNode, Module

    from optlint.diagnostic import Span
    from optlint.fixes.remedies import Written
    from optlint.sources.spans import Positions

LONGEST_TEXT = 60


@dataclass(slots=True, eq=False, repr=False)
class CstText:
    """A file that libcst parsed."""

    module: Module
    filename: str
    positions: Positions

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands; of a function or parameter, its name."""
        return self.positions.of(_named(origin))

    def text_of(self, origin: object) -> str:
        """The source text of a syntax node, on one line."""
        return shortened(self.module.code_for_node(_shown(origin)))

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
    def _places(self) -> AstPlaces:
        return AstPlaces(self._text, self.filename)

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands; of a function or parameter, its name."""
        return self._places.span_of(cast("ast.AST", origin))

    def text_of(self, origin: object) -> str:
        """The source text of a syntax node, on one line."""
        return shortened(self._places.text_of(cast("ast.AST", origin)))

    def written(self, origin: object) -> Written | None:
        """Not known: `ast` keeps no parentheses and no comments."""
        del origin
        return None


Parsed = CstText | AstText


def _named(node: Any) -> CSTNode:
    """The name of a function or parameter; any other node itself."""
    return cast("CSTNode", node.name if type(node).__name__ in ("FunctionDef", "Param") else node)


def _shown(node: Any) -> CSTNode:
    """A node as it is quoted: an expression without its own parentheses, but a tuple with one pair."""
    brackets = getattr(node, "lpar", None)
    kept = 1 if type(node).__name__ == "Tuple" else 0
    if not isinstance(brackets, Sequence) or len(brackets) <= kept:
        return _named(node)
    return cast("CSTNode", node.with_changes(lpar=brackets[:kept], rpar=node.rpar[:kept]))


def from_libcst(module: Module, filename: str) -> CstText:
    """A file that libcst parsed."""
    from optlint.sources.spans import Positions

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
