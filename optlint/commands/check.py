"""Lint Python files: find optimizers that do not train what they seem to train."""

from __future__ import annotations

import sys
from time import perf_counter

from optlint.arguments import Arguments, Option, UsageError
from optlint.commands import _gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.checking import Gathered

USAGE = "optlint check [OPTIONS] [PATH ...]    (`-` is stdin; the default is the current folder)"
FOR_PEOPLE = ("full", "concise")
OPTIONS = (
    *_gather.OPTIONS,
    Option(("--output-format",), "full, concise, json, json-lines, sarif, github, gitlab, or junit", "FORMAT"),
    Option(("--output-file",), "where to write the report, instead of stdout", "FILE"),
    Option(("--statistics",), "count diagnostics by rule"),
    Option(("--show-files",), "list the files that would be checked"),
    Option(("--exit-zero",), "exit with 0 even if there are diagnostics"),
)


def run(arguments: Arguments) -> int:
    """Check the files, report, and return the exit code of the contract."""
    style = _format(arguments)
    if arguments.has("--show-files"):
        files, wrong_paths = _gather.find(arguments)
        sys.stdout.writelines(f"{file.path}\n" for file in files)
        return 2 if wrong_paths else 0
    started = perf_counter()
    gathered = _gather.gather(arguments)
    _report(gathered, style, arguments)
    if arguments.has("--verbose"):
        _tell(gathered, perf_counter() - started)
    if gathered.failed:
        return 2
    counts = any(diagnostic.severity.counts for diagnostic in gathered.diagnostics)
    return 1 if counts and not arguments.has("--exit-zero") else 0


def _format(arguments: Arguments) -> str:
    style = arguments.value("--output-format", FOR_PEOPLE[0])
    if style not in FOR_PEOPLE:
        from optlint.output import formats

        if style not in formats():
            raise UsageError(f"there is no output format `{style}`, only {', '.join(formats())}")
    return style


def _report(gathered: Gathered, style: str, arguments: Arguments) -> None:
    """Write the report; where there is nothing to report to people, nothing needs to be imported for it."""
    if gathered.diagnostics or style not in FOR_PEOPLE or arguments.has("--output-file"):
        from optlint.reporting import Request, report

        where = arguments.value("--output-file")
        report(gathered, Request(style, where, arguments.has("--statistics"), arguments.has("--quiet")))
    elif gathered.results and not arguments.has("--quiet") and not gathered.failed:
        count = len(gathered.results)
        print(f"All checks passed: {count:,} file{'' if count == 1 else 's'}.")


def _tell(gathered: Gathered, seconds: float) -> None:
    for path in sorted({file.config.path for file in gathered.files if file.config.path}):
        print(f"optlint: configuration: {path}", file=sys.stderr)
    parsed = sum(result.parsed for result in gathered.results)
    print(f"optlint: {len(gathered.results)} files, {parsed} of them parsed, {seconds:.2f} s", file=sys.stderr)
