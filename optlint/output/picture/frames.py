"""Places in the user's code: a few source lines, and a short name with the whole path behind it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from optlint.output._frame import visible
from optlint.output.picture.words import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Lines = Callable[[str], Sequence[str]]

AROUND = 2
WIDTH = 240


def short(where: Mapping[str, Any]) -> str:
    """`train.py:42`, with the whole path as a title."""
    path = f"{where['filename']}:{where['row']}"
    return f'<code class="place" title="{escape(path)}">{escape(place(where["filename"], where["row"]))}</code>'


def line_of(where: Mapping[str, Any], lines: Lines) -> str:
    """The source line itself, without its indentation."""
    return next((_shown(text).strip() for row, text in _rows(where, lines, 0)), "")


def frame(where: Mapping[str, Any], lines: Lines) -> str:
    """The line and those around it; nothing where the file cannot be read any more."""
    rows = list(_rows(where, lines, AROUND))
    if not rows:
        return ""
    gutter = len(str(rows[-1][0]))
    return f"<pre>{''.join(_line(row, text, gutter, row == where['row']) for row, text in rows)}</pre>"


def _rows(where: Mapping[str, Any], lines: Lines, around: int) -> Iterator[tuple[int, str]]:
    source, row = lines(where["filename"]), where["row"]
    if 1 <= row <= len(source):
        for number in range(max(1, row - around), min(len(source), row + around) + 1):
            yield number, source[number - 1]


def _line(row: int, text: str, gutter: int, here: bool) -> str:
    shown = f"<b>{row:>{gutter}}</b> {escape(_shown(text))}"
    return f'<mark><span class="unseen">here: </span>{shown}</mark>' if here else f"<span>{shown}</span>"


def _shown(text: str) -> str:
    shown = visible(text.rstrip("\r\n"))
    return shown if len(shown) <= WIDTH else f"{shown[:WIDTH]}…"
