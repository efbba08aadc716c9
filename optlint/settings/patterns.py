"""Path patterns as in .gitignore: the last one that matches wins, `!` lets back in."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SPECIAL = frozenset("*?[\\/")
_PARTS = re.compile(
    r"(?P<deep>(?:^|(?<=/))\*{2,}(?:/|$))|(?P<star>\*+)|(?P<one>\?)|(?P<set>\[[!^]?\]?[^\]]*\])|\\?(?P<char>.)", re.S
)


class _Run(NamedTuple):
    """Neighbouring patterns of the same sign, as one test."""

    ignores: bool
    any_kind: _Matcher
    folders: _Matcher

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        return self.any_kind.matches(path, name) or (is_folder and self.folders.matches(path, name))


class _Matcher(NamedTuple):
    names: frozenset[str]  # plain names need no regular expression, and most patterns are such
    regex: re.Pattern[str] | None

    def matches(self, path: str, name: str) -> bool:
        return name in self.names or bool(self.regex and self.regex.match(path))


class _Pattern(NamedTuple):
    ignores: bool
    folders_only: bool
    name: str | None  # set where the pattern is a plain name
    regex: str = ""


class Patterns:
    """Compiled patterns; paths are relative to the folder that the patterns stand for, with `/`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._runs = tuple(_runs([pattern for line in lines if (pattern := _read(line))]))[::-1]

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether this very path is ignored; None where no pattern says anything."""
        name = path.rpartition("/")[2]
        return next((run.ignores for run in self._runs if run.matches(path, name, is_folder)), None)

    def covers(self, path: str) -> bool:
        """Whether the file at `path` or any folder above it is ignored."""
        folders = (path[: at.start()] for at in re.finditer("/", path))
        return any(self.verdict(folder, True) for folder in folders) or bool(self.verdict(path, False))


def relative_path(path: str, root: str) -> str:
    """`path` as patterns see it; outside of `root` only patterns that hold at any depth can match it."""
    prefix = root if root.endswith(os.sep) else root + os.sep
    return path.removeprefix(prefix).replace(os.sep, "/").lstrip("/")


def _read(line: str) -> _Pattern | None:
    line = re.sub(r"(?<!\\) +$", "", line.rstrip("\r\n"))
    if not line or line.startswith("#"):
        return None
    ignores = not line.startswith("!")
    body = line if ignores else line[1:]
    path = body.rstrip("/")
    if not path:
        return None
    anchored = "/" in path
    if not anchored and not _SPECIAL.intersection(path):
        return _Pattern(ignores, body.endswith("/"), path)
    prefix = "" if anchored else "(?:.*/)?"
    regex = prefix + "".join(map(_regex, _PARTS.finditer(path.removeprefix("/"))))
    return _Pattern(ignores, body.endswith("/"), None, regex)


def _regex(part: re.Match[str]) -> str:
    if part["deep"]:
        return "(?:.*/)?" if part["deep"].endswith("/") else ".*"
    if part["star"]:
        return "[^/]*"
    if part["one"]:
        return "[^/]"
    if part["set"]:
        inside = part["set"][1:-1]
        negated = inside[:1] in ("!", "^")
        listed = inside[negated:].replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"(?!/)[{'^' * negated}{listed}]"
    return re.escape(part["char"])


def _runs(patterns: list[_Pattern]) -> Iterator[_Run]:
    first = 0
    for index in range(1, len(patterns) + 1):
        if index == len(patterns) or patterns[index].ignores != patterns[first].ignores:
            yield _run(patterns[first:index])
            first = index


def _run(patterns: list[_Pattern]) -> _Run:
    any_kind = [pattern for pattern in patterns if not pattern.folders_only]
    folders = [pattern for pattern in patterns if pattern.folders_only]
    return _Run(patterns[0].ignores, _matcher(any_kind), _matcher(folders))


def _matcher(patterns: list[_Pattern]) -> _Matcher:
    names = frozenset(pattern.name for pattern in patterns if pattern.name)
    return _Matcher(names, _any_of([pattern.regex for pattern in patterns if not pattern.name]))


def _any_of(regexes: list[str]) -> re.Pattern[str] | None:
    """One regular expression for all; a malformed set such as `[z-a]` matches nothing."""
    if not regexes:
        return None
    try:
        return re.compile("|".join(f"(?:{regex})\\Z" for regex in regexes), re.DOTALL)
    except re.error:
        return _any_of([regex for regex in regexes if _compiles(regex)])


def _compiles(regex: str) -> bool:
    try:
        re.compile(regex)
    except re.error:
        return False
    return True
