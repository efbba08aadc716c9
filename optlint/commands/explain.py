"""Show what an optimizer would do to each parameter of its model, without training.

FUNCTION builds both and returns them, in any order; it is called once, without arguments.
"""

from __future__ import annotations

from optlint.arguments import Option, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments

USAGE = "optlint explain [options] FILE.py:FUNCTION"
OPTIONS = (Option(("--report",), "write a report, too: .json, or .html to look at", "FILE"),)


def run(arguments: Arguments) -> int:
    """Print the table, then what it comes to."""
    if len(arguments.paths) != 1:
        raise UsageError("which function? Give FILE.py:FUNCTION, one that returns model and optimizer")
    filename, colon, function = arguments.paths[0].rpartition(":")
    if not colon or not function.isidentifier():
        raise UsageError(f"`{arguments.paths[0]}` names no function; write `{arguments.paths[0]}:build`")
    from optlint.auditing.processes.explaining_files import main

    return main(filename, function, arguments.options.get("--report", []))
