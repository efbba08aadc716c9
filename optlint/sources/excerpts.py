"""The lines of files that diagnostics point into, read when a report shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from optlint.sources.decoding import NotAnalysedError, decode
from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optlint.diagnostic import Span


class Excerpts:
    """Reads each file once; `given` are texts that are in no file, such as that of stdin."""

    def __init__(self, given: Mapping[str, bytes | str] | None = None) -> None:
        self._given = dict(given or {})
        self._lines: dict[tuple[str, int | None], Sequence[str]] = {}

    def lines(self, span: Span) -> Sequence[str]:
        """The lines of the file that the span lies in; none if it cannot be read any more."""
        key = span.filename, span.cell
        if key not in self._lines:
            self._lines[key] = self._read(*key)
        return self._lines[key]

    def _read(self, filename: str, cell: int | None) -> Sequence[str]:
        try:
            data = self._given[filename] if filename in self._given else _bytes(filename)
            return _lines(data, cell)
        except (OSError, NotAnalysedError):
            return ()


def _lines(data: bytes | str, cell: int | None) -> Sequence[str]:
    if cell is not None:
        from optlint.sources.notebook import read_notebook

        return read_notebook(data).lines(cell)
    if isinstance(data, str):
        return split_lines(data)
    try:
        return split_lines(decode(data))
    except NotAnalysedError:
        return split_lines(data.decode("utf-8", "replace"))


def _bytes(filename: str) -> bytes:
    if not os.path.isfile(filename):  # to read from a pipe might take for ever
        raise FileNotFoundError(filename)
    with open(filename, "rb") as file:
        return file.read()
