"""Whether a file has changed since it was last looked at."""

from __future__ import annotations

import os

Stamp = tuple[int, int] | None


def stamp(path: str) -> Stamp:
    """What tells one state of a file from another; None where there is no file. A folder's is that of its entries."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
