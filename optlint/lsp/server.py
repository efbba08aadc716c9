"""The language server: what it holds for one client, and what follows from an edit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from optlint.lsp.bench import Bench
from optlint.lsp.client import Client, client_of
from optlint.lsp.drafts import Desk, path_of
from optlint.lsp.looks import Eyes
from optlint.lsp.protocol import Keeper, Protocol
from optlint.lsp.settings import Settings, read_settings
from optlint.lsp.telling import Teller
from optlint.lsp.unopened import Unopened
from optlint.settings.config import ConfigError
from optlint.version import __version__

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from lsprotocol.types import InitializeParams

    from optlint.lsp.drafts import Draft
    from optlint.lsp.looks import Look

PAUSE = 0.02  # seconds without an edit, after which diagnostics are made for a client that waits for them
REST = 0.2  # seconds until a client that asks for diagnostics is told to ask again


class Server(Keeper):
    """One server for one client; everything but the looks themselves happens in one thread."""

    def __init__(self) -> None:
        super().__init__("optlint", __version__, notebook_document_sync=NOTEBOOKS, protocol_cls=Protocol, max_workers=2)
        self.client = Client()
        self.settings = Settings()
        self.desk = Desk()
        self.bench = Bench(self.desk, Eyes(self.settings), self.changed)
        self.unopened = Unopened(self.bench)
        self.news = asyncio.Event()
        self.answered = False
        self.teller = Teller(self.client, self.desk.at_path)
        self._pushing: dict[str, asyncio.Task[None]] = {}
        self._told: set[str] = set()
        self._refreshing = self._introduced = False
        self._errands: set[asyncio.Task[None]] = set()

    @property
    def left(self) -> bool:
        """Whether the client took its leave in good order."""
        return self.protocol._shutdown

    def introduce(self, params: InitializeParams) -> None:
        """Take note of what the client can do, and of its settings."""
        self.client = client_of(params.capabilities, self.workspace.position_encoding)
        self.desk.encoding = self.client.encoding
        self.teller = Teller(self.client, self.desk.at_path)
        self.read_folders()
        self.set(params.initialization_options)
        self._introduced = True

    def read_folders(self) -> None:
        """Take note of the folders of the workspace; a client without any may have a root."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        roots = uris or [uri for uri in (self.workspace.root_uri,) if uri]
        self.unopened.folders = [path_of(uri) for uri in roots]
        self.news.set()

    def set(self, given: object) -> None:
        """Use other settings from now on; a value that cannot be used is told, and changes nothing."""
        try:
            settings = read_settings(given, next(iter(self.unopened.folders), ""))
            self.bench.eyes.use(settings)
        except ConfigError as error:
            self.complain(str(error))
            return
        self.settings = settings
        self.look_anew()
        if self.client.refreshes_hints and self._introduced:
            self.workspace_inlay_hint_refresh(None)

    def look_anew(self) -> None:
        """Something has changed that any draft may depend on."""
        self.bench.forget()
        self.unopened.forget()
        self.news.set()
        self.refresh(list(self.desk.drafts))

    def edited(self, uri: str | None) -> None:
        """A draft was opened or changed, and others may depend on it."""
        draft = self.desk.drafts.get(uri or "")
        if draft is not None:
            self.push(draft.uri)
            self.changed(draft.path)
            if len(draft.parts) > 1:  # a client that pulls asks again for the cell that was edited, and for no other
                self.refresh([draft.uri])

    def closed(self, draft: Draft | None) -> None:
        """A draft is open no more: what was told of it is taken back."""
        if draft is None:
            return
        self.bench.close(draft.uri)
        if not self.client.pulls:
            for part in draft.parts:
                self._publish(part.uri, [], None)
        self.news.set()
        self.changed(draft.path)

    def changed(self, *paths: str) -> None:
        """The files at these paths are others now, on disk or in the editor."""
        if self.unopened.changed(*paths):
            self.news.set()
        self.refresh(self.bench.changed(*paths))

    def refresh(self, uris: list[str]) -> None:
        """Let the client know that these drafts are to be looked at again."""
        if not uris:
            return
        for uri in uris:
            self.push(uri)
        if self.client.pulls and self.client.refreshes and not self._refreshing:
            self._refreshing = True
            asyncio.get_running_loop().call_later(REST, self._refresh)

    def _refresh(self) -> None:
        self._refreshing = False
        self.workspace_diagnostic_refresh(None)

    def push(self, uri: str) -> None:
        """Tell the client of a draft soon, if it is one that waits to be told."""
        if self.client.pulls:
            return
        if waiting := self._pushing.pop(uri, None):
            waiting.cancel()
        task = self._pushing[uri] = asyncio.ensure_future(self._push(uri))
        task.add_done_callback(lambda _: self._pushing.pop(uri, None) if self._pushing.get(uri) is task else None)

    async def _push(self, uri: str) -> None:
        await asyncio.sleep(PAUSE)
        look = await self.look(uri)
        if look is not None:
            for part in look.draft.parts:
                self._publish(part.uri, self.told(look, part.uri), part.version)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for."""
        task = asyncio.ensure_future(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def look(self, uri: str) -> Look | None:
        """The newest look at a draft; what went wrong is told once."""
        look = await self.bench.look(uri)
        if look is not None and look.trouble:
            self.complain(look.trouble)
        return look

    def told(self, look: Look, uri: str) -> list[types.Diagnostic]:
        """What is shown in one part of a draft."""
        placed = [(one, look.draft.part_of(one.span)) for one in look.placed]
        return [self.teller.diagnostic(one, look.draft) for one, part in placed if part and part.uri == uri]

    def complain(self, message: str) -> None:
        """Show a message, once."""
        if message not in self._told:
            self._told.add(message)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"optlint: {message}"))

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic], version: int | None) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, version))


NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            notebook=types.NotebookDocumentFilterNotebookType(notebook_type=kind),
            cells=[types.NotebookCellLanguage(language="python")],
        )
        for kind in ("jupyter-notebook", "interactive")
    ]
)
