"""Which files of a project use one of them: what they give to its functions is not written in it."""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from optlint.flow.files.project import Project
    from optlint.flow.files.written_imports import Imported, Importer, WrittenImports

TESTS = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_|conftest)[^/]*$|_test\.py$")  # below the project
MOST_CALLERS = 4
MOST_LINKS = 3  # from a file to those that use what uses it


def callers_of(project: Project, file: str) -> tuple[str, ...]:
    """The files that may give something to the functions of `file` (an absolute path): makers first, then nearest.

    These make what is trained, or are scripts, which nobody imports.
    """
    written, is_test = project.imports_around(file), _is_test(project, file)
    found: dict[str, int] = {file: 0}
    level = [file]
    for distance in range(1, MOST_LINKS + 1):
        users = (user for used in level for user in _users_of(project, written, used))
        new = (user for user in dict.fromkeys(users) if user not in found)
        level = [user for user in new if is_test or not _is_test(project, user)]
        found.update(dict.fromkeys(level, distance))
        if len(found) > MOST_CALLERS:
            break
    ranks = sorted((not written.files[user].makes, distance, user) for user, distance in found.items() if user != file)
    giving = (user for other, _, user in ranks if not other or next(_users_of(project, written, user), None) is None)
    return tuple(islice(giving, MOST_CALLERS))


def imported_by(project: Project, file: str) -> frozenset[str]:
    """The files of the project that `file` (an absolute path) imports."""
    return _used_by(project, project.imports_around(file), file)


def those_that_meet(project: Project, file: str) -> frozenset[str]:
    """The files that may get hold of what `file` (an absolute path) makes: its users, theirs, and what these use."""
    written, is_test = project.imports_around(file), _is_test(project, file)
    users = _closure([file], lambda one: _users_of(project, written, one)) - {file}
    users = users if is_test else frozenset(user for user in users if not _is_test(project, user))
    return _closure(users, lambda one: _used_by(project, written, one)) - {file}


def _closure(starts: Iterable[str], onwards: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """All that can be reached."""
    seen: set[str] = set()
    pending = list(starts)
    while pending:
        here = pending.pop()
        if here not in seen:
            seen.add(here)
            pending += onwards(here)
    return frozenset(seen)


def _is_test(project: Project, file: str) -> bool:
    """Whether a file tests others, by its path inside its project."""
    path = file.removeprefix(project.centre_of(os.path.dirname(file)))
    return TESTS.search(path.replace(os.sep, "/")) is not None


def _users_of(project: Project, written: WrittenImports, file: str) -> Iterator[str]:
    """The files that import this one or something out of it."""
    stem = os.path.splitext(os.path.basename(file))[0]
    word = os.path.basename(os.path.dirname(file)) if stem == "__init__" else stem
    return (one for one in written.by_word.get(word, ()) if file in _used_by(project, written, one))


def _used_by(project: Project, written: WrittenImports, file: str) -> frozenset[str]:
    """The files of the project that one of them imports."""
    if file not in written.used:
        before, importer = project.asked, written.files.get(file)
        project.asked = set()  # that the files around are the same is noted by who asks for callers
        paths = _paths(project.module_name(file), importer) if importer is not None else ()
        found = (_file_of(path, os.path.dirname(file), project, written) for path in paths)
        written.used[file] = frozenset(filter(None, found)) - {file}
        project.asked = before
    return written.used[file]


def _file_of(path: str, folder: str, project: Project, written: WrittenImports) -> str | None:
    key = path, folder
    if key not in written.located:
        place = project.place_of(path, folder)
        written.located[key] = None if place is None else place.file
    return written.located[key]


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
