"""Which keys of param groups the other files of a project read; a file is parsed only if it names the key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optlint.flow.files import around
from optlint.flow.python.readings import readings_of
from optlint.flow.reading import texts

if TYPE_CHECKING:
    from optlint.flow.files.project import Project


@dataclass(slots=True)
class ProjectKeys:
    """Answers for one run; what was found for a key and a folder is kept."""

    project: Project
    known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def read_outside(self, key: str, filename: str) -> bool:
        """Whether another file of the project that deals with groups reads such a key."""
        folder = os.path.dirname(os.path.abspath(filename))
        files = self.project.files_around(folder)
        self.project.asked.add(around.all_of(folder))
        if (folder, key) not in self.known:
            self.known[folder, key] = any(self._reads(file, key) for file in files)
        return self.known[folder, key]

    def _reads(self, file: str, key: str) -> bool:
        data, word = self.project.data(file) or b"", key.encode()
        if b"group" not in data or not (b'"%b"' % word in data or b"'%b'" % word in data):
            return False
        source = self.project.source(file)
        return source is not None and key in readings_of(source.block, texts.body_of).keys
