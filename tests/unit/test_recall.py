"""The mutation harness plants what it says."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
with patch.object(sys, "path", [str(SCRIPTS), *sys.path]):
    HARNESS: dict[str, Any] = runpy.run_path(str(SCRIPTS / "recall.py"))
PROGRAM = """import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 1)])
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x) * self.gain
        return x


def train(loader, frozen: nn.Module):
    for p in frozen.parameters():
        p.requires_grad = False
    frozen.eval()
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cuda")
    for x in loader:
        optimizer.zero_grad()
        loss = (model(x) - frozen(x)).pow(2).mean()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def train_head(loader):
    model = Net()
    model.head = nn.Linear(1, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for x in loader:
        optimizer.zero_grad()
        loss = model.head(model(x)).sum()
        loss.backward()
        optimizer.step()


def train_by_schedule(loader):
    model = Net()
    optimizer = torch.optim.Adam([{"params": model.parameters(), "lr": 0.1}], lr=0.2)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 9)
    parameters = list(model.parameters())
    for x in loader:
        optimizer.zero_grad()
        model(x).sum().backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        print(sum(p.norm() for p in parameters))
        schedule.step()
    for group in optimizer.param_groups:
        group["lr"] = 0.01


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)


def train_by_closure(loader):
    pair = Pair()
    both = torch.optim.LBFGS(list(pair.first.parameters()) + list(pair.second.parameters()), lr=0.1)
    for x in loader:

        def closure():
            both.zero_grad()
            loss = pair.second(pair.first(x)).sum()
            loss.backward()
            return loss

        both.step(closure)
"""
NOT_YET = {"layer put in after the optimizer", "one part left out"}
MUTANTS = list(HARNESS["mutants"](PROGRAM))


def test_each_way_finds_a_place() -> None:
    assert {(one.code, one.how) for one in MUTANTS} == HARNESS["WAYS"].keys()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: f"{one.code}-{one.how}-{one.row}".replace(" ", "-"))
def test_a_mutant_is_another_program(mutant: Any) -> None:
    assert ast.dump(ast.parse(mutant.text)) != ast.dump(ast.parse(PROGRAM))


@pytest.mark.parametrize(
    ("how", "row", "gone", "new"),
    [
        ("zero_grad dropped", 39, "", "        pass"),
        ("step not called", 42, "", "        optimizer.step"),
        ("list for ModuleList", 8, "", "        self.layers = [nn.Linear(2, 2), nn.Linear(2, 1)]"),
        ("tensor for Parameter", 9, "", "        self.gain = torch.ones(1).requires_grad_()"),
        ("requires_grad misspelt", 19, "", "        p.require_grad = False"),
        ("requires_grad of the module", 18, "        p.requires_grad = False", "    frozen.requires_grad = False"),
        ("loss detached", 41, "        loss.backward()", "        loss.detach().requires_grad_().backward()"),
    ],
)
def test_it_is_broken_where_it_says(how: str, row: int, gone: str, new: str) -> None:
    mutant = next(one for one in MUTANTS if (one.how, one.row) == (how, row))
    lines = mutant.text.split("\n")
    assert lines[row - 1] == new
    assert not gone or gone not in lines


def _mutant(how: str, row: int) -> list[str]:
    found = next(one for one in MUTANTS if (one.how, one.row) == (how, row))
    return [line.strip() for line in found.text.split("\n")]


def test_statements_are_moved() -> None:
    late = _mutant("clip moved behind step", 29)
    assert late.index("scaler.step(optimizer)") < late.index("nn.utils.clip_grad_norm_(model.parameters(), 1.0)")
    cleared = _mutant("zero_grad moved before step", 39)
    place = cleared.index("optimizer.step()")
    assert cleared[place - 2 : place] == ["loss.backward()", "optimizer.zero_grad()"]
    scheduled = _mutant("schedule moved before the step", 54)
    place = scheduled.index("schedule.step()")
    assert scheduled[place + 1] == "optimizer.step()"
    built = _mutant("optimizer built in the loop", 22)
    place = built.index("optimizer = torch.optim.Adam(model.parameters(), lr=0.1)")
    assert built[place - 1] == "for x in loader:"
    added = _mutant("layer put in after the optimizer", 36)
    place = added.index("model.head = nn.Linear(1, 1)")
    assert added[place - 1] == "optimizer = torch.optim.Adam(model.parameters(), lr=0.1)"


def test_bugs_are_found_and_the_program_itself_is_right(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    verdicts = [(mutant.how, found) for _, mutant, found in HARNESS["judged"]([str(tmp_path)], 9)]
    assert len(verdicts) == len(MUTANTS)
    assert {how for how, found in verdicts if not found} == NOT_YET
