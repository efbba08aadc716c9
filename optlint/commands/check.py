"""Lint Python files and notebooks: find optimizers that do not train what they seem to train."""

from __future__ import annotations

import sys
from time import perf_counter

from optlint.arguments import Arguments, Option, UsageError
from optlint.commands import _gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.batch.outcome import Gathered
    from optlint.fixes.mending import Mending

USAGE = "optlint check [OPTIONS] [PATH ...]    (`-` is stdin; the default is the current folder)"
FOR_PEOPLE = ("full", "concise")
OPTIONS = (
    *_gather.OPTIONS,
    _gather.BASELINE,
    Option(("--fix",), "apply safe fixes"),
    Option(("--unsafe-fixes",), "with --fix or --diff: unsafe fixes too, which may change what the program does"),
    Option(("--diff",), "show what --fix would change, and change nothing"),
    Option(
        ("--add-ignore",),
        "add `# optlint: ignore[...]`, with a reason, to whatever is left",
        "REASON",
        needs_value=False,
    ),
    Option(("--exit-non-zero-on-fix",), "exit with 1 if anything was fixed"),
    Option(("--output-format",), "full, concise, json, json-lines, sarif, github, gitlab, or junit", "FORMAT"),
    Option(("--output-file",), "where to write the report, instead of stdout", "FILE"),
    Option(("--statistics",), "count diagnostics by rule"),
    Option(("--show-files",), "list the files that would be checked"),
    Option(("--watch",), "check again whenever a file has changed, until Ctrl-C"),
    Option(("--exit-zero",), "exit with 0 even if there are diagnostics"),
)


def run(arguments: Arguments) -> int:
    """Check the files, report, and return the exit code of the contract."""
    if arguments.has("--watch"):
        from optlint.batch.watching import watch

        once = arguments._replace(options={key: value for key, value in arguments.options.items() if key != "--watch"})
        watch(lambda: run(once), lambda: _gather.find(once)[0])
    style = _format(arguments)
    if arguments.has("--show-files"):
        files, wrong_paths = _gather.find(arguments)
        sys.stdout.writelines(f"{file.path}\n" for file in files)
        return 2 if wrong_paths else 0
    started = perf_counter()
    gathered = _without_known(_gather.gather(arguments, _mending(arguments)), arguments)
    if arguments.has("--diff"):
        _show_diff(gathered)
    else:
        _report(gathered, style, arguments)
    if arguments.has("--verbose"):
        _tell(gathered, perf_counter() - started)
    return _exit_code(gathered, arguments)


def _without_known(gathered: Gathered, arguments: Arguments) -> Gathered:
    path = arguments.value("--baseline") if arguments.has("--baseline") else _gather.default_baseline()
    if not path:
        return gathered
    from optlint.commands._known import without_known

    return without_known(gathered, path)


def _exit_code(gathered: Gathered, arguments: Arguments) -> int:
    if gathered.failed:
        return 2
    changes = gathered.fixes + gathered.ignored
    if changes and arguments.has("--exit-non-zero-on-fix"):
        return 1
    wrong = any(diagnostic.severity.counts for diagnostic in gathered.diagnostics)
    wrong = wrong or (arguments.has("--diff") and changes > 0)
    return 1 if wrong and not arguments.has("--exit-zero") else 0


def _format(arguments: Arguments) -> str:
    style = arguments.value("--output-format", FOR_PEOPLE[0])
    if style not in FOR_PEOPLE:
        from optlint.output import formats

        if style not in formats():
            raise UsageError(f"there is no output format `{style}`, only {', '.join(formats())}")
    return style


def _mending(arguments: Arguments) -> Mending | None:
    adds_ignores = arguments.has("--add-ignore")
    if not arguments.has("--fix") and not arguments.has("--diff") and not adds_ignores:
        return None
    from optlint.fixes.mending import Mending

    return Mending(
        fix=arguments.has("--fix") or not adds_ignores,
        unsafe=arguments.has("--unsafe-fixes"),
        write=not arguments.has("--diff"),
        ignore_because=arguments.value("--add-ignore") if adds_ignores else None,
    )


def _show_diff(gathered: Gathered) -> None:
    from optlint.fixes.diffing import diff
    from optlint.output._summary import counted

    changed = [result for result in gathered.results if result.change]
    for result in changed:
        if result.change:
            sys.stdout.writelines(diff(result.path, *result.change))
    sys.stdout.flush()
    made = [f"{counted(gathered.fixes, 'diagnostic')} would be fixed"] if gathered.fixes or not gathered.ignored else []
    made += [f"{counted(gathered.ignored, 'comment')} would be added"] if gathered.ignored else []
    print(f"optlint: {' and '.join(made)}, in {counted(len(changed), 'file')}", file=sys.stderr)


def _report(gathered: Gathered, style: str, arguments: Arguments) -> None:
    """Write the report; where there is nothing to report to people, nothing needs to be imported for it."""
    given = (arguments.has("--fix") or arguments.has("--add-ignore")) and gathered.given
    for source in given.values() if given else ():
        sys.stdout.buffer.write(source if isinstance(source, bytes) else source.encode())
    if gathered.has_news or style not in FOR_PEOPLE or arguments.has("--output-file"):
        from optlint.batch.reporting import Request, report

        request = Request(
            style,
            arguments.value("--output-file"),
            statistics=arguments.has("--statistics"),
            quiet=arguments.has("--quiet"),
            offer_fixes=not arguments.has("--fix"),
            beside_source=bool(given),
        )
        report(gathered, request)
    elif gathered.results and not arguments.has("--quiet") and not gathered.failed:
        count = len(gathered.results)
        stream = sys.stderr if given else sys.stdout
        print(f"All checks passed: {count:,} file{'' if count == 1 else 's'}.", file=stream)


def _tell(gathered: Gathered, seconds: float) -> None:
    for path in sorted({file.config.path for file in gathered.files if file.config.path}):
        print(f"optlint: configuration: {path}", file=sys.stderr)
    parsed = sum(result.parsed for result in gathered.results)
    files = f"{len(gathered.results)} file{'' if len(gathered.results) == 1 else 's'}"
    print(f"optlint: {files}, {parsed} of them parsed, {seconds:.2f} s", file=sys.stderr)
