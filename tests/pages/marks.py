"""Marks: what a page expects of a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from optlint.diagnostic import Diagnostic

MARK = re.compile(
    r"""\#\s*(?P<kind>error|audit)
    (?P<spec>:\s*
      (?:\[(?P<code>[A-Z]{2,4}\d{3})(?:\s+(?P<severity>error|warning|info))?\])?\s*
      (?:"(?P<message>[^"]*)")?
    )?\s*(?=\#|$)""",
    re.VERBOSE,
)
TAIL = re.compile(r"\s*#\s*(?:error|audit)\s*(?::.*|#.*)?$")


class PageError(Exception):
    """A page that is not written as the runner's syntax asks."""


class Mark(NamedTuple):
    """One expected diagnostic; `severity` and `message` are "" where any will do."""

    kind: str  # "error": the linter's; "audit": the audit's
    code: str
    severity: str
    message: str

    def matches(self, diagnostic: Diagnostic) -> bool:
        """Whether this diagnostic is the one that the mark speaks of."""
        return (
            diagnostic.code == self.code
            and self.severity in ("", diagnostic.severity.value)
            and self.message in diagnostic.message
        )

    def __str__(self) -> str:
        severity = f" {self.severity}" if self.severity else ""
        message = f' "{self.message}"' if self.message else ""
        return f"{self.kind}: [{self.code}{severity}]{message}"


class Line(NamedTuple):
    """A line of a block: its number on the page, as it is written there, its code, and what it expects."""

    row: int
    raw: str
    text: str
    marks: tuple[Mark, ...] = ()


def read_line(row: int, raw: str, own_code: str | None) -> Line:
    """Split a line of a block into code and marks."""
    tail = TAIL.search(raw)
    if tail is None:
        return Line(row, raw, raw)
    text, rest = raw[: tail.start()], tail.group().strip()
    if not text.strip():
        raise PageError(f"line {row}: a mark stands behind code, not alone on its line: {rest}")
    return Line(row, raw, text, tuple(_read_marks(row, rest, own_code)))


def _read_marks(row: int, rest: str, own_code: str | None) -> list[Mark]:
    marks = []
    position = 0
    while position < len(rest):
        found = MARK.match(rest, position)
        code = found and (found["code"] or own_code)
        if found is None or (found["spec"] is not None and not (found["code"] or found["message"])):
            raise PageError(f"line {row}: not a mark: {rest[position:]}")
        if not code:
            raise PageError(f"line {row}: this page has no code of its own, so a mark must name one: {rest}")
        marks.append(Mark(found["kind"], code, found["severity"] or "", found["message"] or ""))
        position = found.end()
    return marks
