from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.lsp.client import ROOT, SERVER
from tests.lsp.profiles import PROFILES
from tests.lsp.sources import EVERYWHERE, REUSED


@pytest.mark.parametrize("profile", PROFILES)
def test_a_bug_is_told_and_goes_when_it_is_mended(editor, profile):
    client = editor(profile)
    uri = client.open("train.py", REUSED)
    (found,) = client.diagnostics(uri, 1 if profile != "old" else None)
    assert (found["code"], found["source"], found["severity"]) == ("OPT101", "optlint", 1)
    assert found["range"] == {"start": {"line": 4, "character": 28}, "end": {"line": 4, "character": 34}}
    where = {"start": {"line": 2, "character": 9}, "end": {"line": 2, "character": 27}}
    client.change(uri, 2, {"range": where, "text": "list(model.parameters())"})
    assert client.diagnostics(uri, 2) == []
    assert client.stop() == 0


def test_the_server_ends_when_its_editor_has_died(editor):
    client = editor()
    client.ask("textDocument/diagnostic", {"textDocument": {"uri": client.open("train.py", REUSED)}})
    client.hang_up()
    assert client.wait() == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_a_client_is_told_in_one_way_only(editor, profile):
    client = editor(profile)
    pulls = "diagnostic" in PROFILES[profile]["textDocument"]
    assert ("diagnosticProvider" in client.capabilities) is pulls
    uri = client.open("train.py", REUSED)
    client.diagnostics(uri)
    client.request(
        "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": EVERYWHERE, "context": {"diagnostics": []}}
    )
    pushed = [one for one in client.notifications if one["method"] == "textDocument/publishDiagnostics"]
    assert bool(pushed) is not pulls


def test_leaving_without_a_word_is_no_success(editor):
    client = editor()
    client.notify("exit", None)
    assert client.wait() == 1


def test_related_places_tags_and_the_page_are_told_to_those_who_can_show_them(editor):
    client = editor("vscode")
    uri = client.open("train.py", REUSED + "x = 1  # optlint: ignore[OPT502]\n")
    found = client.diagnostics(uri)
    assert [one["code"] for one in found] == ["OPT101", "OPT901"]
    notes = [(one["message"], one["location"]["range"]["start"]["line"]) for one in found[0]["relatedInformation"]]
    assert notes == [("the iterator is made here", 2), ("first used here", 3)]
    assert found[0]["codeDescription"]["href"].endswith("/OPT101-reused-parameter-iterator.md")
    assert found[1]["tags"] == [1]


def test_an_old_client_is_told_nothing_that_it_does_not_know(editor):
    client = editor("old")
    uri = client.open("train.py", REUSED + "x = 1  # optlint: ignore[OPT502]\n")
    for one in client.diagnostics(uri):
        assert not {"relatedInformation", "codeDescription", "tags"} & one.keys()


def test_the_same_answer_is_not_sent_again(editor):
    client = editor()
    uri = client.open("train.py", REUSED)
    first = client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    again = {"textDocument": {"uri": uri}, "previousResultId": first["resultId"]}
    assert client.request("textDocument/diagnostic", again) == {"kind": "unchanged", "resultId": first["resultId"]}
    client.change(uri, 2, {"text": ""})
    assert client.request("textDocument/diagnostic", again)["items"] == []


def test_half_typed_code_keeps_what_was_said_before(editor):
    client = editor()
    uri = client.open("train.py", REUSED)
    (before,) = client.pull(uri)
    here = {"line": 1, "character": 0}
    client.change(uri, 2, {"range": {"start": here, "end": here}, "text": "def half(\n"})
    (now,) = client.pull(uri)
    assert (now["code"], now["range"]["start"]["line"]) == ("OPT101", before["range"]["start"]["line"] + 1)
    assert client.actions(uri, EVERYWHERE) == []  # a fix would go to the wrong place
    client.change(uri, 3, {"text": REUSED})
    assert client.pull(uri) == [before]


def test_code_that_was_never_right_is_told_so(editor):
    client = editor()
    (found,) = client.pull(client.open("train.py", f"{REUSED}def half(\n"))
    assert found["code"] == "OPT900"


def test_what_was_pushed_is_taken_back_when_a_file_is_closed(editor):
    client = editor("emacs")
    uri = client.open("train.py", REUSED)
    assert client.pushed(uri, 1)
    client.close(uri)
    assert client.pushed(uri) == []


def test_columns_count_what_was_agreed_upon(editor):
    for profile, column in (("vscode", 33), ("neovim", 35), ("emacs", 32)):  # utf-16, utf-8, utf-32
        client = editor(profile)
        uri = client.open("train.py", REUSED.replace("optimizer =", 'mark = "😀"; o ='))
        found = client.diagnostics(uri, 1)
        assert [one["range"]["start"]["character"] for one in found if one["code"] == "OPT101"] == [column]


def test_without_pygls_one_line_says_what_to_do(tmp_path):
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError(name='pygls')", encoding="utf-8")
    done = subprocess.run(
        SERVER, capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "-m pip install 'optlint[lsp]'" in done.stderr


def test_only_the_server_loads_pygls():
    program = "import sys; from optlint.cli import main; main(['check', '--isolated', '--no-cache', '-q', sys.argv[1]])"
    program += "; main(['--help']); assert not {'pygls', 'lsprotocol', 'asyncio'} & sys.modules.keys()"
    path = ROOT / "examples" / "broken_training.py"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True, cwd=ROOT, capture_output=True)
