"""The other files of the project, found from names alone and parsed with `ast`; nothing is imported."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property

from optlint.flow import ir, texts

ROOT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
LARGEST = 400_000  # characters of a file that is read for what it says


@dataclass(frozen=True)
class Source:
    """A parsed file of the project."""

    text: texts.AstText

    @cached_property
    def block(self) -> ir.Block:
        """Its statements."""
        return texts.statements_of(self.text)


@dataclass(slots=True)
class Project:
    """What was found and read of a project's files in one run of the linter.

    `asked` are the paths on which what was answered depends: files, there or not, and folders with all their files.
    """

    sources: dict[str, Source | None] = field(default_factory=dict)
    files: dict[str, bool] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def _is_there(self, path: str) -> bool:
        self.asked.add(path)
        known = self.files.get(path)
        if known is None:
            known = self.files[path] = os.path.exists(path)
        return known

    def top_of(self, folder: str) -> str | None:
        """The folder that all of a project's own code is in: its root, or else its outermost package, if it has any."""
        root, parent = self._project_root(folder), self._package_parent(folder)
        if any(self._is_there(os.path.join(root, marker)) for marker in ROOT_MARKERS):
            return root
        return None if parent == folder else os.path.join(parent, os.path.relpath(folder, parent).split(os.sep)[0])

    def _package_parent(self, folder: str) -> str:
        while self._is_there(os.path.join(folder, "__init__.py")) and os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
        return folder

    def _project_root(self, folder: str) -> str:
        current = folder
        while os.path.dirname(current) != current:
            if any(self._is_there(os.path.join(current, marker)) for marker in ROOT_MARKERS):
                return current
            current = os.path.dirname(current)
        return folder

    def source(self, file: str) -> Source | None:
        """A parsed file; None if it can't be read or can't be parsed."""
        self.asked.add(file)
        if file not in self.sources:
            self.sources[file] = _read(file)
        return self.sources[file]


def _read(file: str) -> Source | None:
    try:
        with open(file, encoding="utf-8") as handle:
            text = handle.read(LARGEST + 1)
        if len(text) > LARGEST:
            return None
        return Source(texts.AstText(text, file))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
