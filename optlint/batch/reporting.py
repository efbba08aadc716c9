"""From what was found to a report, and where it goes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from optlint.output import Report, renderer
from optlint.output._statistics import table
from optlint.pages import page
from optlint.settings.config import ConfigError
from optlint.sources.excerpts import Excerpts
from optlint.version import __version__

if TYPE_CHECKING:
    from typing import TextIO

    from optlint.batch.outcome import Gathered

FOR_PEOPLE = ("full", "concise")


class Request(NamedTuple):
    """What the user wants to see: a format, in a file or (empty) on a stream, and how much of it."""

    style: str
    path: str
    statistics: bool = False
    quiet: bool = False
    offer_fixes: bool = True
    beside_source: bool = False  # stdout has the fixed source, so the report goes to stderr

    @property
    def stream(self) -> TextIO:
        """Where the report goes if not to a file."""
        return sys.stderr if self.beside_source else sys.stdout


def report(gathered: Gathered, request: Request) -> None:
    """Write the report that is asked for."""
    _write(_text(_report(gathered, request), request), request)


def _report(gathered: Gathered, request: Request) -> Report:
    return Report(
        gathered.diagnostics,
        len(gathered.results),
        Excerpts(gathered.given).lines,
        lambda: gathered.policies.registry,
        page,
        __version__,
        colour=not request.path and wants_colour(request.stream),
        quiet=request.quiet,
        fixes=gathered.fixes,
        ignored=gathered.ignored,
        offer_fixes=request.offer_fixes,
        known=gathered.known,
    )


def _text(report: Report, request: Request) -> str:
    """The counts stand in for a report for people, and beside one for programs."""
    if request.statistics and request.style in FOR_PEOPLE:
        return table(report)
    if request.statistics:
        sys.stderr.write(table(report))
    return renderer(request.style).render(report)


def _write(text: str, request: Request) -> None:
    if not request.path:
        stream = request.stream
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        stream.write(text)
        return
    try:
        with open(request.path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{request.path}: cannot be written: {error.strerror}") from None


def wants_colour(stream: TextIO) -> bool:
    """By the conventions of no-color.org and force-color.org, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
