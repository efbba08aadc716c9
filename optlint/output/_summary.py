"""The last lines of a report for people: how many of what, in how many files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from optlint.output import Report


def summary(report: Report) -> list[str]:
    """Counts by severity, and how to have what can be mended mended; nothing where the report is to be quiet."""
    if report.quiet:
        return []
    if not report.diagnostics:
        return [f"All checks passed: {counted(report.files, 'file')}."] if report.files else []
    severities = [diagnostic.severity for diagnostic in report.diagnostics]
    counts = [counted(severities.count(one), _NOUNS[one]) for one in Severity if one in severities]
    files = len({diagnostic.span.filename for diagnostic in report.diagnostics})
    return [f"Found {' and '.join(counts)} in {files} of {counted(report.files, 'file')}."]


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
