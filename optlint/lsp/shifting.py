"""Diagnostics of a text that has changed since: where they stand now, until the new text can be parsed."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from optlint.diagnostic import Diagnostic, Span

MOST_PAIRS = 4_000_000  # of changed lines that are compared


def shifted(diagnostics: Iterable[Diagnostic], before: str, now: str, filename: str) -> Iterator[Diagnostic]:
    """The diagnostics whose lines are still there, without fixes."""
    rows = same_rows(split_lines(before), split_lines(now))

    def moved(span: Span) -> Span | None:
        if span.filename != filename:
            return span
        row, end_row = rows.get(span.row), rows.get(span.end_row)
        return None if row is None or end_row is None else span._replace(row=row, end_row=end_row)

    for diagnostic in diagnostics:
        span = moved(diagnostic.span)
        if span is not None:
            places = [(note, moved(note.span)) for note in diagnostic.notes]
            notes = tuple(note._replace(span=place) for note, place in places if place is not None)
            yield diagnostic._replace(span=span, notes=notes, fix=None)


def same_rows(before: Sequence[str], now: Sequence[str]) -> Mapping[int, int]:
    """For each row of a text, counted from 1, that is in the other one too: the row that it is there."""
    shorter = min(len(before), len(now))
    head = next((at for at in range(shorter) if before[at] != now[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != now[-1 - at]), shorter - head)
    rows = {at + 1: at + 1 for at in range(head)}
    rows.update((len(before) - at, len(now) - at) for at in range(tail))
    old, new = before[head : len(before) - tail], now[head : len(now) - tail]
    if len(old) * len(new) <= MOST_PAIRS:
        for block in SequenceMatcher(None, old, new, False).get_matching_blocks():
            rows.update((head + block.a + at + 1, head + block.b + at + 1) for at in range(block.size))
    return rows
