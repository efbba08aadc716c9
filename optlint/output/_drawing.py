"""A diagnostic with its source, its notes, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Applicability
from optlint.output._change import change
from optlint.output._frame import Frame, place, visible
from optlint.output._paint import BLUE, BOLD, CYAN, GREEN, OF_SEVERITY, Paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optlint.diagnostic import Diagnostic, Fix, Note, Span
    from optlint.output import Report

HELP: Mapping[Applicability, str] = {
    Applicability.SAFE: "help",
    Applicability.UNSAFE: "help, may change what the program does",
    Applicability.DISPLAY: "help, by hand",
}


def drawn(diagnostic: Diagnostic, report: Report) -> Iterator[str]:
    """The lines that show one diagnostic."""
    paint = Paint(report.colour)
    style = OF_SEVERITY[diagnostic.severity]
    kind = paint(style, f"{diagnostic.severity.value}[{diagnostic.code}]")
    yield f"{kind} {paint(BOLD, diagnostic.name)}: {visible(diagnostic.message)}"
    yield from _framed(diagnostic.span, Frame(paint, style, around=1), report)
    for note in diagnostic.notes:
        yield from _note(note, report)
    if diagnostic.fix:
        yield from _fix(diagnostic.fix, diagnostic.span, report)


def _note(note: Note, report: Report) -> Iterator[str]:
    paint = Paint(report.colour)
    yield f"{paint(CYAN, 'note')}: {visible(note.message)}"
    yield from _framed(note.span, Frame(paint, CYAN, "-"), report)


def _framed(span: Span, frame: Frame, report: Report) -> Iterator[str]:
    yield f"  {frame.paint(BLUE, '-->')} {place(span)}"
    yield from frame.draw(span, report.lines(span))


def _fix(fix: Fix, span: Span, report: Report) -> Iterator[str]:
    paint = Paint(report.colour)
    yield f"{paint(GREEN, HELP[fix.applicability])}: {visible(fix.message)}"
    yield from change(fix, span, report.lines, paint)
