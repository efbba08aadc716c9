"""Diagnostics of a text that has changed since: where they stand now, until the new text can be parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from optlint.diagnostic import Diagnostic, Span


class Shift(NamedTuple):
    """The lines that two texts have in common at their ends: before `first` and from `last` on, moved by `rows`."""

    first: int
    last: int
    rows: int
    kept: frozenset[int]  # rows of changed lines that are as before

    def row(self, row: int) -> int | None:
        """Where a row is now; None if it has changed."""
        if row < self.first or row in self.kept:
            return row
        return row + self.rows if row >= self.last else None

    def moved(self, span: Span) -> Span | None:
        """Where a span is now; None if one of its ends is on a line that has changed."""
        row, end_row = self.row(span.row), self.row(span.end_row)
        return None if row is None or end_row is None else span._replace(row=row, end_row=end_row)


def shifted(diagnostics: Iterable[Diagnostic], before: str, now: str, filename: str) -> Iterator[Diagnostic]:
    """The diagnostics whose lines are still there, without fixes."""
    shift = shift_of(split_lines(before), split_lines(now))

    def moved(span: Span) -> Span | None:
        return shift.moved(span) if span.filename == filename else span

    for diagnostic in diagnostics:
        span = moved(diagnostic.span)
        if span is not None:
            places = [(note, moved(note.span)) for note in diagnostic.notes]
            notes = tuple(note._replace(span=place) for note, place in places if place is not None)
            yield diagnostic._replace(span=span, notes=notes, fix=None)


def shift_of(before: Sequence[str], now: Sequence[str]) -> Shift:
    """What became of the rows of a text, which count from 1."""
    shorter = min(len(before), len(now))
    head = next((at for at in range(shorter) if before[at] != now[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != now[-1 - at]), shorter - head)
    same = len(before) == len(now)
    kept = [at + 1 for at in range(head, len(before) - tail) if same and before[at] == now[at]]
    return Shift(head + 1, len(before) - tail + 1, len(now) - len(before), frozenset(kept))
