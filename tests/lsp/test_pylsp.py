"""The plug-in in the real python-lsp-server, found by its entry point as pyproject.toml announces it."""

from __future__ import annotations

import sys

import pytest

from optlint.settings.config import parse_toml
from tests.lsp.client import ROOT, Client
from tests.lsp.profiles import EMACS
from tests.lsp.sources import REUSED

PYLSP = (sys.executable, "-m", "pylsp")


@pytest.fixture
def pylsp(tmp_path):
    groups = parse_toml((ROOT / "pyproject.toml").read_bytes(), "pyproject.toml")["project"]["entry-points"]
    (tmp_path / "optlint-0.dist-info").mkdir()
    (tmp_path / "optlint-0.dist-info" / "METADATA").write_text("Name: optlint\nVersion: 0\n", encoding="utf-8")
    lines = [f"{name} = {target}" for name, target in groups["pylsp"].items()]
    entries = "\n".join(["[pylsp]", *lines, ""])
    (tmp_path / "optlint-0.dist-info" / "entry_points.txt").write_text(entries, encoding="utf-8")
    client = Client(tmp_path, EMACS, command=PYLSP)
    yield client
    client.kill()


def test_python_lsp_server_tells_our_diagnostics_and_fixes(pylsp):
    uri = pylsp.open("train.py", REUSED)
    found = pylsp.notification(
        "textDocument/publishDiagnostics",
        lambda params: any(one.get("code") == "OPT101" for one in params["diagnostics"]),
    )["diagnostics"]
    (ours,) = [one for one in found if one["source"] == "optlint"]
    assert ours["range"]["start"] == {"line": 4, "character": 28}
    actions = pylsp.actions(uri, ours["range"])
    assert [action["title"] for action in actions if action["kind"] == "quickfix"] == [
        "keep a list",
        "ignore OPT101 reused-parameter-iterator for this line",
    ]
    (edit,) = actions[0]["edit"]["changes"][uri]
    assert edit["newText"] == "list(model.parameters()"


def test_its_settings_are_ours(pylsp):
    pylsp.notify(
        "workspace/didChangeConfiguration", {"settings": {"pylsp": {"plugins": {"optlint": {"ignore": ["OPT101"]}}}}}
    )
    pylsp.open("train.py", f"{REUSED}x = 1  # optlint: ignore[OPT502]\n")
    found = pylsp.notification("textDocument/publishDiagnostics", lambda params: params["diagnostics"])["diagnostics"]
    assert [one["code"] for one in found if one["source"] == "optlint"] == ["OPT901"]
    assert found[0]["tags"] == [1]
