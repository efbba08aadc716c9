"""`--add-ignore`: a suppression comment on every statement that has a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Edit, Span
from optlint.linting.suppress import find_directives, statements
from optlint.own_rules import OWN
from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.diagnostic import Diagnostic
    from optlint.linting.suppress import Directive
    from optlint.sources.document import Document

UNSUPPRESSED = frozenset(rule.code for rule in OWN)


def ignoring(document: Document, diagnostics: Iterable[Diagnostic], filename: str, reason: str) -> tuple[Document, int]:
    """The document with comments that hide these diagnostics of its code, and how many it hides."""
    rows = {row: one.last_row for one in statements(document.code) for row in range(one.first_row, one.last_row + 1)}
    codes: dict[int, list[str]] = {}
    hidden = 0
    for diagnostic in diagnostics:
        if diagnostic.code not in UNSUPPRESSED:
            of_row = codes.setdefault(rows[diagnostic.span.row], [])
            hidden += 1
            if diagnostic.code not in of_row:
                of_row.append(diagnostic.code)
    existing = {directive.row: directive for directive in find_directives(document.code) if directive.verb == "ignore"}
    lines = split_lines(document.code)
    edits = [_edit(row, lines[row - 1], found, existing.get(row), filename, reason) for row, found in codes.items()]
    return (document.edited(edits) if edits else document), hidden


def _edit(row: int, line: str, codes: list[str], existing: Directive | None, filename: str, reason: str) -> Edit:
    if existing and existing.words:
        last = existing.words[-1]
        return Edit(Span(filename, row, last.end_column, row, last.end_column), f", {', '.join(codes)}")
    text = line.rstrip()
    span = Span(filename, row, len(text) + 1, row, len(line.rstrip("\r\n")) + 1)
    comment = f"# optlint: ignore[{', '.join(codes)}] {reason}".rstrip()
    return Edit(span, f"  {comment}" if text else comment)
