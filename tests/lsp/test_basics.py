from __future__ import annotations

import pytest

from tests.lsp.client import Client
from tests.lsp.profiles import PROFILES

REUSED = """\
import torch
model = torch.nn.Linear(2, 1)
params = model.parameters()
torch.nn.utils.clip_grad_norm_(params, 1.0)
optimizer = torch.optim.SGD(params, lr=0.1)
"""
ZERO = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}


@pytest.fixture
def editor(tmp_path):
    """A function that starts an editor in an empty folder."""
    started = []

    def start(profile="vscode", **settings):
        client = Client(tmp_path, PROFILES[profile], settings)
        started.append(client)
        return client

    yield start
    for client in started:
        client.kill()


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


@pytest.mark.parametrize("profile", PROFILES)
def test_a_client_is_told_in_one_way_only(editor, profile):
    client = editor(profile)
    pulls = "diagnostic" in PROFILES[profile]["textDocument"]
    assert ("diagnosticProvider" in client.capabilities) is pulls
    uri = client.open("train.py", REUSED)
    client.diagnostics(uri)
    client.request(
        "textDocument/codeAction", {"textDocument": {"uri": uri}, "range": ZERO, "context": {"diagnostics": []}}
    )
    pushed = [one for one in client.notifications if one["method"] == "textDocument/publishDiagnostics"]
    assert bool(pushed) is not pulls


def test_leaving_without_a_word_is_no_success(editor):
    client = editor()
    client.notify("exit", None)
    assert client.wait() == 1
