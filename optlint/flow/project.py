"""The other files of the project: where an import leads, and what is there.

Files are found from the names alone, beside the file that is linted, in its package and at the root of the project;
nothing is imported. They are parsed with `ast`, once for a run, and only if they can matter.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property

from optlint.flow import ir, texts
from optlint.flow.machine import Unit
from optlint.flow.state import Shared
from optlint.flow.values import Counter

ROOT_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
MATTERS = ("param", "optim", "grad", "Module", "children", "backward", "Trainer")
MOST_MODULES = 200
LARGEST = 400_000  # characters of a file that is read for what it defines


@dataclass(frozen=True, slots=True)
class Place:
    """A module's file, its dotted name, and what of the path is left to look up in it."""

    file: str
    module: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A parsed file of the project."""

    text: texts.AstText

    @cached_property
    def block(self) -> ir.Block:
        """Its statements."""
        return texts.statements_of(self.text)


@dataclass(slots=True)
class Modules:
    """The files that were run for what they define: their scopes, what is in them, and the addresses they use."""

    scopes: dict[str, int | None] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    shared: Shared = field(default_factory=Shared)
    counter: Counter = field(default_factory=Counter)
    mentioned: dict[ir.Node, frozenset[str]] = field(default_factory=dict)
    bodies: dict[ir.Function, ir.Block] = field(default_factory=dict)


@dataclass(slots=True)
class Project:
    """What was found, read and run of a project's files in one run of the linter."""

    sources: dict[str, Source | None] = field(default_factory=dict)
    files: dict[str, bool] = field(default_factory=dict)
    roots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[tuple[str, str], Place | None] = field(default_factory=dict)
    modules: Modules = field(default_factory=Modules)

    def make_room(self) -> None:
        """Forget the files that were run once they are many; those still needed are read again."""
        if len(self.modules.scopes) > MOST_MODULES:
            self.sources.clear()
            self.modules = Modules()

    def locate(self, path: str, importer: str) -> Place | None:
        """The file that a dotted path leads to from the file `importer`, and the names behind the module."""
        key = (os.path.dirname(importer), path)
        if key not in self.places:
            self.places[key] = self._locate(key[0], path.split("."))
        return self.places[key]

    def _locate(self, folder: str, parts: list[str]) -> Place | None:
        for root in self.roots_of(folder):
            for length in range(len(parts), 0, -1):
                file = self._module_file(root, parts[:length])
                if file is not None:
                    return Place(file, ".".join(parts[:length]), tuple(parts[length:]))
        return None

    def _module_file(self, root: str, parts: list[str]) -> str | None:
        if not self._is_there(os.path.join(root, parts[0])) and not self._is_there(
            os.path.join(root, f"{parts[0]}.py")
        ):
            return None
        stem = os.path.join(root, *parts)
        return next((file for file in (f"{stem}.py", os.path.join(stem, "__init__.py")) if self._is_there(file)), None)

    def _is_there(self, path: str) -> bool:
        known = self.files.get(path)
        if known is None:
            known = self.files[path] = os.path.exists(path)
        return known

    def roots_of(self, folder: str) -> tuple[str, ...]:
        """The folders in which a file of `folder` finds its imports, nearest first."""
        known = self.roots.get(folder)
        if known is None:
            top = self._project_root(folder)
            found = (self._package_parent(folder), folder, top, os.path.join(top, "src"))
            known = self.roots[folder] = tuple(dict.fromkeys(found))
        return known

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

    def top_of(self, folder: str) -> str | None:
        """The folder that all of a project's own code is in: its root, or else its outermost package, if it has any."""
        root, parent = self._project_root(folder), self._package_parent(folder)
        if any(self._is_there(os.path.join(root, marker)) for marker in ROOT_MARKERS):
            return root
        return None if parent == folder else os.path.join(parent, os.path.relpath(folder, parent).split(os.sep)[0])

    def module_name(self, filename: str) -> str:
        """The dotted name of a file inside its package."""
        folder = os.path.dirname(filename)
        parent = self._package_parent(folder)
        stem = os.path.splitext(os.path.relpath(filename, parent))[0]
        return stem.replace(os.sep, ".")

    def source(self, file: str) -> Source | None:
        """A parsed file; None if it can't be read, can't be parsed or can't matter."""
        if file not in self.sources:
            self.sources[file] = _read(file)
        return self.sources[file]


def _read(file: str) -> Source | None:
    try:
        with open(file, encoding="utf-8") as handle:
            text = handle.read(LARGEST + 1)
        if len(text) > LARGEST or not any(word in text for word in MATTERS):
            return None
        return Source(texts.AstText(text, file))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None
