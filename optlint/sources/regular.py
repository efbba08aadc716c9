"""Reading files that somebody else names: whatever is no regular file, such as a pipe, may never come to an end."""

from __future__ import annotations

import os


def bytes_of(path: str) -> bytes | None:
    """What is in a regular file; None if there is none, or it can't be read."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
