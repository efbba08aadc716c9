"""Looks at drafts in another thread, so that the server answers meanwhile; only the newest version counts."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optlint.sources.stack import on_big_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from optlint.lsp.drafts import Desk
    from optlint.lsp.insight import Insight
    from optlint.lsp.looks import Eyes, Look

    T = TypeVar("T")


@dataclass(slots=True)
class Bench:
    """The newest look at each draft, made when it is asked for; `tell` hears of files that were found changed."""

    desk: Desk
    eyes: Eyes
    tell: Callable[..., None]
    _looks: dict[str, Look] = field(default_factory=dict)
    _closer: dict[str, tuple[Look, Look]] = field(default_factory=dict)
    _insights: dict[str, tuple[Look, Insight]] = field(default_factory=dict)
    _running: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    _meanwhile: dict[str, set[str]] = field(default_factory=dict)  # what changed while a look is made
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
        known = self._closer.get(look.draft.uri)
        if known is None or known[0] is not look:
            closer = await self.work(lambda: self.eyes.look_closer(look))
            known = self._closer[look.draft.uri] = look, closer
        return known[1]

    async def insight(self, look: Look) -> Insight:
        """What the engine knows beyond the diagnostics."""
        known = self._insights.get(look.draft.uri)
        if known is None or known[0] is not look:
            insight = await self.work(lambda: self.eyes.insight(look))
            known = self._insights[look.draft.uri] = look, insight
        return known[1]

    async def work(self, job: Callable[[], T]) -> T:
        """What a job returns, run in the other thread after those before it."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, on_big_stack, job)

    async def notice(self, at_once: bool = True) -> None:
        """Look whether files on disk have changed that any look depends on."""
        found = await self.work(lambda: self.eyes.neighbours.changed_on_disk(at_once))
        if found:
            self.tell(*found)

    def changed(self, *paths: str) -> list[str]:
        """The drafts whose looks hold no more, now that the files at these paths are others."""
        for meanwhile in self._meanwhile.values():
            meanwhile.update(paths)
        stale = [uri for uri, look in self._looks.items() if _depends(look, paths)]
        for uri in stale:
            del self._looks[uri]
        return stale

    def forget(self) -> None:
        """No look holds any more."""
        self.changed(ANYTHING)
        self._looks.clear()

    def close(self, uri: str) -> None:
        """A draft is open no more."""
        self._looks.pop(uri, None)
        self._closer.pop(uri, None)
        self._insights.pop(uri, None)
        self.eyes.close(uri)

    def stop(self) -> None:
        """Begin nothing more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _start(self, uri: str) -> None:
        """One look at the draft as it is when the thread comes to it."""
        meanwhile = self._meanwhile[uri] = set()
        try:
            look, found = await self.work(lambda: self._newest(uri))
            if look is not None and uri in self.desk.drafts and not _depends(look, meanwhile):
                self._looks[uri] = look
            if found:
                self.tell(*found)
        finally:
            del self._running[uri], self._meanwhile[uri]

    def _newest(self, uri: str) -> tuple[Look | None, set[str]]:
        """The look, and files that were found changed on this occasion."""
        found = self.eyes.neighbours.changed_on_disk()
        draft = self.desk.drafts.get(uri)
        return self.eyes.look(draft, list(self.desk.drafts.values())) if draft else None, found


ANYTHING = ""


def _depends(look: Look, paths: Iterable[str]) -> bool:
    """Whether a look at one file asked for one of these, or for the folder of one."""
    return any(
        path == ANYTHING or any(path == other or path.startswith(other + os.sep) for other in look.others)
        for path in paths
        if path != look.draft.path
    )
