"""`optlint explain FILE.py:FUNCTION`: what an optimizer would do, from the objects that a function returns."""

from __future__ import annotations

import pytest

from tests.audit.programs import Folder

BUILD = """\
    import torch
    from torch import nn
    from layers import network

    def build():
        model = network()
        model[0].requires_grad_(False)
        params = (p for p in model.parameters() if p.requires_grad)
        print("to train:", sum(p.numel() for p in params))
        groups = [{"params": params}, {"params": [model[1].weight], "lr": 1e-2}]
        return {"optimizers": [torch.optim.AdamW(groups, lr=1e-3)], "model": model}

    def two():
        first, second = network(), network()
        parts = [torch.optim.SGD(layer.parameters(), lr=0.1) for layer in first]
        return first, parts

    def breaks():
        raise ValueError("no data here")

    def nothing():
        return network()

    if __name__ == "__main__":
        raise SystemExit("it must not train")
    """
LAYERS = """\
    from torch import nn

    def network():
        return nn.Sequential(nn.Linear(8, 16), nn.Linear(16, 4))
    """


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = Folder(tmp_path_factory.mktemp("explained"))
    folder.write("build.py", BUILD)
    folder.write("layers.py", LAYERS)
    return folder


def explain(folder, *arguments):
    return folder.python("-m", "optlint", "explain", *arguments)


def test_it_tells_and_draws_without_training(folder):
    outcome = explain(folder, "build.py:build", "--report", "seen.html", "--report", "seen.json")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert "OPT101" in lines[1]  # before it stands what the function itself has printed
    assert lines[-1] == (
        "64 of 212 elements would train, at one rate: 0.01. 4 would never train: 1.bias. 144 are frozen."
    )
    html = (folder.path / "seen.html").read_text(encoding="utf-8")
    assert "<h1>64 of 212 elements would train, at one rate: 0.01.</h1>" in html
    assert "groups = [" in html
    report = folder.json("seen.json")
    assert [one["row"] for one in report["optimizers"]] == [11]
    assert {one["name"]: one["reason"] for one in report["unowned"]} == {
        "0.weight": "frozen, and not given to the optimizer",
        "0.bias": "frozen, and not given to the optimizer",
        "1.bias": "was not given to the optimizer",
    }


def test_what_several_optimizers_share_out_is_left_out_by_none(folder):
    outcome = explain(folder, "build.py:two")
    assert outcome.code == 0
    assert "in no optimizer" not in outcome.out
    assert outcome.out.splitlines()[-1] == "All 212 elements would train, at one rate: 0.1."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build.py:breaks"], "ValueError: no data here\noptlint explain: the model and its optimizer could not"),
        (["build.py:nothing"], "`nothing` returned no optimizer"),
        (["build.py:absent"], "build.py: there is no function `absent`"),
        (["absent.py:build"], "absent.py: there is no such file"),
        (["build.py"], "`build.py` names no function; write `build.py:build`"),
        ([], "which function?"),
        (["build.py:build", "--report", "seen.txt"], "--report seen.txt: the name must end in .json or .html"),
    ],
)
def test_what_cannot_be_explained_is_said(folder, arguments, words):
    outcome = explain(folder, *arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert "auditing" not in outcome.err  # no frame of ours
    assert outcome.out == ""
