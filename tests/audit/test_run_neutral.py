"""Weights, gradients, random numbers, output and exit code of a training are the same with the audit around it."""

from __future__ import annotations

import pytest

from tests.audit import training
from tests.audit.programs import Folder
from tests.audit.releases import since

STOPS = {
    "error in backward": "lambda model: torch.randn(2).sum().backward()",
    "exit": "lambda model: sys.exit(5)",
    "exit at once": "lambda model: [print(digest(model), flush=True), os._exit(7)]",
    "interrupt": "lambda model: os.kill(os.getpid(), 2)",
}


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.write("shared.py", training.DIGEST)
    return folder


def same(folder, *program):
    native = folder.python(*program)
    audited = folder.audited("--report", "report.json", *program)
    assert audited[:2] == native[:2]
    assert audited.err.startswith(native.err)
    assert "Error" not in audited.err.removeprefix(native.err)
    return audited


def test_a_training_is_the_same(folder):
    same(folder, folder.write("plain.py", training.PLAIN))
    (optimizer,) = folder.json("report.json")["optimizers"]
    assert (optimizer["class"], optimizer["steps"]) == ("AdamW", 30)


@since("2.4")
def test_many_kinds_of_optimizers_are_the_same(folder):
    same(folder, folder.write("many.py", training.MANY))
    assert len(folder.json("report.json")["optimizers"]) == 5


@pytest.mark.parametrize("stop", STOPS)
def test_a_training_ends_the_same(folder, stop):
    program = f"import os, sys\nfrom shared import *\ntrain(stop={STOPS[stop]})\n"
    same(folder, folder.write("stops.py", program))


def test_what_ends_at_once_leaves_its_report(folder):
    program = folder.write("ends.py", "import os\nfrom shared import *\ntrain()\nos._exit(0)\n")
    assert "30 steps" in folder.audited("--report", "report.json", program).err
    assert [one["steps"] for one in folder.json("report.json")["optimizers"]] == [30]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_loader_change_nothing_and_stay_silent(folder, method):
    outcome = same(folder, folder.write("loader.py", training.LOADER), method)
    (optimizer,) = folder.json("report.json")["optimizers"]
    assert optimizer["steps"] == 12
    assert outcome.err.count("optlint") == 1


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_child_processes_are_the_same_and_are_followed(folder, method):
    same(folder, folder.write("children.py", training.CHILDREN), method)
    assert [one["steps"] for one in folder.json("report.json")["optimizers"]] == [30, 30]


def test_a_fork_is_followed(folder):
    same(folder, folder.write("forks.py", training.FORK))
    assert [one["steps"] for one in folder.json("report.json")["optimizers"]] == [30, 30, 30]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ranks_of_spawned_processes_write_each_its_own(folder, method):
    program = folder.write("spawned.py", training.SPAWNED)
    outcome = folder.audited("--report", "report.json", program, str(folder.path / "meeting"), method)
    assert outcome.code == 0, outcome.err
    for rank, name in enumerate(("report.json", "report.rank1.json")):
        report = folder.json(name)
        assert [one["steps"] for one in report["optimizers"]] == [10]
        assert [(one["code"], one["rank"]) for one in report["diagnostics"]] == [("OPT201", rank)]
    assert outcome.err.count("error[OPT201]") == outcome.err.count("(on 2 of 2 ranks)") == 1


def test_ranks_of_torchrun_are_the_same_and_write_each_its_own(folder):
    program = folder.write("distributed.py", training.DISTRIBUTED)
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", program)
    assert folder.python(*torchrun).code == 0
    digests = [(folder.path / f"digest{rank}").read_text() for rank in (0, 1)]
    outcome = folder.audited("--report", "report.json", "--check-replicas", "2", *torchrun)
    assert outcome.code == 0, outcome.err
    assert [(folder.path / f"digest{rank}").read_text() for rank in (0, 1)] == digests
    for name in ("report.json", "report.rank1.json"):
        assert [one["steps"] for one in folder.json(name)["optimizers"]] == [10]
