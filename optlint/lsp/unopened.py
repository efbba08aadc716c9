"""Files of the workspace that are not open: looked at one by one, between looks at those that are."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from optlint.discovery.files import find_files
from optlint.discovery.found import Excluding, Missing
from optlint.discovery.stamps import stamp
from optlint.lsp.drafts import Draft, Part, uri_of
from optlint.lsp.texts import Text
from optlint.settings.config import ConfigError, Configs
from optlint.sources.decoding import NotAnalysedError, decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.discovery.stamps import Stamp
    from optlint.lsp.bench import Bench
    from optlint.lsp.looks import Look


class Seen(NamedTuple):
    """A look at a file that is not open, and the file's stamp at that time; without a look there is nothing to say."""

    stamp: Stamp
    others: frozenset[str]
    look: Look | None


@dataclass(slots=True)
class Unopened:
    """What was seen in files of these folders that are not open."""

    bench: Bench
    folders: Sequence[str] = ()
    _seen: dict[str, Seen] = field(default_factory=dict)

    async def files(self) -> list[str]:
        """The Python files of all folders that are not excluded, and not open."""
        opened = {draft.path for draft in self.bench.desk.drafts.values()}
        found = await self.bench.work(lambda: list(_python_files(self.folders)))
        paths = [path for path in found if path not in opened]
        for path in self._seen.keys() - set(paths):
            del self._seen[path]
        return paths

    async def look(self, path: str) -> Look | None:
        """What is to be said of a file on disk; None if there is nothing."""
        known = self._seen.get(path)
        now = stamp(path)
        if known is None or known.stamp != now:
            look = await self.bench.work(lambda: self._fresh(path))
            others = look.others if look else frozenset()
            known = self._seen[path] = Seen(now, others, look if look and look.diagnostics else None)
        return known.look

    def changed(self, *paths: str) -> bool:
        """These files are others now; whether anything that was seen holds no more."""
        stale = [path for path, seen in self._seen.items() if path in paths or not seen.others.isdisjoint(paths)]
        for path in stale:
            del self._seen[path]
        return bool(stale)

    def forget(self) -> None:
        """Nothing that was seen holds any more."""
        self._seen.clear()

    def _fresh(self, path: str) -> Look | None:
        draft = draft_of(path)
        return self.bench.eyes.glance(draft, list(self.bench.desk.drafts.values())) if draft else None


def draft_of(path: str) -> Draft | None:
    """A file on disk as if it were open; None if it is no text."""
    try:
        with open(path, "rb") as file:
            text = decode(file.read())
    except (OSError, NotAnalysedError):
        return None
    uri = uri_of(path)
    return Draft(uri, path, (Part(uri, None, Text(text)),))


def _python_files(folders: Sequence[str]) -> Iterator[str]:
    try:
        for found in find_files(folders, Configs(), Excluding()):
            if not isinstance(found, Missing) and found.trouble is None and found.path.endswith((".py", ".pyi")):
                yield os.path.abspath(found.path)
    except ConfigError:
        return
