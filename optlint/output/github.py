"""Workflow commands that GitHub shows as annotations in a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optlint.diagnostic import Diagnostic
    from optlint.output import Report

COMMANDS: Mapping[Severity, str] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
IN_MESSAGE: Mapping[int, str] = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
IN_PROPERTY: Mapping[int, str] = {**IN_MESSAGE, ord(":"): "%3A", ord(","): "%2C"}


def render(report: Report) -> str:
    """One workflow command a diagnostic."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in report.diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    where = f"{span.filename}:{'' if span.cell is None else f'cell {span.cell}:'}{span.row}:{span.column}"
    properties = {"title": f"optlint ({diagnostic.code} {diagnostic.name})", "file": span.filename}
    if span.cell is None:  # rows of a notebook's file are not those of its cells
        properties |= {"line": str(span.row), "endLine": str(span.end_row)}
        if span.row == span.end_row:  # GitHub ignores an annotation with columns on different lines
            properties |= {"col": str(span.column), "endColumn": str(max(span.column, span.end_column - 1))}
    listed = ",".join(f"{key}={value.translate(IN_PROPERTY)}" for key, value in properties.items())
    message = f"{where}: {diagnostic.code} {diagnostic.message}".translate(IN_MESSAGE)
    return f"::{COMMANDS[diagnostic.severity]} {listed}::{message}"
