"""The lines of files that diagnostics point into, read when a report shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from optlint.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optlint.diagnostic import Span


class Excerpts:
    """Reads each file once; `given` are texts that are in no file, such as that of stdin."""

    def __init__(self, given: Mapping[str, bytes | str] | None = None) -> None:
        self._given = dict(given or {})
        self._lines: dict[str, Sequence[str]] = {}

    def lines(self, span: Span) -> Sequence[str]:
        """The lines of the file that the span lies in; none if it cannot be read any more."""
        if span.filename not in self._lines:
            self._lines[span.filename] = self._read(span.filename)
        return self._lines[span.filename]

    def _read(self, filename: str) -> Sequence[str]:
        from optlint.decoding import NotAnalysedError, decode

        try:
            data = self._given[filename] if filename in self._given else _bytes(filename)
        except OSError:
            return ()
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
