"""Diagnostics that are known and not reported: by file, rule and the text around, so they survive edits elsewhere."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from optlint.settings.config import ConfigError
from optlint.sources.edits import CannotEditError
from optlint.sources.writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from optlint.diagnostic import Diagnostic, Span

    Lines = Callable[[Span], Sequence[str]]
    LookedFor = Callable[["Entry"], bool]

VERSION = 1


class Entry(NamedTuple):
    """A known diagnostic: its file below the baseline's folder, its code, its line, and the lines around that."""

    path: str
    code: str
    line: str
    before: str
    after: str


class Compared(NamedTuple):
    """The diagnostics that are not in the baseline, how many are, and the entries that fit nothing any more."""

    new: list[Diagnostic]
    known: int
    gone: list[Entry]


class Baseline(NamedTuple):
    """The entries of one file."""

    path: str
    entries: tuple[Entry, ...] = ()

    @property
    def root(self) -> str:
        """The folder that its paths are relative to."""
        return os.path.dirname(os.path.abspath(self.path))

    def entry_of(self, diagnostic: Diagnostic, lines: Lines) -> Entry:
        """How a diagnostic would stand in it."""
        texts = [" ".join(line.split()) for line in lines(diagnostic.span)]
        at = diagnostic.span.row - 1
        before = next((text for text in reversed(texts[: max(0, at)]) if text), "")
        after = next((text for text in texts[at + 1 :] if text), "")
        path = self.path_of(diagnostic.span.filename)
        return Entry(path, diagnostic.code, texts[at] if at < len(texts) else "", before, after)

    def path_of(self, filename: str) -> str:
        """How a file is called in it."""
        return os.path.relpath(os.path.abspath(filename), self.root).replace(os.sep, "/")

    def compare(self, diagnostics: Iterable[Diagnostic], looked_for: LookedFor, lines: Lines) -> Compared:
        """Tell new diagnostics from known ones; an entry can be gone only where it was looked for."""
        remaining: dict[tuple[str, str, str], list[Entry]] = {}
        for entry in self.entries:
            remaining.setdefault(entry[:3], []).append(entry)
        found = [(diagnostic, self.entry_of(diagnostic, lines)) for diagnostic in diagnostics]
        new = found
        for likeness in (_same, _same_neighbour, _same_line):
            new = [pair for pair in new if not _take(pair[1], remaining.get(pair[1][:3], []), likeness)]
        left = [entry for group in remaining.values() for entry in group]
        gone = [entry for entry in left if looked_for(entry) or not self._exists(entry.path)]
        return Compared([diagnostic for diagnostic, _ in new], len(found) - len(new), gone)

    def without(self, gone: Iterable[Entry]) -> Baseline:
        """The baseline after these entries were taken out, each once."""
        remaining = list(self.entries)
        for entry in gone:
            remaining.remove(entry)
        return self._replace(entries=tuple(remaining))

    def rewritten(self, diagnostics: Iterable[Diagnostic], looked_for: LookedFor, lines: Lines) -> Baseline:
        """The baseline with what was found, and as it was where nothing was looked for."""
        others = [one for one in self.entries if not looked_for(one) and self._exists(one.path)]
        found = [self.entry_of(diagnostic, lines) for diagnostic in diagnostics]
        return self._replace(entries=tuple(sorted([*others, *found])))

    def write(self) -> None:
        """Write the file, one entry after the other, so that versions can be compared and merged."""
        document = {"version": VERSION, "diagnostics": [entry._asdict() for entry in self.entries]}
        try:
            write_atomically(self.path, (json.dumps(document, indent=1, ensure_ascii=True) + "\n").encode())
        except (OSError, CannotEditError) as error:
            reason = error.strerror if isinstance(error, OSError) else error  # in words, without the name of our copy
            raise ConfigError(f"{self.path}: cannot be written: {reason}") from None

    def _exists(self, path: str) -> bool:
        return os.path.exists(os.path.join(self.root, path))


def read_baseline(path: str) -> Baseline:
    """The baseline in a file; `ConfigError` if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if document["version"] != VERSION:
            raise ConfigError(f"{path}: written by another version of optlint, run `optlint baseline write`")
        return Baseline(path, tuple(map(_entry, document["diagnostics"])))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such baseline, `optlint baseline write` makes one") from None
    except OSError as error:
        raise ConfigError(f"{path}: the baseline cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{path}: not a baseline, run `optlint baseline write`") from None


def _entry(record: dict[str, Any]) -> Entry:
    entry = Entry(**record)
    if not all(isinstance(value, str) for value in entry):
        raise TypeError("an entry is made of strings")
    return entry


def _take(entry: Entry, remaining: list[Entry], like: Callable[[Entry, Entry], bool]) -> bool:
    """Whether there was an entry like this one, which is now used up."""
    for index, other in enumerate(remaining):
        if like(entry, other):
            del remaining[index]
            return True
    return False


def _same(one: Entry, other: Entry) -> bool:
    return one == other


def _same_neighbour(one: Entry, other: Entry) -> bool:
    return one.before == other.before or one.after == other.after


def _same_line(one: Entry, other: Entry) -> bool:
    return one.line == other.line
