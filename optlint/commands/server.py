"""Serve editors over the language server protocol, on standard input and output; needs `pip install 'optlint[lsp]'`."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments
    from optlint.lsp.server import Server

USAGE = "optlint server"
OPTIONS = ()
COLLECT_AFTER = (50_000, 20, 50)  # a look makes many objects that soon go; collecting less often saves a third of it
NEEDED = ("pygls", "lsprotocol", "cattrs", "attrs", "attr")


def run(arguments: Arguments) -> int:
    """Serve until the client leaves."""
    from optlint.arguments import UsageError

    if arguments.paths:
        raise UsageError("the server takes no paths: the editor names the files")
    try:
        from optlint.lsp.features import new_server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in NEEDED:
            raise
        command = f"{sys.executable} -m pip install 'optlint[lsp]'"
        print(f"optlint: the language server needs pygls, which is not installed; run: {command}", file=sys.stderr)
        return 2
    return _serve(new_server())


def _serve(server: Server) -> int:
    """Serve on a copy of standard output: what anything else prints must not come between messages."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        server.start_io(sys.stdin.buffer, output)
    finally:
        server.bench.stop()
        sys.stdout = sys.__stdout__ or sys.stderr
    return 0 if server.left else 1
