"""Diagnostics as plain dictionaries: the contract of `--output-format json`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlint.diagnostic import Diagnostic, Edit, Fix, Note, Span


def record(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic in the shape of the contract, which readers of ruff's reports know."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "severity": diagnostic.severity.value,
        "filename": absolute(diagnostic.span.filename),
        "cell": diagnostic.span.cell,
        **_locations(diagnostic.span),
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "notes": [_note(note) for note in diagnostic.notes],
        "url": None,
    }


def absolute(filename: str) -> str:
    """The absolute path of a file; what is no file, such as `<stdin>`, keeps its name."""
    return filename if filename.startswith("<") else os.path.abspath(filename)


def _locations(span: Span) -> dict[str, Any]:
    return {
        "location": {"row": span.row, "column": span.column},
        "end_location": {"row": span.end_row, "column": span.end_column},
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        "edits": [_edit(edit) for edit in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"content": edit.content, "cell": edit.span.cell, **_locations(edit.span)}


def _note(note: Note) -> dict[str, Any]:
    return {
        "message": note.message,
        "filename": absolute(note.span.filename),
        "cell": note.span.cell,
        **_locations(note.span),
    }
