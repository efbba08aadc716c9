"""The last lines of a report for people: how many of what, in how many files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Applicability, Severity

if TYPE_CHECKING:
    from optlint.output import Report


def summary(report: Report) -> list[str]:
    """What was fixed, counts by severity, and what can be fixed; nothing where the report is to be quiet."""
    if report.quiet:
        return []
    fixed = [f"Fixed {counted(report.fixes, 'diagnostic')}."] if report.fixes else []
    fixed += [f"Added comments for {counted(report.ignored, 'diagnostic')}."] if report.ignored else []
    known = f" Known from the baseline: {report.known:,}." if report.known else ""
    if not report.diagnostics:
        return [*fixed, f"All checks passed: {counted(report.files, 'file')}.{known}"] if report.files else fixed
    severities = [diagnostic.severity for diagnostic in report.diagnostics]
    counts = [counted(severities.count(one), _NOUNS[one]) for one in Severity if one in severities]
    files = len({diagnostic.span.filename for diagnostic in report.diagnostics})
    found = f"Found {' and '.join(counts)} in {files} of {counted(report.files, 'file')}.{known}"
    return [*fixed, found, *(_offers(report) if report.offer_fixes else [])]


def _offers(report: Report) -> list[str]:
    """How to have what can be fixed fixed."""
    kinds = [diagnostic.fix.applicability for diagnostic in report.diagnostics if diagnostic.fix]
    safe, unsafe = kinds.count(Applicability.SAFE), kinds.count(Applicability.UNSAFE)
    offers = [f"{safe} with `--fix`"] if safe else []
    offers += (
        [f"{unsafe} more with `--fix --unsafe-fixes`" if safe else f"{unsafe} with `--fix --unsafe-fixes`"]
        if unsafe
        else []
    )
    return [f"Can be fixed: {', '.join(offers)}."] if offers else []


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
