"""Which keys of param groups the other files of a project read; a file is parsed only if it names the key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from optlint.flow.python.readings import readings_of
from optlint.flow.reading import texts

if TYPE_CHECKING:
    from optlint.flow.files.project import Project

MOST_FILES = 4000
NEVER_OURS = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"})


@dataclass(slots=True)
class ProjectKeys:
    """Answers for one run; what was found for a key and a folder is kept."""

    project: Project
    known: dict[tuple[str, str], bool] = field(default_factory=dict)
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read_outside(self, key: str, filename: str) -> bool:
        """Whether another file of the project that deals with groups reads such a key."""
        folder = os.path.dirname(os.path.abspath(filename))
        self.project.asked.add(self.project.top_of(folder) or folder)
        if (folder, key) not in self.known:
            self.known[folder, key] = any(self._reads(file, key) for file in self._files(folder))
        return self.known[folder, key]

    def _files(self, folder: str) -> tuple[str, ...]:
        """The files of the project that a folder is in; of a folder outside any project, only its own."""
        if folder not in self.listed:
            top = self.project.top_of(folder)
            files = _python_files(folder, deep=False) if top is None else _python_files(top, deep=True)
            self.listed[folder] = tuple(islice(files, MOST_FILES))
        return self.listed[folder]

    def _reads(self, file: str, key: str) -> bool:
        data, word = self.project.data(file) or b"", key.encode()
        if b"group" not in data or not (b'"%b"' % word in data or b"'%b'" % word in data):
            return False
        source = self.project.source(file)
        return source is not None and key in readings_of(source.block, texts.body_of).keys


def _python_files(top: str, *, deep: bool) -> Iterator[str]:
    for folder, inner, names in os.walk(top):
        inner[:] = sorted(name for name in inner if deep and name not in NEVER_OURS and not name.startswith("."))
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))
