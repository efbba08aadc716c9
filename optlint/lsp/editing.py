"""From a document and what becomes of it to the edits that an editor applies."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from lsprotocol import types

from optlint.lsp.texts import Text, units
from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.lsp.client import Client
    from optlint.lsp.drafts import Draft
    from optlint.sources.document import Document


def workspace_edit(draft: Draft, changed: Document, client: Client) -> types.WorkspaceEdit | None:
    """What turns the draft into the changed document; None if they are the same."""
    edits = [
        (part, list(text_edits(part.text, text, client.encoding)))
        for part, (_, text) in zip(draft.parts, changed.texts(), strict=True)
        if text != part.text.content
    ]
    if not edits:
        return None
    if not client.versioned_edits:
        return types.WorkspaceEdit(changes={part.uri: of_part for part, of_part in edits})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(part.uri, part.version), of_part)
            for part, of_part in edits
        ]
    )


def text_edits(before: Text, after: str, encoding: str) -> Iterator[types.TextEdit]:
    """Small edits that make one text of another; lines that stay are not touched."""
    new = split_lines(after)
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before.lines, new, False).get_opcodes():
        if tag != "equal":
            yield _smallest(before, (start, end), "".join(new[new_start:new_end]), encoding)


def _smallest(before: Text, lines: tuple[int, int], content: str, encoding: str) -> types.TextEdit:
    """The edit of some lines, without what stays at both of its ends."""
    start, end = lines
    old = "".join(before.lines[start:end])
    head = _common(old, content)
    while head and old[head - 1] == "\r":  # nothing can stand between the two characters of a line's end
        head -= 1
    tail = min(_common(old[::-1], content[::-1]), len(old) - head, len(content) - head)
    while tail and old[: len(old) - tail].endswith("\r"):
        tail -= 1
    place = types.Range(_position(start, old[:head], encoding), _position(start, old[: len(old) - tail], encoding))
    return types.TextEdit(place, content[head : len(content) - tail])


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _position(first: int, before: str, encoding: str) -> types.Position:
    """Where one is after a text that begins with a line."""
    lines = split_lines(before)
    return types.Position(first + len(lines) - 1, units(lines[-1], encoding))
