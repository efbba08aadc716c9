"""What fixes would change, as a unified diff."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from optlint.linting.linter import read_document
from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_LINE_END = "\n\\ No newline at end of file\n"


def diff(path: str, before: bytes | str, after: bytes) -> Iterator[str]:
    """The lines of the diff; of a notebook, one diff for each cell that changes."""
    pairs = zip(read_document(before, path).texts(), read_document(after, path).texts(), strict=True)
    for (label, old), (_, new) in pairs:
        name = f"{path}:{label}" if label else path
        for line in unified_diff(_lines(old), _lines(new), name, name):
            yield line if line.endswith("\n") else line + NO_LINE_END


def _lines(text: str) -> list[str]:
    return [line for line in split_lines(text) if line]
