"""Results of earlier runs: by what was in a file, what it was judged by, and what else the judgement depends on.

If a run asks for many files, one that nobody has written to since, by the clock of its file system, is not read again.
One line a file, with JSON only for what most files do not have: importing `json` would cost more than all else. Each
program and selection of rules has results of its own, so that a commit hook and a terminal do not take turns to forget.
"""

from __future__ import annotations

import os
import sys
from time import time_ns

from optlint.batch.digests import digest
from optlint.named_tuple import NamedTuple
from optlint.sources.regular import bytes_of
from optlint.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.files.project import Project
    from optlint.settings.config import Config
    from optlint.settings.selection import Selection

FOLDER = ".optlint_cache"
PREFIX = "results-"
MARKS = {".gitignore": "*\n", "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"}
MOST_PROGRAMS = 8  # whose results are kept
SETTLED = 2_000_000_000  # nanoseconds, after which another change would show in the times of a file
MOST_STRANGERS = 2  # entries that may stay for each one that a run has used, before files that are gone are looked for


class Entry(NamedTuple):
    """What is known of a file: digests of its bytes and of its judge, two pieces of JSON or nothing, and its times."""

    content: str
    judge: str
    others: str
    diagnostics: str
    stamp: str


class Cache:
    """The results in one file; it is written only if something new has come, and at once."""

    def __init__(self, folder: str, selection: Selection) -> None:
        self._here = os.getcwd()
        self._program = digest(f"{_program()} {selection!r}".encode("utf-8", "surrogatepass"))
        self._path = os.path.join(folder, FOLDER, f"{PREFIX}{self._program}.txt")
        self._entries = _read(self._path, self._program)
        self._used: set[str] = set()
        self._is_new = False
        self._digests = _Digests()
        self._stamps: dict[str, str] = {}
        self._judges: dict[Config, str] = {}
        self._project: Project | None = None

    def unread(self, path: str, config: Config, named: bool) -> tuple[Diagnostic, ...] | None:
        """What was found in a file, if nobody has written to it since; to be asked before the file is read."""
        key = self._key(path, named)
        stamp = self._stamps[key] = _stamp(path)
        entry = self._entries.get(key)
        return self._found(key, entry, path, config) if entry and stamp and entry.stamp == stamp else None

    def get(self, path: str, content: str, config: Config, named: bool) -> tuple[Diagnostic, ...] | None:
        """What was found in a file whose bytes have this digest, if it is known and still holds."""
        key = self._key(path, named)
        entry = self._entries.get(key)
        if entry is None or entry.content != content:
            return None
        found = self._found(key, entry, path, config)
        stamp = self._stamps.get(key)
        if found is not None and stamp and stamp != entry.stamp:
            self._entries[key] = entry._replace(stamp=stamp)
            self._is_new = True
        return found

    def _found(self, key: str, entry: Entry, path: str, config: Config) -> tuple[Diagnostic, ...] | None:
        if entry.judge != self._judge(config) or (entry.others and not self._still_holds(key, entry)):
            return None
        self._used.add(key)
        return _diagnostics(entry.diagnostics, path)

    def put(
        self, path: str, content: str, config: Config, named: bool, found: Iterable[Diagnostic], others: Iterable[str]
    ) -> None:
        """Keep what was found in a file; `others` are the paths that this depends on."""
        key = self._key(path, named)
        if not key.isprintable():
            return
        depends = {other: self._digests[other] for other in others}
        said = _json(_records(found, path))
        self._entries[key] = Entry(content, self._judge(config), _json(depends), said, self._stamps.get(key, ""))
        self._used.add(key)
        self._is_new = True

    def save(self) -> None:
        """Write what is new; a cache that cannot be written is none."""
        if not self._is_new:
            return
        from optlint.sources.writing import write_atomically

        if len(self._entries) > (MOST_STRANGERS + 1) * len(self._used) + 1000:
            self._entries = {key: entry for key, entry in self._entries.items() if os.path.exists(key[1:])}
        body = "".join("\t".join((key, *entry)) + "\n" for key, entry in self._entries.items()).encode()
        try:
            _make_folder(os.path.dirname(self._path))
            write_atomically(self._path, f"{self._program} {digest(body)}\n".encode() + body)
            _forget_old(os.path.dirname(self._path))
        except OSError:
            return
        self._is_new = False

    def _key(self, path: str, named: bool) -> str:
        """How a file is called here: of one that the user named more is said."""
        return f"{'+' if named else '-'}{os.path.join(self._here, path)}"

    def _judge(self, config: Config) -> str:
        """A digest of the configuration that a file is judged by."""
        if config not in self._judges:
            self._judges[config] = digest(repr(config).encode("utf-8", "surrogatepass"))
        return self._judges[config]

    def _still_holds(self, key: str, entry: Entry) -> bool:
        """Whether what a result depends on is as it was; what is so in spite of a change is noted."""
        import json

        others: dict[str, str | None] = json.loads(entry.others)
        changed = {other for other, known in others.items() if self._digests[other] != known}
        if not all(map(self._has_same_callers, changed)):
            return False
        if changed:
            others |= {other: self._digests[other] for other in changed}
            self._entries[key] = entry._replace(others=_json(others))
            self._is_new = True
        return True

    def _has_same_callers(self, fact: str) -> bool:
        from optlint.flow.files.around import file_and_callers

        known = file_and_callers(fact)
        if known is None:
            return False
        from optlint.flow.files.importers import callers_of
        from optlint.flow.files.project import Project

        self._project = self._project or Project()
        return callers_of(self._project, known[0]) == known[1]


class _Digests(dict[str, "str | None"]):
    """Of a file its content; of what is so for many files at once their names, sizes and times. Each is read once."""

    def __init__(self) -> None:
        self._around: dict[str, str] = {}

    def __missing__(self, fact: str) -> str | None:
        from optlint.flow.files.around import centre_of_fact

        centre = centre_of_fact(fact)
        if centre is None:
            found = self[fact] = _digest_of(fact)
            return found
        if centre not in self._around:
            self._around[centre] = _digest_around(centre)
        self[fact] = self._around[centre]
        return self[fact]


def cache_folder(start: str) -> str:
    """Where the cache of a run in this folder lies: where the configuration or the repository is, or right there."""
    folder = start
    while True:
        names = ("optlint.toml", "pyproject.toml", ".git")
        if any(os.path.exists(os.path.join(folder, name)) for name in names):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return start
        folder = above


def _digest_of(path: str) -> str | None:
    """Of the content of a file; None if it is gone. Of a folder: that it is there."""
    if os.path.isdir(path):
        return ""
    data = bytes_of(path)
    return None if data is None else digest(data)


def _digest_around(centre: str) -> str:
    from optlint.flow.files.around import files_around, stamps

    return digest("\n".join(stamps(files_around(centre))).encode("utf-8", "surrogatepass"))


def _program() -> str:
    """Everything but files and configuration that a result depends on: our own code, Python, and what is installed."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    installed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    parts = [__version__, sys.version, *sys.path[1:], *(str(_changed(path)) for path in installed)]
    parts += [f"{path} {_changed(path)}" for path in _own_modules(folder)]
    return digest("\n".join(parts).encode("utf-8", "surrogatepass"))


def _own_modules(folder: str) -> Iterator[str]:
    for part in ("flow", "checks", "linting", "sources", "fixes", "settings", "batch", "discovery"):
        for inner, _, names in os.walk(os.path.join(folder, part)):
            yield from sorted(os.path.join(inner, name) for name in names if name.endswith(".py"))
    if os.path.isdir(folder):  # and not in a zip
        yield from sorted(entry.path for entry in os.scandir(folder) if entry.name.endswith(".py"))


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _read(path: str, program: str) -> dict[str, Entry]:
    """The entries that this program has written; none if the file is absent, broken or of another program."""
    try:
        with open(path, "rb") as file:
            head, _, body = file.read().partition(b"\n")
    except OSError:
        return {}
    if head != f"{program} {digest(body)}".encode():
        return {}
    rows = (line.split("\t") for line in body.decode().splitlines())
    return {key: Entry(*fields) for key, *fields in rows}


def _stamp(path: str) -> str:
    """What changes when anybody writes to a file; nothing if it was written to a moment ago."""
    try:
        stat = os.stat(path)
    except OSError:
        return ""
    written, changed = stat.st_mtime_ns, stat.st_ctime_ns
    if max(written, changed) > time_ns() - SETTLED:
        return ""
    return f"{written} {changed} {stat.st_size} {stat.st_ino}"


def _json(value: dict[str, str | None] | list[list[object]]) -> str:
    if not value:
        return ""
    import json

    return json.dumps(value, separators=(",", ":"))


def _records(found: Iterable[Diagnostic], path: str) -> list[list[object]]:
    diagnostics = list(found)
    if not diagnostics:
        return []
    from optlint.batch.records import record_of

    return [record_of(diagnostic, path) for diagnostic in diagnostics]


def _diagnostics(records: str, path: str) -> tuple[Diagnostic, ...]:
    if not records:
        return ()
    import json

    from optlint.batch.records import diagnostic_of

    return tuple(diagnostic_of(record, path) for record in json.loads(records))


def is_ours(name: str) -> bool:
    """Whether a file of this name in the cache's folder was made by us."""
    return name in MARKS or name.startswith((PREFIX, ".optlint-"))


def _forget_old(folder: str) -> None:
    """Remove the results of programs that are used no more."""
    names = [entry.path for entry in os.scandir(folder) if entry.name.startswith(PREFIX)]
    for path in sorted(names, key=_changed)[:-MOST_PROGRAMS]:
        os.unlink(path)


def _make_folder(folder: str) -> None:
    """Make the cache's folder, which git and backups shall leave alone."""
    if os.path.isdir(folder):
        return
    os.makedirs(folder, exist_ok=True)
    for name, text in MARKS.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
