"""Replacing the content of a file at once, so that whoever looks sees the old or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import stat


def replace_content(path: str, before: bytes, after: bytes) -> None:
    """Write `after` to the file, which must still hold `before`; its mode and owner are kept, links followed."""
    from optlint.sources.edits import CannotEditError

    target = os.path.realpath(path)
    if not os.access(target, os.W_OK):
        raise CannotEditError("it is not writable")
    with open(target, "rb") as file:
        if file.read() != before:
            raise CannotEditError("it has changed meanwhile")
    write_atomically(target, after, os.stat(target))


def write_atomically(path: str, data: bytes, like: os.stat_result | None = None) -> None:
    """Write a whole file by way of a temporary one beside it; `OSError` if that is not possible."""
    temporary = os.path.join(os.path.dirname(path), f".optlint-{os.urandom(8).hex()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _take_after(temporary, like)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _take_after(path: str, like: os.stat_result | None) -> None:
    if like is None:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(path, 0o666 & ~mask)
        return
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(path, like.st_uid, like.st_gid)
    os.chmod(path, stat.S_IMODE(like.st_mode))
