"""The other files of the project: where an import leads, and what is written there.

Files are found from the names alone, beside the file that is linted, in its package and at the root of the project;
nothing is imported. They are parsed with `ast`, once for a run.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from optlint.flow.files.around import centre_of, centre_of_fact, files_around, package_parent, project_root
from optlint.flow.files.defined import Defined
from optlint.flow.files.written_imports import WrittenImports, imports_in
from optlint.flow.reading import ir, texts
from optlint.flow.reading.outline import Outline
from optlint.sources.regular import NOTEBOOK, code_in

MOST_FILES = 1000  # that are kept; after that those still needed are read again
FEW_FILES = 100  # that are kept of one project while files of others are linted
LARGEST = 400_000  # characters of a file that is read for what it says


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
class Project:
    """What was found and read of a project's files in one run of the linter.

    `asked` is what the answers depend on: paths of files, there or not, and what `around` says of many files at once.
    `unsaved` holds what an editor knows better than the disk: by path, the texts of its documents.
    """

    sources: dict[str, Source | None] = field(default_factory=dict)
    outlines: dict[str, Outline | None] = field(default_factory=dict)
    files: dict[str, bool] = field(default_factory=dict)
    defined: Defined = field(default_factory=Defined)
    located: dict[tuple[str, str], tuple[Place | None, frozenset[str]]] = field(default_factory=dict)
    unsaved: Mapping[str, str] = field(default_factory=dict)
    roots: dict[str, tuple[tuple[str, ...], frozenset[str]]] = field(default_factory=dict)
    centres: dict[str, str] = field(default_factory=dict)
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    imports: dict[tuple[str, ...], WrittenImports] = field(default_factory=dict)
    runs: dict[object, object] = field(default_factory=dict)
    notebooks: dict[str, bytes | None] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    centre: str = ""  # around which the project of the file lies that is linted, if that was told

    @property
    def paths_asked(self) -> frozenset[str]:
        """The paths among `asked`; for what is so of many files at once, the folder that they are in."""
        return frozenset(centre_of_fact(fact) or fact for fact in self.asked)

    def for_next_file(self, file: str | None = None) -> Project:
        """What is known of a project, of which nothing was asked yet.

        To save memory most is let go when it has become much, or when `file`, the next one, is of another project.
        """
        centre = self.centre if file is None else self.centre_of(os.path.dirname(os.path.abspath(file)))
        most = MOST_FILES if centre == self.centre else FEW_FILES
        if max(len(self.sources), len(self.outlines)) > most:
            runs = self.runs if centre == self.centre else {}
            return replace(
                self, sources={}, outlines={}, defined=Defined(), located={}, runs=runs, asked=set(), centre=centre
            )
        return replace(self, asked=set(), centre=centre)

    def without(self, paths: Collection[str], unsaved: Mapping[str, str]) -> Project:
        """The same project, in which these files have changed, came or went; what is unsaved now is given."""
        sources = {file: source for file, source in self.sources.items() if file not in paths}
        outlines = {file: outline for file, outline in self.outlines.items() if file not in paths}
        return Project(sources, outlines, unsaved=unsaved)

    def locate(self, path: str, importer: str) -> Place | None:
        """The file that a dotted path leads to from the file `importer`, and the names behind the module."""
        key = path, os.path.dirname(importer)
        known = self.located.get(key)
        if known is None:
            before, self.asked = self.asked, set()
            known = self.located[key] = self.place_of(*key), frozenset(self.asked)
            self.asked = before
        self.asked |= known[1]
        return known[0]

    def place_of(self, path: str, folder: str) -> Place | None:
        """The same for the files of a folder; nothing is kept of it."""
        parts = path.split(".")
        for root in self._roots_of(folder):
            if self._is_there(os.path.join(root, parts[0])) or self._is_there(os.path.join(root, f"{parts[0]}.py")):
                for length in range(len(parts), 0, -1):
                    stem = os.path.join(root, *parts[:length])
                    file = next(filter(self._is_there, (f"{stem}.py", os.path.join(stem, "__init__.py"))), None)
                    if file is not None:
                        return Place(file, ".".join(parts[:length]), tuple(parts[length:]))
        return None

    def _roots_of(self, folder: str) -> tuple[str, ...]:
        """The folders in which a file of `folder` finds its imports, nearest first."""
        if folder not in self.roots:
            before, self.asked = self.asked, set()
            parent = package_parent(folder, self._is_there)
            top = project_root(folder, self._is_there) or os.path.dirname(parent)
            roots = tuple(dict.fromkeys((parent, folder, top, os.path.join(top, "src"))))
            self.roots[folder] = roots, frozenset(self.asked)
            self.asked = before
        self.asked |= self.roots[folder][1]
        return self.roots[folder][0]

    def module_name(self, filename: str) -> str:
        """The dotted name of a file inside its package."""
        parent = package_parent(os.path.dirname(filename), self._is_there)
        return os.path.splitext(os.path.relpath(filename, parent))[0].replace(os.sep, ".")

    def outline(self, file: str) -> Outline | None:
        """The statements of a file, not parsed yet; None if it can't be read."""
        self.asked.add(file)
        if file not in self.outlines:
            text = self._read(file)
            self.outlines[file] = None if text is None else Outline(text)
        return self.outlines[file]

    def _is_there(self, path: str) -> bool:
        self.asked.add(path)
        known = self.files.get(path)
        if known is None:
            known = self.files[path] = path in self.unsaved or os.path.exists(path)
        return known

    def source(self, file: str) -> Source | None:
        """A parsed file; None if it can't be read or can't be parsed."""
        self.asked.add(file)
        if file not in self.sources:
            text = self._read(file)
            self.sources[file] = None if text is None else _parsed(text, file)
        return self.sources[file]

    def imports_around(self, file: str) -> WrittenImports:
        """What the files of the project that a file is in import of each other."""
        files = self.files_around(os.path.dirname(file))
        if files not in self.imports:
            self.imports[files] = imports_in(files, self.data)
        return self.imports[files]

    def files_around(self, folder: str) -> tuple[str, ...]:
        """The source files of the project that a folder is in."""
        centre = self.centre_of(folder)
        if centre not in self.listed:
            self.listed[centre] = files_around(centre)
        return self.listed[centre]

    def centre_of(self, folder: str) -> str:
        """The folder around which the project of a folder lies."""
        if folder not in self.centres:
            self.centres[folder] = centre_of(folder)
        return self.centres[folder]

    def data(self, file: str) -> bytes | None:
        """The code in a file, or what it will be when it is saved; None if it can't be read."""
        if file in self.unsaved:
            return self.unsaved[file].encode("utf-8", "surrogatepass")
        if not file.endswith(NOTEBOOK):
            return code_in(file)
        if file not in self.notebooks:
            self.notebooks[file] = code_in(file)
        return self.notebooks[file]

    def _read(self, file: str) -> str | None:
        if file.endswith(NOTEBOOK):
            return (self.data(file) or b"").decode("utf-8", "replace")
        text = self.unsaved.get(file)
        if text is None and not os.path.isfile(file):
            return None
        if text is None:
            try:
                with open(file, encoding="utf-8") as handle:
                    text = handle.read(LARGEST + 1)
            except (OSError, ValueError):
                return None
        return text if len(text) <= LARGEST else None


def _parsed(text: str, file: str) -> Source | None:
    try:
        source = Source(texts.AstText(text, file))
        return source if source.block is not None else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
