"""Walking through folders: what is excluded or ignored by git is left out, links to folders are not followed."""

from __future__ import annotations

import os

from optlint.discovery.found import SourceFile
from optlint.named_tuple import NamedTuple
from optlint.settings.config import FILE_NAMES as CONFIG_NAMES
from optlint.settings.config import Config
from optlint.settings.patterns import Patterns, relative_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.discovery.found import Excluding
    from optlint.settings.config import Configs

EXTENSIONS = (".py", ".pyi", ".ipynb")


class Rooted(NamedTuple):
    """Patterns and the folder that they are relative to."""

    root: str
    patterns: Patterns

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """What the patterns say of this very path, which is absolute."""
        return self.patterns.verdict(relative_path(path, self.root), is_folder)

    def covers(self, path: str) -> bool:
        """Whether the file or a folder above it is ignored."""
        return self.patterns.covers(relative_path(path, self.root))


class _Walk(NamedTuple):
    """What does not change from folder to folder."""

    configs: Configs
    excluding: Excluding


class _Scope(NamedTuple):
    """What holds in a folder: its configuration, what that excludes, and the .gitignore files above."""

    config: Config
    excluded: tuple[Rooted, ...]
    ignored: tuple[Rooted, ...] = ()

    def leaves_out(self, path: str, is_folder: bool) -> bool:
        return _verdict(self.excluded, path, is_folder) or _verdict(self.ignored, path, is_folder)


def walk(folder: str, configs: Configs, excluding: Excluding) -> Iterator[SourceFile]:
    """The source files in a folder that the user named, whose own name excludes nothing."""
    absolute = os.path.abspath(folder)
    config = configs.of_folder(os.path.dirname(absolute))
    scope = _Scope(config, excluded(config, excluding), _ignored_above(absolute))
    yield from _files_in(folder, absolute, scope, _Walk(configs, excluding))


def excluded(config: Config, excluding: Excluding) -> tuple[Rooted, Rooted]:
    """What the command line leaves out, and what the configuration does."""
    configured = Patterns((*config.exclude, *config.extend_exclude))
    return Rooted(os.getcwd(), Patterns(excluding.patterns)), Rooted(config.root, configured)


def _files_in(folder: str, absolute: str, scope: _Scope, walk: _Walk) -> Iterator[SourceFile]:
    """The files in a folder, known to the user and to the patterns by these two paths."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=_name)
    except OSError as error:
        yield SourceFile(folder, scope.config, True, error.strerror)
        return
    scope = _scope_within(absolute, {entry.name for entry in entries}, scope, walk)
    for entry in entries:
        path, inner = entry.path.removeprefix("." + os.sep), os.path.join(absolute, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if not scope.leaves_out(inner, True):
                yield from _files_in(path, inner, scope, walk)
        elif entry.name.endswith(EXTENSIONS) and _is_file(entry) and not scope.leaves_out(inner, False):
            yield SourceFile(path, scope.config)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a regular file, or a link that leads to one."""
    try:
        return entry.is_file()
    except OSError:  # links that lead to each other
        return False


def _scope_within(folder: str, names: set[str], scope: _Scope, walk: _Walk) -> _Scope:
    """What holds in a folder with these names in it, whose parent has `scope`."""
    if names.intersection(CONFIG_NAMES):
        config = walk.configs.of_folder(folder)
        scope = scope._replace(config=config, excluded=excluded(config, walk.excluding))
    if ".git" in names:
        scope = scope._replace(ignored=())
    if ".gitignore" in names:
        scope = scope._replace(ignored=(*_gitignore(folder), *scope.ignored))
    return scope


def _ignored_above(folder: str) -> tuple[Rooted, ...]:
    """The .gitignore files between a folder and the root of the repository that it lies in."""
    found: list[Rooted] = []
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return ()  # no repository
        found += _gitignore(above)
        folder = above
    return tuple(found)


def _gitignore(folder: str) -> Iterator[Rooted]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
            yield Rooted(folder, Patterns(file))
    except OSError:
        return


def _verdict(rooted: tuple[Rooted, ...], path: str, is_folder: bool) -> bool:
    """The word of the first that says anything."""
    verdicts = (one.verdict(path, is_folder) for one in rooted)
    return next((verdict for verdict in verdicts if verdict is not None), False)
