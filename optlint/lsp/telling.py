"""Diagnostics, spans and fixes in the words of the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsprotocol import types

from optlint.diagnostic import Severity
from optlint.lsp.drafts import uri_of
from optlint.lsp.texts import Text
from optlint.own_rules import UNUSED_SUPPRESSION
from optlint.pages import location

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.diagnostic import Diagnostic, Note, Span
    from optlint.lsp.client import Client
    from optlint.lsp.drafts import Draft

SOURCE = "optlint"
SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
TAGS = {UNUSED_SUPPRESSION.code: [types.DiagnosticTag.Unnecessary]}


@dataclass(frozen=True, slots=True)
class Teller:
    """Speaks to one client: in its unit of columns, and of what it can show."""

    client: Client
    at_path: Callable[[str], Draft | None]

    def diagnostic(self, one: Diagnostic, draft: Draft) -> types.Diagnostic:
        """A diagnostic of a draft, whose spans are those of its parts."""
        part = draft.part_of(one.span)
        href = location(one.code) if self.client.links else None
        related = [self._note(note, draft) for note in one.notes] if self.client.related else []
        return types.Diagnostic(
            self.range(one.span, part.text if part else Text("")),
            one.message,
            SEVERITIES[one.severity],
            one.code,
            types.CodeDescription(href) if href else None,
            SOURCE,
            TAGS.get(one.code) if self.client.tags else None,
            related or None,
        )

    def range(self, span: Span, text: Text) -> types.Range:
        """A span in a text."""
        start = self._position(text, span.row, span.column)
        end = self._position(text, span.end_row, span.end_column)
        return types.Range(start, end)

    def _position(self, text: Text, row: int, column: int) -> types.Position:
        return types.Position(row - 1, text.units(row - 1, column - 1, self.client.encoding))

    def _note(self, note: Note, draft: Draft) -> types.DiagnosticRelatedInformation:
        return types.DiagnosticRelatedInformation(self.place(note.span, draft), note.message)

    def place(self, span: Span, draft: Draft) -> types.Location:
        """Where a span stands, in this draft, in another one or in a file that is not open."""
        owner = draft if span.filename == draft.path else self.at_path(span.filename)
        part = owner.part_of(span) if owner else None
        if part:
            return types.Location(part.uri, self.range(span, part.text))
        return types.Location(uri_of(span.filename), self.range(span, _on_disk(span.filename)))


def _on_disk(path: str) -> Text:
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return Text(file.read())
    except OSError:
        return Text("")
