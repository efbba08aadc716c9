"""Which files belong to the project of a file: told from folders alone, and cheap to load."""

from __future__ import annotations

import os
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = ".git"
ROOT_MARKERS = (REPOSITORY, "pyproject.toml", "setup.py", "setup.cfg")
SUFFIXES = (".py", ".ipynb")
NEVER_OURS = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"})
MOST_FILES = 4000  # of a project that are looked through
MOST_FOLDERS = 40  # in one, if that shall be a project
ALL_OF = "all of\0"
CALLERS_OF = "callers of\0"


def all_of(folder: str) -> str:
    """What stands for all files of the project that a folder is in, where something depends on them."""
    return ALL_OF + centre_of(folder)


def callers_are(file: str, callers: tuple[str, ...]) -> str:
    """What stands for the fact that these files, and no others, call functions of `file`."""
    return CALLERS_OF + "\0".join((file, *callers))


def centre_of_fact(fact: str) -> str | None:
    """Around which folder such a fact can change; None for the path of a file."""
    if fact.startswith(ALL_OF):
        return fact.removeprefix(ALL_OF)
    return centre_of(os.path.dirname(fact.split("\0")[1])) if fact.startswith(CALLERS_OF) else None


def file_and_callers(fact: str) -> tuple[str, tuple[str, ...]] | None:
    """What `callers_are` was told."""
    if not fact.startswith(CALLERS_OF):
        return None
    file, *callers = fact.removeprefix(CALLERS_OF).split("\0")
    return file, tuple(callers)


def centre_of(folder: str) -> str:
    """The folder around which the project of a folder lies: its root, or its outermost package, or itself."""
    root = project_root(folder, os.path.exists)
    if root is not None:
        return root
    parent = package_parent(folder, os.path.exists)
    return folder if parent == folder else os.path.join(parent, os.path.relpath(folder, parent).split(os.sep)[0])


def files_around(centre: str) -> tuple[str, ...]:
    """The source files of a project; what has no root takes in the files of the folder above, and what lies there."""
    if project_root(centre, os.path.exists) == centre:
        return tuple(islice(_python_files(centre, deep=True), MOST_FILES))
    is_package = package_parent(centre, os.path.exists) != centre
    inside = _python_files(centre, deep=True) if is_package else _loose_project(centre)
    return tuple(islice(dict.fromkeys((*inside, *_loose_project(os.path.dirname(centre)))), MOST_FILES))


def _loose_project(folder: str) -> Iterator[str]:
    """The source files of a folder, of the packages in it, and right in its other folders; not of other projects."""
    yield from _python_files(folder, deep=False)
    _, inner, _ = next(os.walk(folder), ("", [], []))
    if len(inner) > MOST_FOLDERS:
        return
    for name in sorted(inner):
        below = os.path.join(folder, name)
        if not (_is_never_ours(name) or any(os.path.exists(os.path.join(below, marker)) for marker in ROOT_MARKERS)):
            yield from _python_files(below, deep=_is_package(below, os.path.exists))


def project_root(folder: str, is_there: Callable[[str], bool]) -> str | None:
    """The nearest folder at or above this one that is the root of a project, if there is any.

    What lies within a package is none, as the `setup.py` of an extension; a package is one only where no other is.
    """
    outermost = None
    while os.path.dirname(folder) != folder:
        marker = next((one for one in ROOT_MARKERS if is_there(os.path.join(folder, one))), None)
        above = os.path.dirname(folder)
        if marker == REPOSITORY or (marker and not any(_is_package(one, is_there) for one in (folder, above))):
            return folder
        if marker and not _is_package(above, is_there):
            outermost = outermost or folder
        folder = above
    return outermost


def _is_package(folder: str, is_there: Callable[[str], bool]) -> bool:
    return is_there(os.path.join(folder, "__init__.py"))


def package_parent(folder: str, is_there: Callable[[str], bool]) -> str:
    """The folder that holds the outermost package that this folder is in; itself if it is no package."""
    while _is_package(folder, is_there) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _python_files(top: str, *, deep: bool) -> Iterator[str]:
    for folder, inner, names in os.walk(top):
        inner[:] = sorted(name for name in inner if deep and not _is_never_ours(name))
        yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(SUFFIXES))


def _is_never_ours(folder: str) -> bool:
    return folder in NEVER_OURS or folder.startswith(".")


def stamps(files: tuple[str, ...]) -> Iterator[str]:
    """The paths of files with what changes when anybody writes to them."""
    for file in files:
        try:
            stat = os.stat(file)
        except OSError:
            continue
        yield f"{file} {stat.st_size} {stat.st_mtime_ns}"
