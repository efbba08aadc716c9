"""A source file as bytes, as the text that is linted, and with edits applied; every other byte stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from optlint.sources.decoding import decode, encoding_of
from optlint.sources.edits import CannotEditError, edited, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from optlint.diagnostic import Edit, Span


class Document(Protocol):
    """What the linter and fixes need to know of a file; spans within it count rows of `code`."""

    @property
    def code(self) -> str:
        """The Python source to lint."""

    def edited(self, edits: Iterable[Edit]) -> Document:
        """The document after these edits, whose spans count rows of `code`."""

    def data(self) -> bytes:
        """The bytes to write; `CannotEditError` if the rest of the file would not stay as it was."""

    def place(self, span: Span) -> Span:
        """A span of `code` as a span of the file: the same, or one of a notebook's cell."""

    def texts(self) -> Sequence[tuple[str, str]]:
        """The parts of the file as the user wrote them, each with its label; a plain file has one, without a label."""

    @property
    def cells(self) -> Sequence[tuple[int, str]]:
        """Parts that can be parsed alone, each with the row of `code` that it begins on; none if there is but one."""

    def without(self, cells: Iterable[int]) -> Document:
        """The document with the cells at these indexes hidden from the parser."""


class PythonFile:
    """A Python source file."""

    def __init__(self, source: bytes | str) -> None:
        """May raise `NotAnalysedError`."""
        self._source = source
        self._code = decode(source) if isinstance(source, bytes) else source

    @property
    def code(self) -> str:
        """Its text."""
        return self._code

    def edited(self, edits: Iterable[Edit]) -> PythonFile:
        """The file after these edits, whose line ends become those of the file."""
        line_end = _line_end(self._code)
        fitting = [edit._replace(content=edit.content.replace("\n", line_end)) for edit in edits]
        changed = PythonFile(edited(split_lines(self._code), fitting))
        changed._source = self._source
        return changed

    def data(self) -> bytes:
        """The text in the encoding that the file had."""
        if isinstance(self._source, str):
            return self._code.encode()
        encoding = encoding_of(self._source)
        try:
            if decode(self._source).encode(encoding) != self._source:
                raise CannotEditError(f"its encoding, {encoding}, does not bring back the same bytes")
            return self._code.encode(encoding)
        except UnicodeEncodeError:
            raise CannotEditError(f"the new text cannot be written in its encoding, {encoding}") from None

    def place(self, span: Span) -> Span:
        """The span itself."""
        return span

    def texts(self) -> Sequence[tuple[str, str]]:
        """The whole text."""
        return (("", self._code),)

    @property
    def cells(self) -> Sequence[tuple[int, str]]:
        """None."""
        return ()

    def without(self, cells: Iterable[int]) -> PythonFile:
        """The file itself."""
        return self


def _line_end(code: str) -> str:
    """How the lines of a text end; `CannotEditError` where a lone carriage return does it."""
    unix = code.replace("\r\n", "\n")
    if "\r" in unix:
        raise CannotEditError("it has lines that end with a carriage return alone")
    return "\r\n" if "\r\n" in code else "\n"
