"""Where the runs meet that a launcher has started on this machine, one for each rank: `torchrun -m optlint run …`."""

from __future__ import annotations

import os

NAMES = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT")


def meeting_folder() -> str | None:
    """A folder that all of them find, and nobody else can write to; None where this run is alone."""
    size = os.environ.get("LOCAL_WORLD_SIZE", "")
    if not size.isdecimal() or int(size) < 2 or not os.environ.get("LOCAL_RANK", "").isdecimal():
        return None
    if not hasattr(os, "getuid"):
        return None
    path = os.path.join(temporary_folder(), f"optlint-{os.getuid()}-{_name_of_launch()}")
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if os.path.islink(path) or os.lstat(path).st_uid != os.getuid():
            return None
    return path


def _name_of_launch() -> str:
    """The same in all processes of one launch, and in no other."""
    from hashlib import blake2b

    words = (*(os.environ.get(name, "") for name in NAMES), str(os.getppid()))
    return blake2b(" ".join(words).encode(), digest_size=8).hexdigest()


def temporary_folder() -> str:
    """Where temporary files go; `tempfile` is imported only where that is needed to know."""
    folder = os.environ.get("TMPDIR") or "/tmp"
    if not os.access(folder, os.W_OK):
        from tempfile import gettempdir

        folder = gettempdir()
    return folder
