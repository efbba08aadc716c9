"""Documents are ours to keep: pygls splits lines where editors do not, and remembers each edit for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

if TYPE_CHECKING:
    from optlint.lsp.drafts import Desk, Draft


class Keeper(LanguageServer):
    """A server that keeps its documents on a desk of its own."""

    desk: Desk

    def edited(self, uri: str | None) -> None:
        """A draft was opened or changed."""
        raise NotImplementedError

    def closed(self, draft: Draft | None) -> None:
        """A draft is gone."""
        raise NotImplementedError


class Protocol(LanguageServerProtocol):
    """The protocol of pygls with our desk in place of its workspace."""

    _server: Keeper

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A file was opened."""
        self._server.edited(self._server.desk.open_file(params.text_document))

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A file was edited."""
        self._server.edited(self._server.desk.change_file(params))

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A file was closed."""
        self._server.closed(self._server.desk.close_file(params.text_document.uri))

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """A notebook was opened."""
        self._server.edited(self._server.desk.open_notebook(params))

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Cells of a notebook were edited, added or removed."""
        self._server.edited(self._server.desk.change_notebook(params))

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """A notebook was closed."""
        self._server.closed(self._server.desk.close_notebook(params.notebook_document.uri))
