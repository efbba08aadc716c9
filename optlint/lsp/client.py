"""What the client can do, of all that it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pygls.capabilities import get_capability

from optlint.lsp.texts import ENCODINGS, UTF_16

if TYPE_CHECKING:
    from lsprotocol.types import ClientCapabilities


@dataclass(frozen=True, slots=True)
class Client:
    """What matters to us; `pulls` clients ask for diagnostics, the others wait to be told."""

    encoding: str = UTF_16
    pulls: bool = False
    refreshes: bool = False
    refreshes_hints: bool = False
    related: bool = False
    tags: bool = False
    links: bool = False
    versioned_edits: bool = False
    resolves: bool = False
    watches: bool = False
    markdown: bool = False


def client_of(capabilities: ClientCapabilities, encoding: object) -> Client:
    """The client with these capabilities; positions count units of the encoding that was agreed upon."""

    def can(path: str) -> bool:
        return bool(get_capability(capabilities, path, False))

    def either(what: str) -> bool:
        return can(f"text_document.publish_diagnostics.{what}") or can(f"text_document.diagnostic.{what}")

    agreed = str(getattr(encoding, "value", encoding))
    later = get_capability(capabilities, "text_document.code_action.resolve_support.properties", None) or ()
    hover = get_capability(capabilities, "text_document.hover.content_format", None) or ()
    return Client(
        encoding=agreed if agreed in ENCODINGS else UTF_16,
        pulls=capabilities.text_document is not None and capabilities.text_document.diagnostic is not None,
        refreshes=can("workspace.diagnostics.refresh_support"),
        refreshes_hints=can("workspace.inlay_hint.refresh_support"),
        related=either("related_information"),
        tags=either("tag_support"),
        links=either("code_description_support"),
        versioned_edits=can("workspace.workspace_edit.document_changes"),
        resolves="edit" in later,
        watches=can("workspace.did_change_watched_files.dynamic_registration"),
        markdown="markdown" in [str(getattr(kind, "value", kind)) for kind in hover],
    )
