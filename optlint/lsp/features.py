"""Which request is answered by what."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import blake2b
from os.path import basename
from typing import TYPE_CHECKING

from lsprotocol import types

from optlint.lsp import hovers
from optlint.lsp.actions import FIX_ALL, FIX_ALL_CELLS, QUICK_FIX, Asked, Shelf
from optlint.lsp.drafts import path_of, uri_of
from optlint.lsp.hints import hints
from optlint.lsp.server import Server
from optlint.settings.config import FILE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from optlint.lsp.drafts import Part
    from optlint.lsp.looks import Look

    Report = types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport

ACTIONS = types.CodeActionOptions(code_action_kinds=[QUICK_FIX, FIX_ALL, FIX_ALL_CELLS], resolve_provider=True)
PATIENCE = 30.0  # seconds that a client waits for news of its workspace
PULLING = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=True, identifier="optlint")


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Take note of the client; only one that asks for diagnostics is told that it may."""
    ls.introduce(params)
    if ls.client.pulls:
        ls.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, PULLING)(diagnostic)
        if ls.settings.workspace_diagnostics:
            ls.feature(types.WORKSPACE_DIAGNOSTIC)(workspace_diagnostic)


async def diagnostic(ls: Server, params: types.DocumentDiagnosticParams) -> Report:
    """The diagnostics of one document, or the word that they are the same as before."""
    uri = params.text_document.uri
    look = await ls.look(ls.desk.owners.get(uri, uri))
    items = ls.told(look, uri) if look else []
    name = _name_of(items)
    if name == params.previous_result_id:
        return types.RelatedUnchangedDocumentDiagnosticReport(name)
    return types.RelatedFullDocumentDiagnosticReport(items, result_id=name)


async def workspace_diagnostic(ls: Server, params: types.WorkspaceDiagnosticParams) -> types.WorkspaceDiagnosticReport:
    """What is new about files that are not open; while nothing is, the client is kept waiting for a time."""
    before = {previous.uri: previous.value for previous in params.previous_result_ids}
    if ls.answered and not ls.news.is_set():
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(ls.news.wait(), PATIENCE)
    ls.news.clear()
    found = {uri_of(path): await ls.unopened.look(path) for path in await ls.unopened.files()}
    told = {uri: ls.told(look, uri) if look else [] for uri, look in found.items()}
    gone: dict[str, list[types.Diagnostic]] = {
        uri: [] for uri in before.keys() - told.keys() if uri not in ls.desk.owners
    }
    ls.answered = True
    return types.WorkspaceDiagnosticReport(list(_new_reports({**told, **gone}, before)))


def _new_reports(
    told: Mapping[str, list[types.Diagnostic]], before: Mapping[str, str]
) -> Iterator[types.WorkspaceFullDocumentDiagnosticReport]:
    """Reports of documents of which something else is told than before; nothing is told of most."""
    for uri, items in told.items():
        name = _name_of(items)
        if before.get(uri, NOTHING) != name:
            yield types.WorkspaceFullDocumentDiagnosticReport(uri, items, result_id=name)


def _name_of(items: list[types.Diagnostic]) -> str:
    """A name for these diagnostics that no others have."""
    return blake2b(repr(items).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


async def code_action(ls: Server, params: types.CodeActionParams) -> Sequence[types.CodeAction]:
    """What can be done about the diagnostics in a range, or about the whole document."""
    uri = params.text_document.uri
    shelf = await _shelf(ls, uri)
    asked = Asked(uri, params.range, params.context.only)
    return await ls.bench.work(lambda: shelf.actions(asked)) if shelf else []


async def code_action_resolve(ls: Server, params: types.CodeAction) -> types.CodeAction:
    """An action with its edit."""
    shelf = await _shelf(ls, params.data["uri"]) if isinstance(params.data, dict) else None
    return await ls.bench.work(lambda: shelf.resolve(params)) if shelf else params


async def _shelf(ls: Server, uri: str) -> Shelf | None:
    """What actions are taken from; None where nothing can be done while the code cannot be parsed."""
    look = await ls.look(ls.desk.owners.get(uri, uri))
    if look is None or look.stale or not look.diagnostics:
        return None
    return Shelf(await ls.bench.look_closer(look), ls.teller, ls.settings.unsafe_fixes)


async def hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """The page of the rule that is named at a place, or else what is known of the iterator there."""
    look, part = await _part(ls, params.text_document.uri)
    if look is None or part is None:
        return None
    shown = hovers.hover(look, part, params.position, ls.teller)
    if shown is not None:
        return shown
    return hovers.iterator_hover(look, await ls.bench.insight(look), part, params.position, ls.teller)


async def inlay_hint(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """How many tensors each group of an optimizer gets, for those who asked for hints."""
    if not ls.settings.inlay_hints:
        return []
    look, part = await _part(ls, params.text_document.uri)
    if look is None or part is None:
        return []
    return list(hints(await ls.bench.insight(look), look.draft, part, params.range, ls.teller))


async def _part(ls: Server, uri: str) -> tuple[Look, Part] | tuple[None, None]:
    """The look at the draft that a document belongs to, and its part there."""
    look = await ls.look(ls.desk.owners.get(uri, uri))
    part = look and next((part for part in look.draft.parts if part.uri == uri), None)
    return (look, part) if look and part else (None, None)


def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Ask to be told of files that change, if the client watches some."""
    if ls.client.watches:
        watchers = [types.FileSystemWatcher(f"**/{name}") for name in ("*.py", *FILE_NAMES)]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wish = types.Registration("optlint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.client_register_capability(types.RegistrationParams([wish]))


def did_change_workspace_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Folders were added or removed."""
    ls.read_folders()


def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """The user changed the settings."""
    if params.settings:
        ls.set(params.settings)


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Files were changed by something else than the editor, or saved by it."""
    ls.news.set()
    if any(basename(path_of(change.uri)) in FILE_NAMES for change in params.changes):
        ls.look_anew()
    ls.later(ls.bench.notice())


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """What is not watched for us may have changed, too."""
    if not ls.client.watches:
        ls.later(ls.bench.notice())


NOTHING = _name_of([])
FEATURES: dict[str, Any] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.TEXT_DOCUMENT_CODE_ACTION: code_action,
    types.CODE_ACTION_RESOLVE: code_action_resolve,
    types.TEXT_DOCUMENT_HOVER: hover,
    types.TEXT_DOCUMENT_INLAY_HINT: inlay_hint,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_workspace_folders,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_watched_files,
}
OPTIONS = {types.TEXT_DOCUMENT_CODE_ACTION: ACTIONS}


def new_server() -> Server:
    """A server that knows what to answer."""
    server = Server()
    for name, function in FEATURES.items():
        server.feature(name, OPTIONS.get(name))(function)
    return server
