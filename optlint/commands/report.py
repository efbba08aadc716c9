"""Show what earlier runs of `optlint run` have left in a folder, also those that were killed."""

from __future__ import annotations

from optlint.arguments import Option, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments

USAGE = "optlint report [options] [DIR]    (or one .json or .jsonl file of `optlint run --report`; the default is .)"
OPTIONS = (Option(("--report",), "write all of it to one report, too: .json, or .html to look at", "FILE"),)


def run(arguments: Arguments) -> int:
    """Print what the reports and journals there tell."""
    from optlint.auditing.processes.read import main

    if len(arguments.paths) > 1:
        raise UsageError("one folder or file at a time")
    return main(arguments.paths[0] if arguments.paths else ".", arguments.options.get("--report", []))
