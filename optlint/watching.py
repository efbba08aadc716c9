"""Running again and again, whenever a file has changed."""

from __future__ import annotations

import os
import sys
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from optlint.files import SourceFile

    Stamps = dict[str, tuple[int, int] | None]

PAUSE = 0.5  # seconds between two looks
CLEAR = "\x1b[2J\x1b[H"


def watch(run: Callable[[], int], find: Callable[[], Iterable[SourceFile]]) -> NoReturn:
    """Run now, and after each change of a file that `find` gives, or of its configuration, until Ctrl-C."""
    while True:
        before = _stamps(find())
        if sys.stdout.isatty():
            sys.stdout.write(CLEAR)
        run()
        sys.stdout.flush()
        print("optlint: waiting for changes, Ctrl-C ends", file=sys.stderr, flush=True)
        while _stamps(find()) == before:
            sleep(PAUSE)


def _stamps(files: Iterable[SourceFile]) -> Stamps:
    paths = {path for file in files for path in (file.path, file.config.path) if path}
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
