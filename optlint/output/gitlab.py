"""GitLab's Code Quality report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from optlint.diagnostic import Severity
from optlint.output._identity import fingerprints, relative

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optlint.diagnostic import Diagnostic
    from optlint.output import Report

SEVERITIES: Mapping[Severity, str] = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report) -> str:
    """A list of issues, as GitLab calls them; a fingerprint stays the same when lines move."""
    pairs = zip(report.diagnostics, fingerprints(report), strict=True)
    return json.dumps([_issue(diagnostic, fingerprint) for diagnostic, fingerprint in pairs], indent=2) + "\n"


def _issue(diagnostic: Diagnostic, fingerprint: str) -> dict[str, Any]:
    span = diagnostic.span
    cell = "" if span.cell is None else f"cell {span.cell}: "
    return {
        "description": f"{cell}{diagnostic.code} {diagnostic.name}: {diagnostic.message}",
        "check_name": diagnostic.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES[diagnostic.severity],
        "location": {
            "path": relative(span.filename),
            "positions": {
                "begin": {"line": span.row, "column": span.column},
                "end": {"line": span.end_row, "column": span.end_column},
            },
        },
    }
