"""Running again and again, whenever a file has changed."""

from __future__ import annotations

import sys
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from optlint.discovery.stamps import stamp
from optlint.settings.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

    from optlint.discovery.found import SourceFile
    from optlint.discovery.stamps import Stamp

    Stamps = dict[str, Stamp]

PAUSE = 0.5  # seconds between two looks
REST = 9  # times what a look takes, so that many files do not keep a processor busy
CLEAR = "\x1b[2J\x1b[H"


def watch(run: Callable[[], int], find: Callable[[], Iterable[SourceFile]]) -> NoReturn:
    """Run now, and after each change of a file that `find` gives, or of its configuration, until Ctrl-C."""
    while True:
        before = _look(find)
        if sys.stdout.isatty():
            sys.stdout.write(CLEAR)
        try:
            run()
        except ConfigError as error:
            print(f"optlint: {error}", file=sys.stderr)
        sys.stdout.flush()
        print("optlint: waiting for changes, Ctrl-C ends", file=sys.stderr, flush=True)
        _wait_for_change(find, before)


def _wait_for_change(find: Callable[[], Iterable[SourceFile]], before: Stamps | str) -> None:
    while True:
        started = perf_counter()
        if _look(find) != before:
            return
        sleep(max(PAUSE, REST * (perf_counter() - started)))


def _look(find: Callable[[], Iterable[SourceFile]]) -> Stamps | str:
    """What files there are and when they were changed, or what is wrong with the configuration."""
    try:
        return _stamps(find())
    except ConfigError as error:
        return str(error)


def _stamps(files: Iterable[SourceFile]) -> Stamps:
    paths = {path for file in files for path in (file.path, file.config.path) if path}
    return {path: stamp(path) for path in paths}
