"""Which files to check: what the user named, and what lies in the folders that they named."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from optlint.config import FILE_NAMES as CONFIG_NAMES
from optlint.config import Config, Configs
from optlint.patterns import Patterns, relative_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXTENSIONS = (".py", ".pyi")


class SourceFile(NamedTuple):
    """A file to check, with the configuration that holds for it; `trouble` says why it cannot be read."""

    path: str
    config: Config
    named: bool = False  # by the user, rather than found in a folder
    trouble: str | None = None
    data: bytes | None = None  # where the source is in no file


class Missing(NamedTuple):
    """A path that the user named and that does not exist."""

    path: str


class Excluding(NamedTuple):
    """The command line's word on what to leave out; `force` holds for named files too."""

    patterns: tuple[str, ...] = ()
    force: bool = False


class _Scope(NamedTuple):
    """What holds in a folder: its configuration, what that excludes, and the .gitignore files above."""

    config: Config
    excluded: tuple[_Rooted, ...]
    ignored: tuple[_Rooted, ...] = ()

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        return _verdict(self.excluded, path, is_folder) or _verdict(self.ignored, path, is_folder)


class _Walk(NamedTuple):
    """What does not change from folder to folder."""

    configs: Configs
    excluding: Excluding


class _Rooted(NamedTuple):
    """Patterns and the folder that they are relative to."""

    root: str
    patterns: Patterns

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        return self.patterns.verdict(relative_path(path, self.root), is_folder)

    def covers(self, path: str) -> bool:
        return self.patterns.covers(relative_path(path, self.root))


def find_files(paths: Iterable[str], configs: Configs, excluding: Excluding) -> Iterator[SourceFile | Missing]:
    """The files to check in the order of `paths`, folders by name, each file once."""
    seen: set[str] = set()
    for path in paths:
        for found in _find(path, configs, excluding):
            absolute = os.path.abspath(found.path)
            if absolute not in seen:
                seen.add(absolute)
                yield found


def given_file(name: str, data: bytes, configs: Configs, excluding: Excluding) -> Iterator[SourceFile]:
    """Source that was read from stdin, unless it is excluded by the name that it shall have."""
    config = configs.of_file(name)
    if not (excluding.force and _is_excluded(name, config, excluding)):
        yield SourceFile(name, config, True, data=data)


def _find(path: str, configs: Configs, excluding: Excluding) -> Iterator[SourceFile | Missing]:
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        yield Missing(path)
        return
    except (OSError, ValueError) as error:
        yield SourceFile(path, Config(), True, getattr(error, "strerror", None) or str(error))
        return
    if stat.S_ISDIR(mode):
        absolute = os.path.abspath(path)
        yield from _walk(path, absolute, _scope_above(absolute, configs, excluding), _Walk(configs, excluding))
    else:
        config = configs.of_file(path)
        if not (excluding.force and _is_excluded(path, config, excluding)):
            yield SourceFile(path, config, True, None if stat.S_ISREG(mode) else "not a regular file")


def _walk(folder: str, absolute: str, scope: _Scope, walk: _Walk) -> Iterator[SourceFile]:
    """The files in a folder, known to the user and to the patterns by these two paths."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=_name)
    except OSError as error:
        yield SourceFile(folder, scope.config, True, error.strerror)
        return
    scope = _scope_within(absolute, {entry.name for entry in entries}, scope, walk)
    for entry in entries:
        path, inner = _tidy(entry.path), os.path.join(absolute, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if not scope.leaves_out(inner, True):
                yield from _walk(path, inner, scope, walk)
        elif entry.name.endswith(EXTENSIONS) and entry.is_file() and not scope.leaves_out(inner, False):
            yield SourceFile(path, scope.config)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _scope_above(folder: str, configs: Configs, excluding: Excluding) -> _Scope:
    """What holds above a folder that the user named, whose own name excludes nothing."""
    config = configs.of_folder(os.path.dirname(folder))
    return _Scope(config, _excluded(config, excluding), _ignored_above(folder))


def _scope_within(folder: str, names: set[str], scope: _Scope, walk: _Walk) -> _Scope:
    """What holds in a folder with these names in it, whose parent has `scope`."""
    if names.intersection(CONFIG_NAMES):
        config = walk.configs.of_folder(folder)
        scope = scope._replace(config=config, excluded=_excluded(config, walk.excluding))
    if ".git" in names:
        scope = scope._replace(ignored=())
    if ".gitignore" in names:
        scope = scope._replace(ignored=(*_gitignore(folder), *scope.ignored))
    return scope


def _ignored_above(folder: str) -> tuple[_Rooted, ...]:
    """The .gitignore files between a folder and the root of the repository that it lies in."""
    found: list[_Rooted] = []
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return ()  # no repository
        found += _gitignore(above)
        folder = above
    return tuple(found)


def _gitignore(folder: str) -> Iterator[_Rooted]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
            yield _Rooted(folder, Patterns(file))
    except OSError:
        return


def _excluded(config: Config, excluding: Excluding) -> tuple[_Rooted, ...]:
    configured = _Rooted(config.root, Patterns((*config.exclude, *config.extend_exclude)))
    return (_Rooted(os.getcwd(), Patterns(excluding.patterns)), configured)


def _is_excluded(path: str, config: Config, excluding: Excluding) -> bool:
    return any(rooted.covers(os.path.abspath(path)) for rooted in _excluded(config, excluding))


def _verdict(rooted: tuple[_Rooted, ...], path: str, is_folder: bool) -> bool:
    """The word of the first that says anything."""
    verdicts = (one.verdict(path, is_folder) for one in rooted)
    return next((verdict for verdict in verdicts if verdict is not None), False)


def _tidy(path: str) -> str:
    return path.removeprefix("." + os.sep)
