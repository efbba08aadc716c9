"""One line a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.output._frame import place, visible
from optlint.output._paint import BOLD, OF_SEVERITY, Paint
from optlint.output._summary import summary

if TYPE_CHECKING:
    from optlint.diagnostic import Diagnostic
    from optlint.output import Report


def render(report: Report) -> str:
    """`file:row:column: severity: CODE message [name]`, then the counts."""
    paint = Paint(report.colour)
    lines = [_line(diagnostic, paint) for diagnostic in report.diagnostics]
    return "".join(f"{line}\n" for line in [*lines, *summary(report)])


def _line(diagnostic: Diagnostic, paint: Paint) -> str:
    severity = paint(OF_SEVERITY[diagnostic.severity], diagnostic.severity.value)
    where = paint(BOLD, place(diagnostic.span))
    return f"{where}: {severity}: {diagnostic.code} {visible(diagnostic.message)} [{diagnostic.name}]"
