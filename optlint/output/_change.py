"""What a fix would change, as removed and added lines."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from optlint.output._frame import visible
from optlint.output._paint import BLUE, GREEN, RED, Paint
from optlint.sources.edits import edited, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from optlint.diagnostic import Edit, Fix, Span


def change(fix: Fix, span: Span, lines: Callable[[Span], Sequence[str]], paint: Paint) -> Iterator[str]:
    """The lines that the fix takes away and puts, for each file or cell that it edits."""
    places = dict.fromkeys((edit.span.filename, edit.span.cell) for edit in fix.edits)
    for filename, cell in places:
        edits = [edit for edit in fix.edits if (edit.span.filename, edit.span.cell) == (filename, cell)]
        if (filename, cell) != (span.filename, span.cell):
            where = "" if cell is None else f":cell {cell}"
            yield f"  {paint(BLUE, '-->')} {visible(filename)}{where}"
        yield from _changed_lines(list(lines(edits[0].span)), edits, paint)


def _changed_lines(lines: list[str], edits: list[Edit], paint: Paint) -> Iterator[str]:
    above, last = min(edit.span.row for edit in edits) - 1, max(edit.span.end_row for edit in edits)
    if last > len(lines):
        return  # the file is no longer what it was
    before = lines[above:last]
    new = edited(before, [edit._replace(span=_moved(edit.span, -above)) for edit in edits])
    after = [line for line in split_lines(new) if line]
    gutter = len(str(last))
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            for row, line in enumerate(before[start:end], above + start + 1):
                yield f"{paint(BLUE, f'{row:>{gutter}} |')} {paint(RED, '- ' + _shown(line))}"
            for line in after[new_start:new_end]:
                yield f"{paint(BLUE, ' ' * gutter + ' |')} {paint(GREEN, '+ ' + _shown(line))}"


def _moved(span: Span, rows: int) -> Span:
    return span._replace(row=span.row + rows, end_row=span.end_row + rows)


def _shown(line: str) -> str:
    return visible(line.rstrip("\r\n"))
