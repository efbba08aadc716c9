"""Checking many files in several processes, with the same results in the same order."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING

from optlint.batch import garbage
from optlint.batch.checker import Checker
from optlint.batch.outcome import Examined
from optlint.batch.policies import Policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from optlint.discovery.found import SourceFile
    from optlint.fixes.mending import Mending
    from optlint.settings.selection import Selection

FEWEST = 8  # files that are sent to a process at once


def examined(files: Sequence[SourceFile], checker: Checker, jobs: int) -> Iterator[Examined]:
    """What comes of each file, in their order; if a process dies, its files are examined here."""
    chunks = list(chunked(files, jobs))
    with _ctrl_c_held_back():
        executor = ProcessPoolExecutor(min(jobs, len(chunks)), get_context("spawn"), _begin)
    try:
        with _ctrl_c_held_back():  # what is started here never sees it, and it is not lost for us
            pending = [
                executor.submit(_examine, tuple(chunk), checker.policies.command_line, checker.mending)
                for chunk in chunks
            ]
        for chunk, future in zip(chunks, pending, strict=True):
            try:
                yield from future.result()
            except BrokenProcessPool:
                yield from map(checker.examine, chunk)
    finally:
        _end(executor)


def chunked(files: Sequence[SourceFile], jobs: int) -> Iterator[Sequence[SourceFile]]:
    """The files in pieces: large ones first, small ones last, so that all processes are done at the same time.

    Neighbours use the same other files, which each process that needs them must read.
    """
    start = 0
    while start < len(files):
        end = start + max(FEWEST, (len(files) - start) // jobs)
        yield files[start:end]
        start = end


def _examine(files: tuple[SourceFile, ...], selection: Selection, mending: Mending | None) -> list[Examined]:
    """In another process: what comes of these files."""
    return list(_each(files, _checker(selection, mending)))


def _each(files: Iterable[SourceFile], checker: Checker) -> Iterator[Examined]:
    for file in files:
        yield checker.examine(file)
        garbage.collect()


@cache
def _checker(selection: Selection, mending: Mending | None) -> Checker:
    return Checker(Policies(selection), mending)


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Leave Ctrl-C to the process that started this one, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    garbage.put_off()
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _end(executor: ProcessPoolExecutor) -> None:
    """Stop at once: when all is done nothing is lost, and when it is not, nobody waits for the rest.

    The processes die first, so that there is little to wait for. Whoever exits while the thread of the executor still
    gives back semaphores makes the interpreter complain of them.
    """
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.terminate()
    with _ctrl_c_held_back():
        executor.shutdown(cancel_futures=True)
