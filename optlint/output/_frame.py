"""A few source lines with carets under what a span covers."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from optlint.output._paint import BLUE, Paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.diagnostic import Span

MAX_ROWS = 6
WIDTH = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Frame(NamedTuple):
    """How to draw: the colours, the style and the character of the carets, and lines to show before and after."""

    paint: Paint
    style: str
    mark: str = "^"
    around: int = 0

    def draw(self, span: Span, lines: Sequence[str]) -> list[str]:
        """The frame of `span` in a file of these lines; nothing where the file has no such line."""
        if not 1 <= span.row <= len(lines):
            return []
        if span.end_column == 1 and span.end_row > span.row:  # it ends with the line above
            span = span._replace(end_row=span.end_row - 1, end_column=sys.maxsize)
        end_row = min(max(span.row, span.end_row), len(lines))
        last = min(end_row, span.row + MAX_ROWS - 1)
        after = last + self.around
        if after >= len(lines) and not lines[-1]:  # what stands after the last line end is no line
            after = len(lines) - 1
        rows = range(max(1, span.row - self.around), max(last, min(len(lines), after)) + 1)
        gutter = len(str(rows[-1]))
        drawn = [self._bar(gutter)]
        for row in rows:
            drawn += self._row(lines[row - 1].rstrip("\r\n"), row, span._replace(end_row=end_row), gutter, last)
            if row == last < end_row:
                drawn.append(f"{self._bar(gutter, '...')} {end_row - last} more lines")
        return [*drawn, self._bar(gutter)]

    def _row(self, text: str, row: int, span: Span, gutter: int, last: int) -> Iterator[str]:
        start, end = _columns(text, row, span) if span.row <= row <= last else (0, 0)
        left = max(0, min(start, len(text)) - WIDTH // 2) if len(text) > WIDTH else 0
        right = min(len(text), left + WIDTH)
        shown = f"{'…' if left else ''}{visible(text[left:right])}{'…' if right < len(text) else ''}"
        yield f"{self._bar(gutter, str(row))} {shown}".rstrip()
        if end:
            before = _width(visible(text[left:start]))
            marks = max(1, _width(visible(text[left : min(end, right)])) - before)
            yield f"{self._bar(gutter)} {' ' * (before + bool(left))}{self.paint(self.style, self.mark * marks)}"

    def _bar(self, gutter: int, label: str = "") -> str:
        return self.paint(BLUE, f"{label:>{gutter}} |")


def visible(text: str) -> str:
    """The text with tabs expanded, and with nothing that could move a terminal's cursor or its reading order."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.expandtabs(4))


def place(span: Span) -> str:
    """`file:row:column`, or `notebook:cell 2:row:column`."""
    cell = "" if span.cell is None else f"cell {span.cell}:"
    return f"{visible(span.filename)}:{cell}{span.row}:{span.column}"


def _columns(text: str, row: int, span: Span) -> tuple[int, int]:
    """The 0-based part of a line that the span covers, at least one character wide, without the indentation."""
    indent = len(text) - len(text.lstrip())
    start = span.column - 1 if row == span.row else indent
    end = span.end_column - 1 if row == span.end_row else sys.maxsize
    return start, max(min(end, len(text.rstrip())), start + 1)


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 1 + (east_asian_width(char) in "WF") for char in text)
