"""From what was found to a report, and where it goes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import optlint
from optlint.config import ConfigError
from optlint.excerpts import Excerpts
from optlint.output import Report, renderer
from optlint.output._statistics import table
from optlint.pages import page

if TYPE_CHECKING:
    from optlint.checking import Gathered

FOR_PEOPLE = ("full", "concise")


class Request(NamedTuple):
    """What the user wants to see: a format, in a file or (empty) on stdout, and how much of it."""

    style: str
    path: str
    statistics: bool
    quiet: bool


def report(gathered: Gathered, request: Request) -> None:
    """Write the report that is asked for."""
    _write(_text(_report(gathered, request), request), request.path)


def _report(gathered: Gathered, request: Request) -> Report:
    return Report(
        gathered.diagnostics,
        len(gathered.results),
        Excerpts(gathered.given).lines,
        lambda: gathered.policies.registry,
        page,
        optlint.__version__,
        colour=not request.path and wants_colour(),
        quiet=request.quiet,
    )


def _text(report: Report, request: Request) -> str:
    """The counts stand in for a report for people, and beside one for programs."""
    if request.statistics and request.style in FOR_PEOPLE:
        return table(report)
    if request.statistics:
        sys.stderr.write(table(report))
    return renderer(request.style).render(report)


def _write(text: str, path: str) -> None:
    if not path:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")
        sys.stdout.write(text)
        return
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def wants_colour() -> bool:
    """By the conventions of no-color.org and force-color.org, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
