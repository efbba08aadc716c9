"""Remove what earlier runs have kept: the cache of this project."""

from __future__ import annotations

import os

from optlint.arguments import UsageError
from optlint.settings.config import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments

USAGE = "optlint clean"
OPTIONS = ()


def run(arguments: Arguments) -> int:
    """Remove our own files, and their folder if nothing else is in it."""
    from optlint.batch.cache import FOLDER, cache_folder, is_ours

    if arguments.paths:
        raise UsageError("no arguments are needed: it is the cache of this project that is removed")
    folder = os.path.join(cache_folder(os.getcwd()), FOLDER)
    if not os.path.isdir(folder):
        print("There is nothing to remove.")
        return 0
    try:
        for name in os.listdir(folder):
            if is_ours(name):
                os.unlink(os.path.join(folder, name))
        os.rmdir(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be removed: {error.strerror}") from None
    print(f"Removed {folder}.")
    return 0
