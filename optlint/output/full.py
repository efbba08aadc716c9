"""For people: each diagnostic with its source, its notes, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.output._summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.output import Report


def render(report: Report) -> str:
    """All diagnostics with an empty line after each, then the counts."""
    return "".join(f"{line}\n" for line in (*_lines(report), *summary(report)))


def _lines(report: Report) -> Iterator[str]:
    for diagnostic in report.diagnostics:
        from optlint.output._drawing import drawn  # costs time, so only where there is something to draw

        yield from drawn(diagnostic, report)
        yield ""
