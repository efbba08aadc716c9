"""Runs of several ranks, however they were started: each leaves its report, and one sums up for all."""

from __future__ import annotations

import pytest

from tests.audit.programs import Folder
from tests.audit.releases import since

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
BROKEN = """\
    import os, sys
    import torch
    import torch.distributed as dist
    from torch import nn

    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(rank)
    model, noise = nn.Linear(4, 2), torch.randn(3)
    optimizer = torch.optim.SGD([{"params": model.parameters()}, {"params": [noise]}], lr=0.1)
    for step in range(12):
        if (rank, step) == (1, 9) and "kill" in sys.argv:
            os.kill(os.getpid(), 9)
        optimizer.zero_grad()
        model(torch.randn(8, 4)).pow(2).mean().backward()
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)
        optimizer.step()
    """


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.write("broken.py", BROKEN)
    return folder


def codes(found):
    return [(one["code"], one["rank"], one["ranks"]) for one in found]


@since("2.3")
def test_of_runs_that_a_launcher_starts_the_first_sums_up(folder):
    options = ("--check-replicas", "4", "--report", "report.json")
    outcome = folder.python(*TORCHRUN, "-m", "optlint", "run", *options, "broken.py", TMPDIR=str(folder.path))
    assert outcome.code == 0, outcome.err
    assert codes(folder.json("report.json")["diagnostics"]) == [("OPT201", 0, [0, 1]), ("OPT804", 1, [])]
    assert codes(folder.json("report.rank1.json")["diagnostics"]) == [("OPT201", 1, [1])]
    assert outcome.err.count("error[OPT201]") == outcome.err.count("(on 2 of 2 ranks)") == 1
    assert "`weight` and 1 more differ on rank 1 from rank 0 after step 4" in outcome.err
    assert not [path.name for path in folder.path.glob("optlint-*")]


def test_a_killed_rank_leaves_its_journal(folder):
    folder.audited("--report", "report.json", *TORCHRUN, "broken.py", "kill")
    assert codes(folder.lines("report.rank1.jsonl")) == [("OPT201", 1, [1])]
    assert not (folder.path / "report.rank1.json").exists()
    said = folder.python("-m", "optlint", "report", ".").out
    assert said.count("error[OPT201]") == said.count("(on 2 of 2 ranks)") == 1
    assert "report.rank1.jsonl is all that its run has left" in said
