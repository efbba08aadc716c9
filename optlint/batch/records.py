"""Diagnostics as plain lists and back, for the cache; the file's own name is left out, and given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optlint.diagnostic import Applicability, Diagnostic, Edit, Fix, Note, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Sequence


def record_of(diagnostic: Diagnostic, path: str) -> list[Any]:
    """A diagnostic of the linter as JSON can keep it."""
    fix = diagnostic.fix
    return [
        diagnostic.code,
        diagnostic.name,
        diagnostic.message,
        diagnostic.severity.value,
        _span_record(diagnostic.span, path),
        [[note.message, _span_record(note.span, path)] for note in diagnostic.notes],
        fix
        and [fix.message, fix.applicability.value, [[_span_record(one.span, path), one.content] for one in fix.edits]],
    ]


def diagnostic_of(record: Sequence[Any], path: str) -> Diagnostic:
    """The diagnostic that was kept."""
    code, name, message, severity, span, notes, fix = record
    return Diagnostic(
        code,
        name,
        message,
        Severity(severity),
        _span(span, path),
        tuple(Note(text, _span(place, path)) for text, place in notes),
        fix and _fix(fix, path),
    )


def _fix(record: Sequence[Any], path: str) -> Fix:
    message, applicability, edits = record
    return Fix(message, tuple(Edit(_span(place, path), text) for place, text in edits), Applicability(applicability))


def _span_record(span: Span, path: str) -> list[Any]:
    return [None if span.filename == path else span.filename, *span[1:]]


def _span(record: Sequence[Any], path: str) -> Span:
    filename, *rest = record
    return Span(path if filename is None else filename, *rest)
