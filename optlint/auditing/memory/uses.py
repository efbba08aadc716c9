"""How the source of a module's class uses what it holds, asked once a run has shown that something is wrong."""

from __future__ import annotations

import inspect
import linecache
import os
import re
from typing import TYPE_CHECKING

from optlint.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType

CONSTRUCTORS = ("__init__", "__setstate__", "reset_parameters")
CUT = r"\s*(\.data\b|\.detach\(|\.item\(|\.tolist\(|\.numpy\()"
MADE = re.compile(r"(?:(\w+)\s*=\s*)?\b((?:torch\.)?(?:nn\.)?Parameter\()")


def assignment_place(kind: type, attribute: str) -> Span | None:
    """Where the methods of a class, or of its bases, assign `self.<attribute>`."""
    pattern = re.compile(rf"\s*(self\.{re.escape(attribute)}\s*(?::[^=]+)?=(?!=).*)")
    found = ((code, row, pattern.match(text)) for code in _methods(kind) for row, text in _lines(code))
    return next((_span(code, row, one.span(1)) for code, row, one in found if one is not None), None)


def cut_place(kind: type, attribute: str) -> Span | None:
    """Where methods use `self.<attribute>`, if each of them takes its values out of the graph."""
    pattern = re.compile(rf"\bself\.{re.escape(attribute)}\b(?P<cut>{CUT})?")
    codes = [code for code in _methods(kind) if code.co_name not in CONSTRUCTORS]
    uses = [(code, row, use) for code in codes for row, text in _lines(code) for use in pattern.finditer(text)]
    if not uses or any(use["cut"] is None for *_, use in uses):
        return None
    code, row, use = uses[0]
    return _span(code, row, use.span())


def parameter_places(kinds: Iterable[type]) -> list[tuple[Span, str]]:
    """The lines of methods that make a `Parameter`, constructors aside, each with the name that it gets."""
    codes = [code for kind in kinds for code in _methods(kind) if code.co_name not in CONSTRUCTORS]
    found = ((code, row, one) for code in codes for row, text in _lines(code) for one in MADE.finditer(text))
    return list(dict.fromkeys((_span(code, row, one.span(2)), one[1] or "") for code, row, one in found))


def _methods(kind: type) -> Iterator[CodeType]:
    for base in kind.__mro__:
        for member in vars(base).values():
            code = getattr(inspect.unwrap(member) if callable(member) else member, "__code__", None)
            if code is not None and not base.__module__.startswith("torch."):
                yield code


def _lines(code: CodeType) -> Iterator[tuple[int, str]]:
    last = max((line for *_, line in code.co_lines() if line), default=code.co_firstlineno)
    rows = range(code.co_firstlineno, last + 1)
    return ((row, linecache.getline(code.co_filename, row).partition("#")[0].rstrip()) for row in rows)


def _span(code: CodeType, row: int, columns: tuple[int, int]) -> Span:
    start, end = columns
    return Span(os.path.abspath(code.co_filename), row, start + 1, row, end + 1)
