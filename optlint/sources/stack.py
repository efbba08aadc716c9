"""Running work that nests deeply, on a thread with a big stack."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

STACK_SIZES = (512 << 20, 128 << 20, 32 << 20)  # bytes of address space, used only as far as needed
RECURSION_LIMIT = 20_000


def on_big_stack(work: Callable[[], T]) -> T:
    """What `work` returns or raises, run where deep recursion is no crash."""
    if isinstance(threading.current_thread(), _BigStackThread):
        return work()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        thread = _started(work)
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    return thread.outcome()


class _BigStackThread(threading.Thread, Generic[T]):
    """A thread that keeps what its work returned or raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name="optlint", daemon=True)
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:
            self._error = error

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]


def _started(work: Callable[[], T]) -> _BigStackThread[T]:
    """A running thread with the largest stack that the system grants."""
    before = threading.stack_size()
    for size in STACK_SIZES:
        try:
            threading.stack_size(size)
            thread = _BigStackThread(work)
            thread.start()
        except (ValueError, RuntimeError):
            if size == STACK_SIZES[-1]:
                raise
        else:
            break
        finally:
            threading.stack_size(before)
    return thread
