"""Show what earlier runs of `optlint run` have left in a folder, also those that were killed."""

from __future__ import annotations

from optlint.arguments import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments

USAGE = "optlint report [DIR]    (or one .json or .jsonl file of `optlint run --report`; the default is .)"
OPTIONS = ()


def run(arguments: Arguments) -> int:
    """Print what the reports and journals there tell."""
    from optlint.auditing.read import main

    if len(arguments.paths) > 1:
        raise UsageError("one folder or file at a time")
    return main(arguments.paths[0] if arguments.paths else ".")
