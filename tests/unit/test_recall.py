"""The mutation harness plants what it says."""

from __future__ import annotations

import ast
import runpy
from pathlib import Path
from typing import Any

import pytest

HARNESS: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "recall.py"))
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
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cuda")
    for x in loader:
        optimizer.zero_grad()
        loss = (model(x) - frozen(x)).pow(2).mean()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    for x in loader:
        optimizer.zero_grad()
        loss = model(x).sum()
        loss.backward()
        optimizer.step()
"""
MUTANTS = list(HARNESS["mutants"](PROGRAM))


def test_each_way_finds_a_place() -> None:
    assert {(one.code, one.how) for one in MUTANTS} == HARNESS["WAYS"].keys()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: f"{one.code}-{one.how}-{one.row}".replace(" ", "-"))
def test_a_mutant_is_another_program(mutant: Any) -> None:
    assert ast.dump(ast.parse(mutant.text)) != ast.dump(ast.parse(PROGRAM))


@pytest.mark.parametrize(
    ("how", "row", "gone", "new"),
    [
        ("zero_grad dropped", 33, "", "        pass"),
        ("step not called", 36, "        optimizer.step()", "        optimizer.step"),
        ("list for ModuleList", 8, "", "        self.layers = [nn.Linear(2, 2), nn.Linear(2, 1)]"),
        ("tensor for Parameter", 9, "", "        self.gain = torch.ones(1).requires_grad_()"),
        ("requires_grad misspelt", 19, "", "        p.require_grad = False"),
        ("requires_grad of the module", 18, "        p.requires_grad = False", "    frozen.requires_grad = False"),
        ("loss detached", 35, "        loss.backward()", "        loss.detach().requires_grad_().backward()"),
    ],
)
def test_it_is_broken_where_it_says(how: str, row: int, gone: str, new: str) -> None:
    mutant = next(one for one in MUTANTS if (one.how, one.row) == (how, row))
    lines = mutant.text.split("\n")
    assert lines[row - 1] == new
    assert not gone or gone not in lines


def test_statements_are_moved() -> None:
    moved = {one.how: one.text.split("\n") for one in MUTANTS if "moved" in one.how}
    late = [line.strip() for line in moved["clip moved behind step"]]
    assert late.index("scaler.step(optimizer)") < late.index("nn.utils.clip_grad_norm_(model.parameters(), 1.0)")
    cleared = [line.strip() for line in moved["zero_grad moved before step"]]
    place = cleared.index("optimizer.step()")
    assert cleared[place - 2 : place] == ["loss.backward()", "optimizer.zero_grad()"]


def test_bugs_are_found_and_the_program_itself_is_right(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    verdicts = [(mutant.how, found) for _, mutant, found in HARNESS["judged"]([str(tmp_path)], 9)]
    assert len(verdicts) == len(MUTANTS)
    assert [how for how, found in verdicts if not found] == []
