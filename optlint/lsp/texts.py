"""The text of a document as an editor edits it: positions count code units, edits are applied one by one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lsprotocol.types import TextDocumentContentChangeEvent

UTF_8, UTF_16, UTF_32 = ENCODINGS = ("utf-8", "utf-16", "utf-32")  # what a position may count


@dataclass(frozen=True)
class Text:
    """A text; lines and columns are 0-based, columns count units of an encoding wherever one is asked for."""

    content: str

    @cached_property
    def lines(self) -> Sequence[str]:
        """The lines with their ends: `\\n`, `\\r\\n` or `\\r`, nothing else ends one."""
        return split_lines(self.content)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(map(len, self.lines))]

    def line(self, index: int) -> str:
        """The line without its end; an empty one beyond the last."""
        return self.lines[index].rstrip("\r\n") if index < len(self.lines) else ""

    def units(self, index: int, column: int, encoding: str) -> int:
        """How many units of an encoding stand before the code point at `column`."""
        line = self.line(index)
        return min(column, len(line)) if line.isascii() else units(line[:column], encoding)

    def column(self, index: int, count: int, encoding: str) -> int:
        """The code point before which `count` units stand; one that they cut through begins there."""
        line = self.line(index)
        return min(count, len(line)) if line.isascii() else len(_cut(line, count, encoding)[0])

    def changed(self, change: TextDocumentContentChangeEvent, encoding: str) -> Text:
        """The text after one change: of a range, or of all."""
        place = getattr(change, "range", None)
        if place is None:
            return Text(_paired(change.text))
        before, _ = self._halves(place.start.line, place.start.character, encoding)
        _, after = self._halves(place.end.line, place.end.character, encoding)
        return Text(_paired(before + change.text + after))

    def changed_by(self, changes: Iterable[TextDocumentContentChangeEvent], encoding: str) -> Text:
        """The text after these changes, each of which means the text after the one before it."""
        text = self
        for change in changes:
            text = text.changed(change, encoding)
        return text

    def _halves(self, index: int, count: int, encoding: str) -> tuple[str, str]:
        """What stands before a position and after it; one that is beyond the end of a line or text means that end."""
        if index >= len(self.lines):
            return self.content, ""
        start, line = self._starts[index], self.line(index)
        before, after = _cut(line, count, encoding)
        return self.content[:start] + before, after + self.content[start + len(line) :]


def units(text: str, encoding: str) -> int:
    """How many units of an encoding a text takes."""
    if encoding == UTF_32 or text.isascii():
        return len(text)
    if encoding == UTF_8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(character > "\uffff" for character in text)


def _cut(line: str, count: int, encoding: str) -> tuple[str, str]:
    """The line in two, after so many units; in UTF-16 the cut may go through a character, as it does in the editor."""
    if encoding == UTF_32 or line.isascii():
        return line[:count], line[count:]
    if encoding == UTF_16:
        data = line.encode("utf-16-le", "surrogatepass")
        halves = data[: 2 * count], data[2 * count :]
        return halves[0].decode("utf-16-le", "surrogatepass"), halves[1].decode("utf-16-le", "surrogatepass")
    sizes = accumulate(len(character.encode("utf-8", "surrogatepass")) for character in line)
    at = sum(size <= count for size in sizes)
    return line[:at], line[at:]


def _paired(text: str) -> str:
    """Two halves of a character that an edit brought together are that character, as they are in the editor."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text
