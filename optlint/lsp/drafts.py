"""Documents as editors hold them: files, and notebooks whose cells are documents of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path, urlparse

from optlint.lsp.texts import Text
from optlint.sources.document import Document, PythonFile
from optlint.sources.notebook import Cell, Notebook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.diagnostic import Span

PYTHON = ("python", "ipython")


@dataclass(frozen=True, slots=True)
class Part:
    """A document of the editor: a file, or the cell of a notebook with this number, which counts all cells from 1."""

    uri: str
    version: int | None
    text: Text
    number: int | None = None


@dataclass(frozen=True)
class Draft:
    """What is linted as one: a file, or all code cells of a notebook. A change makes a new draft."""

    uri: str
    path: str
    parts: tuple[Part, ...]
    notebook: bool = False

    @cached_property
    def document(self) -> Document:
        """It as the linter knows documents."""
        if not self.notebook:
            return PythonFile(self.parts[0].text.content)
        return Notebook("", [Cell(part.number or 0, part.text.content) for part in self.parts])

    def part_of(self, span: Span) -> Part | None:
        """The part that a span of this draft's path stands in."""
        return next((part for part in self.parts if part.number == span.cell), None)

    def document_row(self, part: Part, row: int) -> int:
        """The row of the document's code that a row of a part is."""
        first = dict(zip((one.uri for one in self.parts), self.document.cells, strict=False)).get(part.uri, (1, ""))
        return first[0] + row - 1


@dataclass(slots=True)
class Desk:
    """All documents that are open; requests name the URI of a part, results belong to its draft."""

    encoding: str = "utf-16"
    drafts: dict[str, Draft] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # the draft of each part
    _notebooks: dict[str, types.NotebookDocument] = field(default_factory=dict)
    _cells: dict[str, Part] = field(default_factory=dict)

    def of_part(self, uri: str) -> tuple[Draft, Part] | None:
        """The draft that a document of the editor belongs to, and its part there."""
        draft = self.drafts.get(self.owners.get(uri, ""))
        part = draft and next((part for part in draft.parts if part.uri == uri), None)
        return (draft, part) if draft and part else None

    def at_path(self, path: str) -> Draft | None:
        """The draft of the file at this path."""
        return next((draft for draft in self.drafts.values() if draft.path == path), None)

    def open_file(self, item: types.TextDocumentItem) -> str | None:
        """A file was opened; the URI of its draft, unless it is written in another language."""
        if not _is_python(item.language_id, item.uri):
            return None
        part = Part(item.uri, item.version, Text("").changed(_whole(item.text), self.encoding))
        return self._put(Draft(item.uri, path_of(item.uri), (part,)))

    def change_file(self, params: types.DidChangeTextDocumentParams) -> str | None:
        """A file was edited; the URI of its draft."""
        draft = self.drafts.get(params.text_document.uri)
        if draft is None or draft.notebook:
            return None
        return self._put(replace(draft, parts=(self._changed(draft.parts[0], params),)))

    def close_file(self, uri: str) -> Draft | None:
        """A file was closed; the draft that it was."""
        self.owners.pop(uri, None)
        return self.drafts.pop(uri, None)

    def open_notebook(self, params: types.DidOpenNotebookDocumentParams) -> str:
        """A notebook was opened; its URI."""
        notebook = params.notebook_document
        self._notebooks[notebook.uri] = notebook
        self._open_cells(params.cell_text_documents)
        return self._gather(notebook)

    def change_notebook(self, params: types.DidChangeNotebookDocumentParams) -> str | None:
        """Cells were edited, added, moved or removed; the URI of the notebook."""
        notebook = self._notebooks.get(params.notebook_document.uri)
        if notebook is None:
            return None
        changes = params.change.cells or types.NotebookDocumentCellChanges()
        if changes.structure:
            array = changes.structure.array
            cells = list(notebook.cells)
            cells[array.start : array.start + array.delete_count] = array.cells or ()
            notebook.cells = cells
            self._open_cells(changes.structure.did_open or ())
            for closed in changes.structure.did_close or ():
                self._cells.pop(closed.uri, None)
        for change in changes.text_content or ():
            part = self._cells.get(change.document.uri)
            if part:
                self._cells[part.uri] = self._changed(part, change)
        return self._gather(notebook)

    def close_notebook(self, uri: str) -> Draft | None:
        """A notebook was closed; the draft that it was."""
        notebook = self._notebooks.pop(uri, None)
        for cell in notebook.cells if notebook else ():
            self._cells.pop(cell.document, None)
        return self._drop(uri)

    def _open_cells(self, items: Iterable[types.TextDocumentItem]) -> None:
        for item in items:
            if item.language_id in PYTHON:
                text = Text("").changed(_whole(item.text), self.encoding)
                self._cells[item.uri] = Part(item.uri, item.version, text)

    def _changed(
        self, part: Part, params: types.DidChangeTextDocumentParams | types.NotebookDocumentCellContentChanges
    ) -> Part:
        document = params.text_document if isinstance(params, types.DidChangeTextDocumentParams) else params.document
        changes = params.content_changes if isinstance(params, types.DidChangeTextDocumentParams) else params.changes
        return replace(part, version=document.version, text=part.text.changed_by(changes, self.encoding))

    def _gather(self, notebook: types.NotebookDocument) -> str:
        """Make a draft of the notebook's cells as they are now."""
        self._drop(notebook.uri)
        return self._put(Draft(notebook.uri, path_of(notebook.uri), tuple(self._code_cells(notebook)), notebook=True))

    def _code_cells(self, notebook: types.NotebookDocument) -> Iterator[Part]:
        for number, cell in enumerate(notebook.cells, 1):
            part = self._cells.get(cell.document)
            if part and cell.kind == types.NotebookCellKind.Code:
                yield replace(part, number=number)

    def _put(self, draft: Draft) -> str:
        self.drafts[draft.uri] = draft
        self.owners.update((part.uri, draft.uri) for part in draft.parts)
        return draft.uri

    def _drop(self, uri: str) -> Draft | None:
        draft = self.drafts.pop(uri, None)
        for part in draft.parts if draft else ():
            self.owners.pop(part.uri, None)
        return draft


def path_of(uri: str) -> str:
    """The path of a document; of one that was never saved, the name that the editor gives it."""
    return to_fs_path(uri) or urlparse(uri)[2]


def uri_of(path: str) -> str:
    """The URI of the file at a path."""
    return from_fs_path(path) or path


def _whole(text: str) -> types.TextDocumentContentChangeWholeDocument:
    return types.TextDocumentContentChangeWholeDocument(text)


def _is_python(language: str, uri: str) -> bool:
    return language in PYTHON or (not language and uri.endswith((".py", ".pyi")))
