"""What can be done about a diagnostic, and whether it does that."""

from __future__ import annotations

import pytest

import optlint
from tests.lsp.sources import EVERYWHERE, REUSED, TWICE, after, edits_of


def resolved(client, action):
    return action if "edit" in action else client.request("codeAction/resolve", action)


@pytest.mark.parametrize("profile", ["vscode", "neovim", "old"])
def test_the_fix_comes_first_and_ignoring_last(editor, profile):
    client = editor(profile)
    uri = client.open("train.py", TWICE)
    actions = [one for one in client.actions(uri, EVERYWHERE) if one["kind"] == "quickfix"]
    assert [(one["title"], one.get("isPreferred", False)) for one in actions] == [
        ("keep a list", True),
        ("keep a list", True),
        ("fix all OPT101 reused-parameter-iterator in this file", False),
        ("ignore OPT101 reused-parameter-iterator for this line", False),
        ("ignore OPT101 reused-parameter-iterator for this line", False),
    ]
    for action, left in zip(actions, (1, 1, 0, 1, 1), strict=True):
        changed = after(TWICE, edits_of(resolved(client, action), uri))
        assert len(optlint.lint(changed)) == left


def test_a_position_gets_the_actions_of_what_is_there(editor):
    client = editor()
    uri = client.open("train.py", TWICE)
    place = {"line": 6, "character": 30}
    actions = client.actions(uri, {"start": place, "end": place}, only=["quickfix"])
    assert len(actions) == 3
    assert {one["diagnostics"][0]["range"]["start"]["line"] for one in actions} == {6}
    nowhere = {"line": 0, "character": 0}
    assert client.actions(uri, {"start": nowhere, "end": nowhere}, only=["quickfix"]) == []


@pytest.mark.parametrize("only", ["source", "source.fixAll", "source.fixAll.optlint"])
def test_all_is_fixed_on_save(editor, only):
    client = editor()
    uri = client.open("train.py", TWICE)
    (action,) = client.actions(uri, EVERYWHERE, only=[only], triggerKind=2)
    assert action["kind"] == "source.fixAll.optlint"
    changed = after(TWICE, edits_of(resolved(client, action), uri))
    assert optlint.lint(changed) == []
    assert changed.replace("list(model.parameters())", "model.parameters()") == TWICE


def test_other_tools_are_not_meant(editor):
    client = editor()
    uri = client.open("train.py", TWICE)
    assert client.actions(uri, EVERYWHERE, only=["source.fixAll.ruff"]) == []
    assert client.actions(uri, EVERYWHERE, only=["refactor"]) == []


def test_ignoring_a_line_silences_it(editor):
    client = editor()
    uri = client.open("train.py", REUSED)
    ignore = client.actions(uri, EVERYWHERE, only=["quickfix"])[-1]
    changed = after(REUSED, edits_of(ignore, uri))
    assert changed == REUSED.replace("lr=0.1)", "lr=0.1)  # optlint: ignore[OPT101]")
    client.change(uri, 2, {"text": changed})
    assert client.pull(uri) == []


def test_edits_name_the_version_they_were_made_for(editor):
    client = editor()
    uri = client.open("train.py", "", version=7)
    client.change(uri, 8, {"text": REUSED})
    (fix, *_) = client.actions(uri, EVERYWHERE, only=["quickfix"])
    assert fix["edit"]["documentChanges"][0]["textDocument"] == {"uri": uri, "version": 8}
