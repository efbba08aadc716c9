"""What the files of a project import of it, as it is written there.

The imports of all files are read by a regular expression, once for a run, and not parsed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

IMPORT = re.compile(rb"import[ \t]+")  # that it begins with a word makes it fast to look for
BEFORE = re.compile(rb"[ \t]*(?:from[ \t]+([.\w]+)[ \t]+)?")  # on the same line
NAMES = re.compile(rb"\([^)]*\)|(?:[^\n#\\]|\\\n)*")
MODULES = re.compile(rb"[\w., \t]*")
RENAMED = re.compile(r"\s+as\s+\w+|#[^\n]*|[()\\]")
MAKES = (b"optimizer", b"Optimizer", b".parameters(", b"requires_grad")  # what a file says that has something to give
OPTIM = re.compile(rb"optim(?<!\woptim)\b")


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
class WrittenImports:
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
        self.files[file] = Importer(imports, _makes(data))
        for word in {word for one in imports for word in (one.module.rpartition(".")[2], *one.names)}:
            self.by_word.setdefault(word, []).append(file)

    def _own(self, imports: Iterable[Imported]) -> Iterator[Imported]:
        """Those that may mean a module of the project, with the names that may do so."""
        for one in imports:
            names = tuple(name for name in one.names if name in self.modules)
            if one.level or one.module.partition(".")[0] in self.modules:
                yield Imported(one.module, one.level, names)


def imports_in(files: Iterable[str], read: Callable[[str], bytes | None]) -> WrittenImports:
    """What these files of a project import of each other; `read` gives the bytes of each, None if it has none."""
    modules = {part for file in files for part in os.path.splitext(file)[0].split(os.sep)}
    known = WrittenImports(frozenset(modules))
    for file in files:
        known.add(file, read(file) or b"")
    return known


def _makes(data: bytes) -> bool:
    """Whether a file with these bytes may make what others train."""
    return any(word in data for word in MAKES) or OPTIM.search(data) is not None


def _imports(data: bytes) -> Iterator[Imported]:
    for found in IMPORT.finditer(data):
        line = data.rfind(b"\n", 0, found.start()) + 1
        before = BEFORE.fullmatch(data, line, found.start())
        if before is not None:
            yield from _imported(before[1], data, found.end())


def _imported(module: bytes | None, data: bytes, start: int) -> Iterator[Imported]:
    """What an import takes out of a module, or which modules it imports: their names stand from `start` on."""
    names = NAMES if module is not None else MODULES
    found = names.match(data, start)
    plain = _plain(found[0]) if found is not None else ()
    if module is None:
        yield from (Imported(name, 0, ()) for name in plain)
    else:
        dotted = module.decode("utf-8", "replace")
        bare = dotted.lstrip(".")
        yield Imported(bare, len(dotted) - len(bare), tuple(plain))


def _plain(names: bytes) -> Iterator[str]:
    """Names without what they are renamed to."""
    text = RENAMED.sub(" ", names.decode("utf-8", "replace"))
    return (name for part in text.split(",") if (name := part.strip()))
