"""Several files, folders and configurations; notebooks; what happens while the server works."""

from __future__ import annotations

from tests.lsp.sources import EVERYWHERE, REUSED, after, edits_of

CALLER = """\
import torch
from helpers import count
model = torch.nn.Linear(2, 1)
params = model.parameters()
count(params)
optimizer = torch.optim.SGD(params, lr=0.1)
"""
HARMLESS = "def count(params):\n    return 3\n"
HARMFUL = "def count(params):\n    return sum(p.numel() for p in params)\n"


def codes(found):
    return [one["code"] for one in found]


def test_an_unsaved_helper_counts(editor, tmp_path):
    (tmp_path / "helpers.py").write_text(HARMLESS, encoding="utf-8")
    client = editor()
    uri = client.open("train.py", CALLER)
    assert client.pull(uri) == []
    helper = client.open("helpers.py", HARMFUL)
    assert codes(client.pull(uri)) == ["OPT101"]
    client.change(helper, 2, {"text": f"{HARMFUL}def half("})  # the last good text of a helper counts
    assert codes(client.pull(uri)) == ["OPT101"]
    client.change(helper, 3, {"text": HARMLESS})
    assert client.pull(uri) == []
    client.change(helper, 4, {"text": HARMFUL})
    client.close(helper)  # without saving it
    assert client.pull(uri) == []


AVERAGE = """\
class Average:
    def __init__(self, parameters):
        self.parameters = parameters
        self.shadow = [p.clone().detach() for p in parameters]

    def update(self):
        for shadow, p in zip(self.shadow, self.parameters):
            shadow.mul_(0.9).add_(p, alpha=0.1)
"""
USER = """\
import torch
from average import Average
net = torch.nn.Linear(2, 1)
average = Average({given})
average.update()
"""


def test_a_file_hears_of_those_that_call_it(editor, tmp_path):
    (tmp_path / "average.py").write_text(AVERAGE, encoding="utf-8")
    (tmp_path / "train.py").write_text(USER.format(given="net.parameters()"), encoding="utf-8")
    client = editor()
    uri = client.open("average.py", AVERAGE)
    (said,) = client.pull(uri)
    assert (said["code"], said["range"]["start"]["line"]) == ("OPT101", 6)
    client.change(uri, 2, {"text": f"import math\n{AVERAGE}"})  # what was said moves on, until the file is saved
    assert [one["range"]["start"]["line"] for one in client.pull(uri)] == [7]
    client.open("train.py", USER.format(given="list(net.parameters())"))
    client.change(uri, 3, {"text": AVERAGE})
    assert client.pull(uri) == []


def test_a_script_that_never_names_torch_is_judged(editor, tmp_path):
    (tmp_path / "tools.py").write_text(
        "import torch\n\n\ndef build(params):\n    return torch.optim.SGD(params, lr=0.1)\n\n\n"
        "class Net(torch.nn.Linear):\n    pass\n",
        encoding="utf-8",
    )
    script = "from tools import Net, build\nparams = Net(2, 1).parameters()\nprint(len(list(params)))\nbuild(params)\n"
    (tmp_path / "train.py").write_text(script, encoding="utf-8")
    client = editor()
    assert codes(client.pull(client.open("train.py", script))) == ["OPT101"]


def test_those_who_wait_hear_of_an_edit_elsewhere(editor, tmp_path):
    (tmp_path / "helpers.py").write_text(HARMLESS, encoding="utf-8")
    client = editor("emacs")
    uri = client.open("train.py", CALLER)
    assert client.pushed(uri, 1) == []
    client.open("helpers.py", HARMFUL)
    assert codes(client.pushed(uri, 1)) == ["OPT101"]


def test_a_helper_changed_on_disk_counts(editor, tmp_path):
    helper = tmp_path / "helpers.py"
    client = editor()
    uri = client.open("train.py", CALLER)
    assert client.pull(uri) == []
    helper.write_text(HARMFUL, encoding="utf-8")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": helper.as_uri(), "type": 1}]})
    client.notification("workspace/diagnostic/refresh")
    assert codes(client.pull(uri)) == ["OPT101"]


def test_each_folder_has_its_own_configuration_which_is_read_again(editor, tmp_path):
    for name, table in (("one", ""), ("two", "[tool.optlint]\nignore = ['OPT101']\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(table, encoding="utf-8")
    client = editor()
    one, two = client.open("one/train.py", REUSED), client.open("two/train.py", REUSED)
    assert (codes(client.pull(one)), codes(client.pull(two))) == (["OPT101"], [])
    config = tmp_path / "one" / "pyproject.toml"
    config.write_text("[tool.optlint]\nseverity = {OPT101 = 'warning'}\n", encoding="utf-8")
    client.change(one, 2, {"text": f"{REUSED}\n"})  # nobody said that the configuration has changed
    assert [one["severity"] for one in client.pull(one)] == [2]
    config.write_text("[tool.optlint]\nexclude = ['*.py']\n", encoding="utf-8")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": config.as_uri(), "type": 2}]})
    assert client.pull(one) == []


def test_a_broken_configuration_is_told_once(editor, tmp_path):
    (tmp_path / "optlint.toml").write_text("selct = []\n", encoding="utf-8")
    client = editor()
    uri = client.open("train.py", REUSED)
    for _ in range(3):
        assert client.pull(uri) == []
    told = [one["params"]["message"] for one in client.notifications if one["method"] == "window/showMessage"]
    assert len(told) == 1
    assert "did you mean `select`?" in told[0]


def test_settings_override_the_configuration(editor):
    client = editor(ignore=["OPT101"])
    uri = client.open("train.py", REUSED)
    assert client.pull(uri) == []
    client.notify("workspace/didChangeConfiguration", {"settings": {"optlint": {"ignore": []}}})
    assert codes(client.pull(uri)) == ["OPT101"]
    client.notify("workspace/didChangeConfiguration", {"settings": {"optlint": {"ignore": 3}}})
    assert "`optlint.ignore` must be a list" in client.notification("window/showMessage")["message"]
    assert codes(client.pull(uri)) == ["OPT101"]


def test_one_configuration_file_may_hold_for_all(editor, tmp_path):
    (tmp_path / "mine.toml").write_text("ignore = ['OPT101']\n", encoding="utf-8")
    client = editor(configuration="mine.toml")
    assert client.pull(client.open("train.py", REUSED)) == []


def test_files_that_are_not_open_are_told_of_when_the_workspace_is_asked_for(editor, tmp_path):
    (tmp_path / "train.py").write_text(CALLER, encoding="utf-8")
    (tmp_path / "other.py").write_text("import torch\n", encoding="utf-8")
    client = editor()
    assert client.request("workspace/diagnostic", {"previousResultIds": []})["items"] == []
    (tmp_path / "helpers.py").write_text(HARMFUL, encoding="utf-8")
    waiting = client.ask("workspace/diagnostic", {"previousResultIds": []})
    helper = {"uri": client.uri("helpers.py"), "type": 1}
    client.notify("workspace/didChangeWatchedFiles", {"changes": [helper]})
    (item,) = client.answer(waiting)["result"]["items"]
    assert (item["uri"], codes(item["items"])) == (client.uri("train.py"), ["OPT101"])
    (tmp_path / "train.py").unlink()
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": client.uri("train.py"), "type": 3}]})
    known = {"uri": item["uri"], "value": item["resultId"]}
    (item,) = client.request("workspace/diagnostic", {"previousResultIds": [known]})["items"]
    assert (item["uri"], item["items"]) == (client.uri("train.py"), [])


def test_the_workspace_may_be_left_alone(editor):
    assert editor().capabilities["diagnosticProvider"]["workspaceDiagnostics"] is True
    assert editor(workspaceDiagnostics=False).capabilities["diagnosticProvider"]["workspaceDiagnostics"] is False


def notebook(client, *cells):
    """Open a notebook of these cells: Python, or Markdown for those that begin with a heading."""
    kinds = [(1, "markdown") if text.startswith("# ") else (2, "python") for text in cells]
    documents = [
        {"uri": f"vscode-notebook-cell:/nb.ipynb#{place}", "languageId": language, "version": 1, "text": text}
        for place, (text, (_, language)) in enumerate(zip(cells, kinds, strict=True))
    ]
    outline = [{"kind": kind, "document": one["uri"]} for one, (kind, _) in zip(documents, kinds, strict=True)]
    uri = client.uri("nb.ipynb")
    document = {"uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": outline}
    sent = [one for one in documents if one["languageId"] == "python"]
    client.notify("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": sent})
    return uri, [one["uri"] for one in documents]


def test_the_cells_of_a_notebook_are_one_program(editor):
    client = editor()
    first, second = (
        "%pip install torch\nimport torch\nmodel = torch.nn.Linear(2, 1)\nparams = model.parameters()",
        ("!nvidia-smi\nprint(sum(p.numel() for p in params))\noptimizer = torch.optim.SGD(params, lr=0.1)"),
    )
    uri, cells = notebook(client, "# Training", first, second)
    assert client.pull(cells[1]) == []
    (found,) = client.pull(cells[2])
    assert (found["code"], found["range"]["start"]["line"]) == ("OPT101", 2)
    assert {one["location"]["uri"] for one in found["relatedInformation"]} == {cells[1], cells[2]}
    (fix, *_) = client.actions(cells[2], EVERYWHERE, only=["quickfix"])
    mended = after(first, edits_of(fix, cells[1]))
    assert mended.endswith("params = list(model.parameters())")
    content = {"document": {"uri": cells[1], "version": 2}, "changes": [{"text": mended}]}
    change = {"notebookDocument": {"uri": uri, "version": 2}, "change": {"cells": {"textContent": [content]}}}
    client.notify("notebookDocument/didChange", change)
    client.notification("workspace/diagnostic/refresh")  # editors ask again for the cell that was edited, and no other
    assert client.pull(cells[2]) == []


def test_cells_may_come_and_go(editor):
    client = editor()
    program = REUSED.splitlines()
    uri, cells = notebook(client, "\n".join(program[:3]), program[3], program[4])
    assert codes(client.pull(cells[2])) == ["OPT101"]
    array = {"start": 1, "deleteCount": 1}
    structure = {"array": array, "didClose": [{"uri": cells[1]}]}
    change = {"notebookDocument": {"uri": uri, "version": 2}, "change": {"cells": {"structure": structure}}}
    client.notify("notebookDocument/didChange", change)
    assert client.pull(cells[2]) == []
    client.notify(
        "notebookDocument/didClose",
        {"notebookDocument": {"uri": uri}, "cellTextDocuments": [{"uri": cells[0]}, {"uri": cells[2]}]},
    )
    assert client.pull(cells[2]) == []


def test_all_is_fixed_in_a_notebook(editor):
    client = editor()
    program = REUSED.splitlines()
    _, cells = notebook(client, "\n".join(program[:3]), "\n".join(program[3:]))
    (action,) = client.actions(cells[0], EVERYWHERE, only=["notebook.source.fixAll"])
    edits = edits_of(client.request("codeAction/resolve", action), cells[0])
    assert after("\n".join(program[:3]), edits).endswith("list(model.parameters())")


def test_the_server_answers_while_it_works(editor):
    client = editor()
    small = client.open("small.py", "x = 1\n")
    client.pull(small)
    function = "def f{n}(model):\n    p = model.parameters()\n    list(p)\n    return torch.optim.SGD(p, lr=0.1)\n"
    large = client.open("large.py", "import torch\n" + "".join(function.format(n=n) for n in range(800)))
    work = client.ask("textDocument/diagnostic", {"textDocument": {"uri": large}})
    for _ in range(5):
        number = client.ask("textDocument/inlayHint", {"textDocument": {"uri": small}, "range": EVERYWHERE})
        assert client.answer(number)["result"] == []
    assert len(client.answer(work)["result"]["items"]) == 800  # it would have been missed, had it come first


def test_a_request_can_be_taken_back_and_the_newest_version_counts(editor):
    client = editor()
    uri = client.open("train.py", "import torch\n" + "\n".join(f"x{n} = torch.nn.Linear({n}, 1)" for n in range(3000)))
    numbers = []
    for version in range(2, 12):
        numbers.append(client.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}}))
        client.change(uri, version, {"text": REUSED.replace("0.1", f"{version}")})
        client.notify("$/cancelRequest", {"id": numbers[-1]})
    last = client.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    answers = {}
    while len(answers) < len(numbers) + 1:
        message = client.any_answer()
        answers[message["id"]] = message
    taken_back = [number for number in numbers[1:] if answers[number].get("error", {}).get("code") == -32800]
    assert taken_back  # on a busy machine some are answered before they can be
    assert all("result" in answers[number] for number in numbers[1:] if number not in taken_back)
    assert codes(answers[last]["result"]["items"]) == ["OPT101"]
