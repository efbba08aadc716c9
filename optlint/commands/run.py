"""Run a training program unchanged, and report what its optimizers did to its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

WITHOUT_VALUE = ("--strict-iterators", "-h", "--help")
USAGE = "optlint run [options] (SCRIPT | -m MODULE) [ARGUMENTS ...]"
EPILOG = "What follows the script or module is its own. optlint writes to stderr only; the exit code is the program's."


class CommandLine(NamedTuple):
    """Our options, and the program with its arguments, which are left as they are."""

    options: list[str]
    program: list[str]
    module: bool


def main(argv: Sequence[str]) -> int:
    """Run the program; what ends it comes through as it was raised."""
    from argparse import ArgumentParser

    parser = ArgumentParser(prog="optlint run", usage=USAGE, description=__doc__, epilog=EPILOG, allow_abbrev=False)
    add_arguments(parser)
    line = split(argv)
    try:
        arguments = parser.parse_args(line.options)
        if not line.program:
            parser.error("which program? Give a script, or -m and a module")
    except SystemExit as stop:
        return int(stop.code or 0)
    return _run(arguments, line)


def add_arguments(parser: ArgumentParser) -> None:
    """The options of `optlint run`; each takes one value unless it is in WITHOUT_VALUE."""
    parser.add_argument("--report", action="append", default=[], metavar="FILE", help="write a .json or .html report")
    parser.add_argument(
        "--fail-on",
        default="never",
        choices=("never", "error", "warning"),
        help="exit with 1 where the program succeeds but such a diagnostic was found",
    )
    rules = parser.add_argument_group("rules (codes, prefixes of codes, names, or ALL; comma-separated)")
    rules.add_argument("--select", action="extend", type=_words, default=[], metavar="RULES", help="these only")
    rules.add_argument("--ignore", action="extend", type=_words, default=[], metavar="RULES", help="all but these")
    whose = parser.add_argument_group("whose code is reported (default: all but installed packages)")
    whose.add_argument(
        "--include", action="extend", type=_words, default=[], metavar="PATTERNS", help="these files only"
    )
    whose.add_argument("--omit", action="extend", type=_words, default=[], metavar="PATTERNS", help="never these files")
    about = "follow one-shot iterators into plain loops too; what `parameters()` returns is then no plain generator"
    parser.add_argument("--strict-iterators", action="store_true", help=about)


def split(argv: Sequence[str]) -> CommandLine:
    """Divide what is ours from what is the program's, which may look like ours."""
    words = list(argv)
    at = 0
    while at < len(words):
        word = words[at]
        if word.startswith("-m"):
            return CommandLine(words[:at], [*filter(None, [word[2:]]), *words[at + 1 :]], True)
        if word == "--":
            return CommandLine(words[:at], words[at + 1 :], False)
        if not word.startswith("-"):
            return CommandLine(words[:at], words[at:], False)
        at += 1 if word in WITHOUT_VALUE or "=" in word else 2
    return CommandLine(words, [], False)


def _run(arguments: Namespace, line: CommandLine) -> int:
    from optlint.auditing.run import RunOptions, main

    target, *rest = line.program
    return main(
        RunOptions(
            target,
            tuple(rest),
            line.module,
            tuple(arguments.report),
            arguments.fail_on,
            tuple(arguments.select),
            tuple(arguments.ignore),
            tuple(arguments.include),
            tuple(arguments.omit),
            arguments.strict_iterators,
        )
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
