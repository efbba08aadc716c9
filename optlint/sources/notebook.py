"""Jupyter notebooks: the code of all cells as one source, and edits put back without touching anything else."""

from __future__ import annotations

import json
from bisect import bisect_right
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, NamedTuple

from optlint.sources.decoding import NotAnalysedError, decode
from optlint.sources.edits import CannotEditError, edited, split_lines
from optlint.sources.json_places import joined, source_places, written
from optlint.sources.magics import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from optlint.diagnostic import Edit, Span

SUFFIX = ".ipynb"


class Cell(NamedTuple):
    """A cell of Python code; `number` counts all cells from 1, `broken` is one that is not shown to the parser."""

    number: int
    source: str
    broken: bool = False

    @property
    def code(self) -> str:
        """What the parser gets, with as many lines and of the same length."""
        if self.broken:
            return "".join("#" * len(line.rstrip("\r\n")) + "\n" for line in split_lines(self.source))[:-1]
        return masked(self.source)


class Notebook:
    """A notebook; rows of its `code` count through all code cells, in their order."""

    def __init__(self, text: str, cells: Sequence[Cell], mark: bytes = b"") -> None:
        self._text = text
        self._mark = mark
        self._cells = tuple(cells)
        self._first_rows = [1]
        for cell in self._cells:
            self._first_rows.append(self._first_rows[-1] + len(split_lines(cell.source)))

    @property
    def code(self) -> str:
        """All cells as one source."""
        return "\n".join(cell.code for cell in self._cells)

    def edited(self, edits: Iterable[Edit]) -> Notebook:
        """The notebook after these edits, each within one cell."""
        of_cell: dict[int, list[Edit]] = {}
        for edit in edits:
            index = self._index(edit.span.row)
            of_cell.setdefault(index, []).append(edit._replace(span=self._span_in(index, edit.span)))
        cells = list(self._cells)
        for index, own in of_cell.items():
            cells[index] = cells[index]._replace(source=edited(split_lines(cells[index].source), own))
        return Notebook(self._text, cells, self._mark)

    def without(self, cells: Iterable[int]) -> Notebook:
        """The notebook with the cells at these indexes hidden from the parser."""
        hidden = frozenset(cells)
        remaining = [cell._replace(broken=at in hidden) for at, cell in enumerate(self._cells)]
        return Notebook(self._text, remaining, self._mark)

    def place(self, span: Span) -> Span:
        """A span of the joined code as one of a cell."""
        if not self._cells:
            return span
        index = self._index(span.row)
        return self._within(index, span)._replace(cell=self._cells[index].number)

    @property
    def cells(self) -> list[tuple[int, str]]:
        """The code of each cell, and the row of `code` on which it begins."""
        return [(row, cell.code) for row, cell in zip(self._first_rows, self._cells, strict=False)]

    def texts(self) -> Sequence[tuple[str, str]]:
        """What stands in each cell."""
        return [(f"cell {cell.number}", cell.source) for cell in self._cells]

    def lines(self, number: int | None) -> Sequence[str]:
        """The lines of the cell with this number."""
        return next((split_lines(cell.source) for cell in self._cells if cell.number == number), ())

    def data(self) -> bytes:
        """The bytes of the file, in which only the sources of changed cells are new."""
        places = source_places(self._text)
        before = {cell.number: cell.source for cell in read_notebook(self._text)._cells}
        pieces: list[str] = []
        at = 0
        for cell in self._cells:
            if cell.source != before[cell.number]:
                place = places.get(cell.number - 1)
                if place is None or joined(self._text, place) != before[cell.number]:
                    raise CannotEditError(f"the source of cell {cell.number} was not found in the file")
                pieces += [self._text[at : place.start], written(self._text, place, cell.source)]
                at = place.end
        return self._mark + "".join([*pieces, self._text[at:]]).encode()

    def _index(self, row: int) -> int:
        return max(0, min(bisect_right(self._first_rows, row), len(self._cells)) - 1)

    def _span_in(self, index: int, span: Span) -> Span:
        """A span of one cell; one that takes the whole last line ends with the cell."""
        if self._index(span.end_row) == index:
            return self._within(index, span)
        if (span.end_row, span.end_column) != (self._first_rows[index + 1], 1):
            raise CannotEditError("a fix reaches from one cell into another")
        last = split_lines(self._cells[index].source)
        start = self._within(index, span)
        return start._replace(end_row=len(last), end_column=len(last[-1]) + 1)

    def _within(self, index: int, span: Span) -> Span:
        skipped = self._first_rows[index] - 1
        return span._replace(row=span.row - skipped, end_row=span.end_row - skipped)


def read_notebook(source: bytes | str) -> Notebook:
    """The notebook in a file's text; `NotAnalysedError` if there is none."""
    text = decode(source) if isinstance(source, bytes) else source
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotAnalysedError(f"not a notebook: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise NotAnalysedError("not a notebook: it is nested too deeply") from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list):
        raise NotAnalysedError("not a notebook of format 4: it has no list of cells")
    mark = BOM_UTF8 if isinstance(source, bytes) and source.startswith(BOM_UTF8) else b""
    return Notebook(text, list(_code_cells(cells)) if _is_python(document) else (), mark)


def _is_python(document: dict[str, Any]) -> bool:
    metadata = _table(document.get("metadata"))
    kernel, language = _table(metadata.get("kernelspec")), _table(metadata.get("language_info"))
    return str(language.get("name") or kernel.get("language") or "python").lower() in ("python", "ipython")


def _code_cells(cells: list[Any]) -> Iterable[Cell]:
    for number, cell in enumerate(cells, 1):
        table = _table(cell)
        language = _table(_table(table.get("metadata")).get("vscode")).get("languageId", "python")
        if table.get("cell_type") == "code" and language == "python":
            source = table.get("source", "")
            lines = source if isinstance(source, list) else [source]
            if all(isinstance(line, str) for line in lines):
                yield Cell(number, "".join(lines))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
