"""The other files of the project, kept from one look to the next: as they are on disk, or as editors hold them."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from optlint.discovery.stamps import stamp
from optlint.flow.files.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.discovery.stamps import Stamp
    from optlint.lsp.drafts import Draft

PAUSE = 1.0  # seconds between two looks at the disk


@dataclass(slots=True)
class Neighbours:
    """What was read of other files; a file that has changed is read again, and nothing else is."""

    _project: Project = field(default_factory=Project)
    _drafts: dict[str, Draft] = field(default_factory=dict)
    _stamps: dict[str, Stamp] = field(default_factory=dict)
    _changed: set[str] = field(default_factory=set)
    _looked: float = 0.0

    def project_for(self, draft: Draft, drafts: Iterable[Draft]) -> Project:
        """The project as a draft sees it among those that are open; the draft itself is no neighbour of its own."""
        self._take(drafts)
        away = self._changed - {draft.path}
        if away:
            self._project = self._project.without(away, self._texts())
            self._changed -= away
        self._project = self._project.for_next_file()
        return self._project

    def project_of_callers(self, draft: Draft) -> Project:
        """The project as those see it that call functions of a saved draft."""
        if draft.path in self._changed:
            self._project = self._project.without(self._changed, self._texts())
            self._changed.clear()
        self._project = self._project.for_next_file()
        return self._project

    def note(self, project: Project) -> None:
        """Keep in mind what the files were like that a look depended on."""
        for path in project.paths_asked:
            if path not in self._stamps:
                self._stamps[path] = stamp(path)

    def changed_on_disk(self, at_once: bool = False) -> set[str]:
        """The files that have changed, came or went since they were read; asked too often, it says nothing."""
        if not at_once and monotonic() < self._looked + PAUSE:
            return set()
        found = {path for path, known in self._stamps.items() if path not in self._drafts and stamp(path) != known}
        for path in found:
            del self._stamps[path]
        self._changed |= found
        self._looked = monotonic()
        return found

    def _take(self, drafts: Iterable[Draft]) -> None:
        """Let what is open stand for what is on disk; code that cannot be parsed now stays as it was before."""
        now = {draft.path: draft for draft in drafts if not draft.notebook}
        for path in self._drafts.keys() - now.keys():
            del self._drafts[path]
            self._changed.add(path)
        for path, draft in now.items():
            if self._drafts.get(path) is not draft and (path not in self._drafts or _parses(draft.document.code)):
                self._drafts[path] = draft
                self._changed.add(path)

    def _texts(self) -> dict[str, str]:
        return {path: draft.document.code for path, draft in self._drafts.items()}


def _parses(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
