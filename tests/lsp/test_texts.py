"""Random edits, as an editor makes them, leave the server with the text that the editor has."""

from __future__ import annotations

import random
import re
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

import optlint
from optlint.lsp.drafts import Desk
from optlint.lsp.editing import text_edits
from optlint.lsp.shifting import same_rows
from optlint.lsp.texts import ENCODINGS, Text
from tests.lsp.sources import EVERYWHERE, REUSED

PIECES = [
    "a",
    "é",
    "😀",
    "\U0001f468\u200d\U0001f469",
    "\n",
    "\r\n",
    "\r",
    "\f",
    "\u2028",
    "\x85",
    " ",
    "#",
    "\ud83d",
    "\ude00",
    "(",
]
pieces = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
edits = st.lists(st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(0, 12)] * 2, pieces), max_size=6)
NOWHERE = {"uri": "file:///nowhere.py"}
LINE_END = re.compile(r"\r\n|\r|\n")


class Editor:
    """A text as editors hold it, in units of an encoding: the plainest code that could be right."""

    sizes: ClassVar = {
        "utf-8": lambda c: len(c.encode("utf-8", "surrogatepass")),
        "utf-16": lambda c: 1 + (c > "\uffff"),
    }

    def __init__(self, text: str, encoding: str) -> None:
        self.encoding = encoding
        self.units = self._split(text)

    def _split(self, text: str) -> list[object]:
        if self.encoding == "utf-16":
            data = text.encode("utf-16-le", "surrogatepass")
            return [data[at : at + 2] for at in range(0, len(data), 2)]
        size = self.sizes.get(self.encoding, lambda c: 1)
        return [part for c in paired(text) for part in (c, *[""] * (size(c) - 1))]

    @property
    def text(self) -> str:
        if self.encoding == "utf-16":
            return b"".join(self.units).decode("utf-16-le", "surrogatepass")
        return paired("".join(self.units))

    def edit(self, start: int, end: int, new: str) -> None:
        self.units[start:end] = self._split(new)
        self.units = self._split(self.text)

    def offset(self, line: int, column: int) -> int:
        text = self.text
        ends = [0, *(found.end() for found in LINE_END.finditer(text))]
        if line >= len(ends):
            return len(self.units)
        rest = text[ends[line] :]
        length = len(self._split(LINE_END.split(rest)[0]))
        at = len(self._split(text[: ends[line]])) + min(column, length)
        while at < len(self.units) and self.units[at] == "":
            at -= 1  # inside a character
        return at


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=pieces.map(lambda piece: piece * 3), changes=edits)
@settings(max_examples=150, deadline=None)
def test_the_desk_holds_what_the_editor_holds(encoding, text, changes):
    desk, editor, uri = Desk(encoding), Editor(text, encoding), "file:///a.py"
    desk.open_file(types.TextDocumentItem(uri, "python", 0, text))
    for version, (line, end_line, column, end_column, new) in enumerate(changes, 1):
        first, last = sorted(((line, column), (end_line, end_column)))
        place = types.Range(types.Position(*first), types.Position(*last))
        document = types.VersionedTextDocumentIdentifier(version, uri)
        change = types.TextDocumentContentChangePartial(place, new)
        desk.change_file(types.DidChangeTextDocumentParams(document, [change]))
        editor.edit(editor.offset(*first), editor.offset(*last), new)
    assert desk.drafts[uri].parts[0].text.content == editor.text


def paired(text: str) -> str:
    """The text with halves of characters put together."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(before=pieces.map(lambda piece: piece * 2), after=pieces.map(lambda piece: piece * 2))
@settings(max_examples=150, deadline=None)
def test_edits_make_one_text_of_another(encoding, before, after):
    before, after = paired(before), paired(after)
    text = Text(before)
    for edit in reversed(list(text_edits(text, after, encoding))):
        text = text.changed(types.TextDocumentContentChangePartial(edit.range, edit.new_text), encoding)
    assert text.content == after


def test_rows_are_followed():
    before, now = list("abcdef"), list("xabyef")
    assert same_rows(before, now) == {1: 2, 2: 3, 5: 5, 6: 6}


@pytest.mark.parametrize("seed", range(2))
def test_random_edits_neither_kill_the_server_nor_lead_it_astray(editor, seed):
    chance = random.Random(seed)
    client = editor("vscode")
    noise = [f"# {''.join(chance.choices('aé😀 ', k=5))}" for _ in range(5)]
    uri = client.open("train.py", "\r\n".join([*noise, REUSED]))
    for version in range(2, 120):
        line = chance.randrange(len(noise))
        units = len(noise[line].encode("utf-16-le", "surrogatepass")) // 2
        start, end = sorted(chance.choices(range(2, units + 1), k=2))
        new = "".join(chance.choices([piece for piece in PIECES if not LINE_END.search(piece)], k=chance.randrange(4)))
        model = Editor(noise[line], "utf-16")
        model.edit(start, end, new)
        noise[line] = model.text
        where = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        client.change(uri, version, {"range": where, "text": new})
        place = {"line": chance.randrange(20), "character": chance.randrange(90)}
        client.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": place})
        if version % 10 == 0:
            client.actions(uri, EVERYWHERE)
            client.pull(uri)
    noise = [line.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") for line in noise]
    for line, text in enumerate(noise):  # halves of characters cannot be parsed
        where = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 9999}}
        client.change(uri, 200 + line, {"range": where, "text": text})
    (expected,) = optlint.lint("\r\n".join([*noise, REUSED]))
    (found,) = client.pull(uri)
    assert found["code"] == expected.code
    assert found["range"]["start"] == {"line": expected.span.row - 1, "character": expected.span.column - 1}
    assert client.stop() == 0


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (
            "textDocument/hover",
            {"textDocument": {"uri": "file:///nowhere.py"}, "position": {"line": 3, "character": 4}},
        ),
        ("textDocument/diagnostic", {"textDocument": {"uri": "untitled:Untitled-1"}}),
        ("codeAction/resolve", {"title": "x", "data": 3}),
        ("codeAction/resolve", {"title": "x", "data": {"uri": "file:///gone.py", "code": None}}),
        ("optlint/unknown", {}),
    ],
)
def test_odd_requests_are_answered(editor, method, params):
    client = editor()
    answer = client.answer(client.ask(method, params))
    assert "result" in answer or "error" in answer
    client.notify(
        "textDocument/didChange", {"textDocument": {"uri": "file:///nowhere.py", "version": 1}, "contentChanges": []}
    )
    client.notify("textDocument/didClose", {"textDocument": {"uri": "file:///nowhere.py"}})
    assert [one["code"] for one in client.pull(client.open("train.py", REUSED))] == ["OPT101"]
