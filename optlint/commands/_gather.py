"""What the commands that look at files have in common: which files, which rules, and what was found."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from optlint.checking import FileResult, Policies, check_file
from optlint.config import Config, Configs, read_file
from optlint.files import Excluding, Missing, SourceFile, find_files, given_file
from optlint.progress import shown
from optlint.selection import Selection

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from optlint.diagnostic import Diagnostic

STDIN = "-"
STDIN_NAME = "<stdin>"


class Gathered(NamedTuple):
    """What a run has looked at, and what it has found."""

    results: list[FileResult]
    policies: Policies
    files: list[SourceFile]
    wrong_paths: bool

    @property
    def given(self) -> dict[str, bytes]:
        """The sources that are in no file, by name."""
        return {file.path: file.data for file in self.files if file.data is not None}

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All diagnostics, files in the order in which they were found."""
        return [diagnostic for result in self.results for diagnostic in result.diagnostics]

    @property
    def failed(self) -> bool:
        """Whether something other than the source stood in the way."""
        return self.wrong_paths or any(result.crash for result in self.results)


def add_arguments(parser: ArgumentParser) -> None:
    """The options that say which files and which rules."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders, `-` for stdin (default: .)")
    rules = parser.add_argument_group("rules (codes, prefixes of codes, names, or ALL; comma-separated)")
    for option, about in (
        ("--select", "check these only, whatever the configuration says"),
        ("--extend-select", "check these too"),
        ("--ignore", "do not check these"),
    ):
        rules.add_argument(option, action="extend", type=_words, metavar="RULES", help=about)
    files = parser.add_argument_group("files")
    files.add_argument("--exclude", action="extend", type=_words, metavar="PATTERNS", help="leave these out too")
    files.add_argument("--force-exclude", action="store_true", help="leave them out even where they are named")
    files.add_argument("--stdin-filename", metavar="FILE", help="what to call the source read from stdin")
    files.add_argument("--config", metavar="FILE", help="use this configuration for all files")
    files.add_argument("--isolated", action="store_true", help="use no configuration file")
    parser.add_argument("-q", "--quiet", action="store_true", help="print diagnostics only")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell on stderr what is done")


def find(arguments: Namespace) -> list[SourceFile | Missing]:
    """The files that the arguments name."""
    paths = arguments.paths or ([STDIN] if arguments.stdin_filename else ["."])
    configs = Configs(_fixed_config(arguments))
    excluding = Excluding(tuple(arguments.exclude or ()), arguments.force_exclude)
    found: list[SourceFile | Missing] = []
    if STDIN in paths:
        name = arguments.stdin_filename or STDIN_NAME
        found += given_file(name, sys.stdin.buffer.read(), configs, excluding)
    return [*found, *find_files((path for path in paths if path != STDIN), configs, excluding)]


def gather(arguments: Namespace) -> Gathered:
    """Check what the arguments name."""
    policies = Policies(_selection(arguments))
    found = find(arguments)
    files = [file for file in found if isinstance(file, SourceFile)]
    for config in dict.fromkeys(file.config for file in files) or [Config()]:
        policies.validate(config)
    checked = (check_file(file, policies) for file in files)
    results = list(shown(checked, len(files), arguments.quiet))
    gathered = Gathered(results, policies, files, len(files) < len(found))
    _complain(found, gathered)
    return gathered


def _complain(found: list[SourceFile | Missing], gathered: Gathered) -> None:
    for path in (missing.path for missing in found if isinstance(missing, Missing)):
        print(f"optlint: {path}: no such file or folder", file=sys.stderr)
    for result in gathered.results:
        if result.crash:
            print(f"optlint: {result.path}: the analysis failed, please report this: {result.crash}", file=sys.stderr)
    if not gathered.results:
        print("optlint: 0 files checked: no Python files were found", file=sys.stderr)


def _selection(arguments: Namespace) -> Selection:
    select = tuple(arguments.select) if arguments.select is not None else None
    return Selection(select, tuple(arguments.extend_select or ()), tuple(arguments.ignore or ()))


def _fixed_config(arguments: Namespace) -> Config | None:
    if arguments.config:
        return read_file(arguments.config)
    return Config(root=os.getcwd()) if arguments.isolated else None


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
