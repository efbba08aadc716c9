"""Applying edits to a text, leaving every other character as it was."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from optlint.diagnostic import Edit

_AFTER_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


class CannotEditError(Exception):
    """A file that must not be rewritten; its text says why."""


def split_lines(text: str) -> list[str]:
    """The lines with their ends, as spans count them: form feeds and the like end no line."""
    return _AFTER_LINE_END.split(text)


def edited(lines: Sequence[str], edits: Iterable[Edit]) -> str:
    """The text of `lines` after the edits, which must not overlap; an insertion comes before a replacement."""
    text = "".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    pieces: list[str] = []
    done = 0
    for start, end, content in sorted(_offsets(edit, starts) for edit in edits):
        if start < done:
            raise ValueError("edits overlap")
        pieces += [text[done:start], content]
        done = end
    return "".join([*pieces, text[done:]])


def _offsets(edit: Edit, starts: Sequence[int]) -> tuple[int, int, str]:
    span = edit.span
    return starts[span.row - 1] + span.column - 1, starts[span.end_row - 1] + span.end_column - 1, edit.content
