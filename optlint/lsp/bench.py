"""Looks at drafts in another thread, so that the server answers meanwhile; only the newest version counts."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optlint.stack import on_big_stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from optlint.lsp.drafts import Desk
    from optlint.lsp.looks import Eyes, Look

    T = TypeVar("T")


@dataclass(slots=True)
class Bench:
    """The newest look at each draft, made when it is asked for."""

    desk: Desk
    eyes: Eyes
    _looks: dict[str, Look] = field(default_factory=dict)
    _close: dict[str, tuple[Look, Look]] = field(default_factory=dict)
    _running: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "optlint"))

    async def look(self, uri: str) -> Look | None:
        """What is to be said of the draft as it is now; None if it is not open."""
        while draft := self.desk.drafts.get(uri):
            known = self._looks.get(uri)
            if known is not None and known.draft is draft:
                return known
            running = self._running.get(uri)
            if running is None:
                running = self._running[uri] = asyncio.ensure_future(self._start(uri))
            await asyncio.shield(running)
        return None

    async def look_closer(self, look: Look) -> Look:
        """The same with fixes; an editor asks for them again and again."""
        known = self._close.get(look.draft.uri)
        if known is None or known[0] is not look:
            closer = await self.work(lambda: self.eyes.look_closer(look))
            known = self._close[look.draft.uri] = look, closer
        return known[1]

    async def _start(self, uri: str) -> None:
        """One look at the newest draft; edits that come meanwhile wait for the next one."""
        try:
            draft = self.desk.drafts.get(uri)
            if draft is not None:
                look = await self.work(lambda: self.eyes.look(draft))
                if uri in self.desk.drafts:
                    self._looks[uri] = look
        finally:
            del self._running[uri]

    async def work(self, job: Callable[[], T]) -> T:
        """What a job returns, run in the other thread after those before it."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, on_big_stack, job)

    def changed(self, path: str) -> list[str]:
        """The drafts whose looks no longer hold, now that the file at a path is another."""
        stale = [uri for uri, look in self._looks.items() if _depends(look, path)]
        for uri in stale:
            del self._looks[uri]
        return stale

    def forget(self) -> None:
        """No look holds any more."""
        self._looks.clear()

    def close(self, uri: str) -> None:
        """A draft is open no more."""
        self._looks.pop(uri, None)
        self._close.pop(uri, None)
        self.eyes.close(uri)

    def stop(self) -> None:
        """Begin nothing more."""
        self._worker.shutdown(wait=False, cancel_futures=True)


def _depends(look: Look, path: str) -> bool:
    return look.draft.path != path and any(path == other or path.startswith(other + os.sep) for other in look.others)
