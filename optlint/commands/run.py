"""Run a training program unchanged, and report what its optimizers did to its parameters.

What follows the script or module is its own. optlint writes to stderr only; the exit code is the program's.
"""

from __future__ import annotations

import sys

from optlint.arguments import Option, UsageError, help_page, parse
from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlint.arguments import Arguments

USAGE = "optlint run [options] SCRIPT [ARGUMENTS ...]  or  optlint run [options] -m MODULE [ARGUMENTS ...]"
OPTIONS = (
    Option(("--report",), "write a report: .json (with a .jsonl beside it while the program runs) or .html", "FILE"),
    Option(("--fail-on",), "exit with 1 where the program succeeds but was found out: never, error or warning", "WORD"),
    Option(("--select",), "these rules only (codes, prefixes of codes, names, or ALL)", "RULES"),
    Option(("--ignore",), "not these rules", "RULES"),
    Option(("--include",), "report code of these files only (default: all but installed packages)", "PATTERNS"),
    Option(("--omit",), "never report code of these files", "PATTERNS"),
    Option(("--strict-iterators",), "follow one-shot iterators into plain loops too (they are wrapped then)"),
    Option(("--check-replicas",), "compare copies of parameters between ranks, every so many steps", "STEPS"),
)
FAIL_ON = ("never", "error", "warning")


class CommandLine(NamedTuple):
    """Our options, and the program with its arguments, which are left as they are."""

    options: list[str]
    program: list[str]
    module: bool


def main(words: Sequence[str]) -> int:
    """Run the program; what ends it comes through as it was raised."""
    try:
        line = split(words)
        arguments = parse(line.options, OPTIONS)
        if arguments.has("--help"):
            print(help_page(USAGE, __doc__ or "", OPTIONS))
            return 0
        _check(line, arguments)
    except UsageError as error:
        print(f"optlint: {error}\nusage: {USAGE}", file=sys.stderr)
        return 2
    return _run(line, arguments)


def split(words: Sequence[str]) -> CommandLine:
    """Divide what is ours from what is the program's, which may look like ours."""
    with_value = {name for option in OPTIONS for name in option.names if option.value}
    at = 0
    while at < len(words):
        word = words[at]
        if word.startswith("-m"):
            return CommandLine([*words[:at]], [*filter(None, [word[2:]]), *words[at + 1 :]], True)
        if word == "--":
            return CommandLine([*words[:at]], [*words[at + 1 :]], False)
        if not word.startswith("-"):
            return CommandLine([*words[:at]], [*words[at:]], False)
        at += 2 if word in with_value else 1
    return CommandLine([*words], [], False)


def _check(line: CommandLine, arguments: Arguments) -> None:
    if not line.program:
        raise UsageError("which program? Give a script, or -m and a module")
    word = arguments.value("--fail-on", "never")
    if word not in FAIL_ON:
        raise UsageError(f"`--fail-on {word}` is none of {', '.join(FAIL_ON)}")
    steps = arguments.value("--check-replicas", "0")
    if not steps.isdecimal():
        raise UsageError(f"`--check-replicas {steps}` is no number of steps")


def _run(line: CommandLine, arguments: Arguments) -> int:
    from optlint.auditing.processes.run import RunOptions, main

    target, *rest = line.program
    return main(
        RunOptions(
            target,
            tuple(rest),
            line.module,
            tuple(arguments.options.get("--report", ())),
            arguments.value("--fail-on", "never"),
            arguments.words("--select"),
            arguments.words("--ignore"),
            arguments.words("--include"),
            arguments.words("--omit"),
            arguments.has("--strict-iterators"),
            int(arguments.value("--check-replicas", "0")),
        )
    )
