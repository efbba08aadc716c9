"""What the commands that look at files have in common: which files, which rules, and what was found."""

from __future__ import annotations

import os
import sys

from optlint.arguments import Arguments, Option, UsageError
from optlint.batch.checker import Checker
from optlint.batch.checking import check_all
from optlint.batch.outcome import Gathered
from optlint.batch.policies import Policies
from optlint.discovery.files import find_files, given_file
from optlint.discovery.found import Excluding, Missing, SourceFile
from optlint.settings.config import Config, Configs, read_file
from optlint.settings.selection import Selection

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.batch.outcome import FileResult
    from optlint.fixes.mending import Mending

STDIN = "-"
STDIN_NAME = "<stdin>"
BASELINE_NAME = ".optlint-baseline.json"
BASELINE = Option(("--baseline",), f"the file of known diagnostics (default: {BASELINE_NAME} where it exists)", "FILE")
MANY = 20  # files, from which on progress is worth showing
OPTIONS = (
    Option(("--select",), "check these rules only: codes, prefixes, names, or ALL; comma-separated", "RULES"),
    Option(("--extend-select",), "check these rules too", "RULES"),
    Option(("--ignore",), "do not check these rules", "RULES"),
    Option(("--exclude",), "leave out these files and folders too; comma-separated", "PATTERNS"),
    Option(("--force-exclude",), "leave them out even where they are named"),
    Option(("--stdin-filename",), "what to call the source read from stdin", "FILE"),
    Option(("--config",), "use this configuration for all files", "FILE"),
    Option(("--isolated",), "use no configuration file"),
    Option(("--no-cache",), "neither use nor keep results of other runs"),
    Option(("--jobs",), "how many processes to use if there are many files (default: one for each processor)", "N"),
    Option(("--quiet", "-q"), "print diagnostics only"),
    Option(("--verbose", "-v"), "tell on stderr what is done"),
)


def find(arguments: Arguments) -> tuple[list[SourceFile], bool]:
    """The files that the arguments name, and whether a path was wrong, which is told on stderr."""
    known = configs(arguments)
    name = arguments.value("--stdin-filename")
    paths = arguments.paths or ((STDIN,) if name else (".",))
    excluding = Excluding(arguments.words("--exclude"), arguments.has("--force-exclude"))
    found: list[SourceFile | Missing] = []
    if STDIN in paths:
        found += given_file(name or STDIN_NAME, sys.stdin.buffer.read(), known, excluding)
    found += find_files((path for path in paths if path != STDIN), known, excluding)
    missing = [one.path for one in found if isinstance(one, Missing)]
    for path in missing:
        print(f"optlint: {path}: no such file or folder", file=sys.stderr)
    return [one for one in found if isinstance(one, SourceFile)], bool(missing)


def gather(arguments: Arguments, mending: Mending | None = None) -> Gathered:
    """Check, and mend, what the arguments name; what went wrong beside the source is told on stderr."""
    policies = Policies(selection(arguments))
    files, wrong_paths = find(arguments)
    for config in dict.fromkeys(file.config for file in files) or [Config()]:
        policies.validate(config)
    checker = Checker(policies, mending, "" if arguments.has("--no-cache") else os.getcwd())
    try:
        results = list(_shown(check_all(files, checker, _jobs(arguments)), len(files), arguments))
    finally:
        checker.finish()
    for result in results:
        if result.crash:
            print(f"optlint: {result.path}: the analysis failed, please report this: {result.crash}", file=sys.stderr)
        if result.refusal:
            print(f"optlint: {result.path}: not fixed: {result.refusal}", file=sys.stderr)
    if not results:
        print("optlint: 0 files checked: no Python files were found", file=sys.stderr)
    return Gathered(results, policies, files, wrong_paths)


def default_baseline() -> str | None:
    """The baseline in this folder, or else at the root of the project that it is in."""
    folder = os.getcwd()
    while not os.path.exists(os.path.join(folder, BASELINE_NAME)):
        above = os.path.dirname(folder)
        if above == folder or os.path.exists(os.path.join(folder, ".git")):
            return None
        folder = above
    return os.path.relpath(os.path.join(folder, BASELINE_NAME))


def selection(arguments: Arguments) -> Selection:
    """Which rules the command line asks for."""
    select = arguments.words("--select") if arguments.has("--select") else None
    return Selection(select, arguments.words("--extend-select"), arguments.words("--ignore"))


def _shown(results: Iterable[FileResult], total: int, arguments: Arguments) -> Iterable[FileResult]:
    if total < MANY or arguments.has("--quiet") or not sys.stderr.isatty():
        return results
    from optlint.batch.progress import shown

    return shown(results, total)


def _jobs(arguments: Arguments) -> int:
    word = arguments.value("--jobs")
    if not word:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not word.isdecimal() or int(word) < 1:
        raise UsageError(f"`--jobs {word}`: a number from 1 on is needed")
    return int(word)


def configs(arguments: Arguments) -> Configs:
    """The configuration files that hold, as the command line says."""
    if path := arguments.value("--config"):
        return Configs(read_file(path))
    return Configs(Config(root=os.getcwd()) if arguments.has("--isolated") else None)
