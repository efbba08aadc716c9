"""Lint Python files: find optimizers that do not train what they seem to train."""

from __future__ import annotations

import os
import sys
from time import perf_counter
from typing import TYPE_CHECKING

import optlint
from optlint.commands import _gather
from optlint.files import SourceFile

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from optlint.commands._gather import Gathered
    from optlint.output import Report

FOR_PEOPLE = ("full", "concise")


def add_arguments(parser: ArgumentParser) -> None:
    """The options of `optlint check`."""
    _gather.add_arguments(parser)
    parser.add_argument("--show-files", action="store_true", help="list the files that would be checked")
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", default=FOR_PEOPLE[0], type=_format, metavar="FORMAT", help="how to report")
    output.add_argument("--output-file", metavar="FILE", help="where to write the report, instead of stdout")
    output.add_argument("--statistics", action="store_true", help="count diagnostics by rule")
    output.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are diagnostics")


def run(arguments: Namespace) -> int:
    """Check the files, report, and return the exit code of the contract."""
    if arguments.show_files:
        return _show_files(arguments)
    started = perf_counter()
    gathered = _gather.gather(arguments)
    _write(_text(_report(gathered, arguments), arguments), arguments.output_file)
    if arguments.verbose:
        _tell(gathered, perf_counter() - started)
    if gathered.failed:
        return 2
    counts = any(diagnostic.severity.counts for diagnostic in gathered.diagnostics)
    return 1 if counts and not arguments.exit_zero else 0


def _show_files(arguments: Namespace) -> int:
    found = _gather.find(arguments)
    for file in found:
        if isinstance(file, SourceFile):
            print(file.path)
        else:
            print(f"optlint: {file.path}: no such file or folder", file=sys.stderr)
    return 0 if all(isinstance(file, SourceFile) for file in found) else 2


def _report(gathered: Gathered, arguments: Namespace) -> Report:
    from optlint.excerpts import Excerpts
    from optlint.output import Report
    from optlint.pages import page

    return Report(
        gathered.diagnostics,
        len(gathered.results),
        Excerpts(gathered.given).lines,
        lambda: gathered.policies.registry,
        page,
        optlint.__version__,
        colour=not arguments.output_file and _wants_colour(),
        quiet=arguments.quiet,
    )


def _text(report: Report, arguments: Namespace) -> str:
    from optlint.output import renderer

    word = arguments.output_format
    if not arguments.statistics:
        return renderer(word).render(report)
    from optlint.output._statistics import table

    if word in FOR_PEOPLE:
        return table(report)
    sys.stderr.write(table(report))
    return renderer(word).render(report)


def _write(text: str, path: str | None) -> None:
    if path:
        from optlint.config import ConfigError

        try:
            with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
        return
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.stdout.write(text)


def _wants_colour() -> bool:
    """By the conventions of no-color.org and force-color.org, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _tell(gathered: Gathered, seconds: float) -> None:
    for path in sorted({file.config.path for file in gathered.files if file.config.path}):
        print(f"optlint: configuration: {path}", file=sys.stderr)
    parsed = sum(result.parsed for result in gathered.results)
    print(f"optlint: {len(gathered.results)} files, {parsed} of them parsed, {seconds:.2f} s", file=sys.stderr)


def _format(word: str) -> str:
    from argparse import ArgumentTypeError

    from optlint.output import formats

    if word not in FOR_PEOPLE and word not in formats():
        raise ArgumentTypeError(f"{word!r} is none of {', '.join(formats())}")
    return word
