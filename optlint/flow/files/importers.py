"""Which files of a project use one of them: what they give to its functions is not written in it.

The imports of all files are read by a regular expression, once for a run, and not parsed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from optlint.flow.files.around import centre_of

if TYPE_CHECKING:
    from optlint.flow.files.project import Project

IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|(?:[^\n#\\]|\\\n)*)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)
RENAMED = re.compile(r"\s+as\s+\w+|#[^\n]*|[()\\]")
# What a file says that has something to give.
MAKES = re.compile(rb"\boptim\b|[Oo]ptimizer|\.parameters\(|requires_grad")
TESTS = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_|conftest)[^/]*$|_test\.py$")  # below the project
MOST_CALLERS = 4
MOST_LINKS = 3  # from a file to those that use what uses it


class Imported(NamedTuple):
    """One import: the module as it is written, how many leading dots it has, and the names taken out of it."""

    module: str
    level: int
    names: tuple[str, ...]


class Importer(NamedTuple):
    """A file that imports something: its imports, and whether it may make what others train."""

    imports: tuple[Imported, ...]
    makes: bool


@dataclass(slots=True)
class Importers:
    """What the files of a project import of it: by file, and by the last part of the modules and by the names.

    `modules` are the names of all its modules and packages.
    """

    modules: frozenset[str]
    files: dict[str, Importer] = field(default_factory=dict)
    by_word: dict[str, list[str]] = field(default_factory=dict)
    used: dict[str, frozenset[str]] = field(default_factory=dict)
    located: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def add(self, file: str, data: bytes) -> None:
        """Note what a file imports of its project."""
        imports = tuple(self._own(_imports(data)))
        self.files[file] = Importer(imports, MAKES.search(data) is not None)
        for word in {word for one in imports for word in (one.module.rpartition(".")[2], *one.names)}:
            self.by_word.setdefault(word, []).append(file)

    def _own(self, imports: Iterable[Imported]) -> Iterator[Imported]:
        """Those that may mean a module of the project, with the names that may do so."""
        for one in imports:
            names = tuple(name for name in one.names if name in self.modules)
            if one.level or one.module.partition(".")[0] in self.modules:
                yield Imported(one.module, one.level, names)

    def used_by(self, project: Project, file: str) -> frozenset[str]:
        """The files of the project that one of them imports."""
        if file not in self.used:
            before, importer = project.asked, self.files.get(file)
            project.asked = set()  # that the files around are the same is noted by who asks for callers
            paths = _paths(project.module_name(file), importer) if importer is not None else ()
            found = (self._file_of(path, os.path.dirname(file), project) for path in paths)
            self.used[file] = frozenset(filter(None, found)) - {file}
            project.asked = before
        return self.used[file]

    def _file_of(self, path: str, folder: str, project: Project) -> str | None:
        key = path, folder
        if key not in self.located:
            place = project.place_of(path, folder)
            self.located[key] = None if place is None else place.file
        return self.located[key]

    def users_of(self, project: Project, file: str) -> Iterator[str]:
        """The files that import this one or something out of it."""
        stem = os.path.splitext(os.path.basename(file))[0]
        word = os.path.basename(os.path.dirname(file)) if stem == "__init__" else stem
        return (one for one in self.by_word.get(word, ()) if file in self.used_by(project, one))


def importers_in(files: Iterable[str], project: Project) -> Importers:
    """What these files of a project import of each other."""
    modules = {part for file in files for part in os.path.splitext(file)[0].split(os.sep)}
    known = Importers(frozenset(modules))
    for file in files:
        known.add(file, project.data(file) or b"")
    return known


def callers_of(project: Project, file: str) -> tuple[str, ...]:
    """The files that may give something to the functions of `file` (an absolute path): makers first, then nearest.

    These make what is trained, or are scripts, which nobody imports.
    """
    known, is_test = project.importers_around(file), _is_test(file)
    found: dict[str, int] = {file: 0}
    level = [file]
    for distance in range(1, MOST_LINKS + 1):
        users = (user for used in level for user in known.users_of(project, used))
        level = [user for user in dict.fromkeys(users) if user not in found and (is_test or not _is_test(user))]
        found.update(dict.fromkeys(level, distance))
        if len(found) > MOST_CALLERS:
            break
    ranks = sorted((not known.files[user].makes, distance, user) for user, distance in found.items() if user != file)
    giving = (user for other, _, user in ranks if not other or next(known.users_of(project, user), None) is None)
    return tuple(islice(giving, MOST_CALLERS))


def _is_test(file: str) -> bool:
    """Whether a file tests others, by its path inside its project."""
    path = os.path.relpath(file, centre_of(os.path.dirname(file)))
    return TESTS.search(path.replace(os.sep, "/")) is not None


def imported_by(project: Project, file: str) -> frozenset[str]:
    """The files of the project that `file` (an absolute path) imports."""
    return project.importers_around(file).used_by(project, file)


def _paths(module: str, importer: Importer) -> Iterator[str]:
    """The dotted paths that the imports of a module may mean."""
    for one in importer.imports:
        base = _absolute(module, one)
        if base:
            yield base
        yield from (f"{base}.{name}" if base else name for name in one.names)


def _absolute(importer: str, imported: Imported) -> str:
    if not imported.level:
        return imported.module
    package = importer.split(".")[: -imported.level] if imported.level else []
    return ".".join((*package, *filter(None, (imported.module,))))


def _imports(data: bytes) -> Iterator[Imported]:
    for module, names, modules in IMPORT.findall(data):
        if modules:
            for one in _plain(modules):
                yield Imported(one, 0, ())
        else:
            dotted = module.decode("utf-8", "replace")
            bare = dotted.lstrip(".")
            yield Imported(bare, len(dotted) - len(bare), tuple(_plain(names)))


def _plain(names: bytes) -> Iterator[str]:
    """Names without what they are renamed to."""
    text = RENAMED.sub(" ", names.decode("utf-8", "replace"))
    return (name for part in text.split(",") if (name := part.strip()))
