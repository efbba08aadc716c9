"""What the audit costs when nothing happens, and how soon it notices when something does."""

from __future__ import annotations

import itertools
import os
import sys
from typing import TYPE_CHECKING, Any

import torch
from torch import nn, optim

import optlint
from optlint.auditing.options import Options
from optlint.auditing.session import Session
from tests.audit.small import mlp, train, train_to_own_width

if TYPE_CHECKING:
    from types import FrameType

OURS = os.path.dirname(optlint.__file__) + os.sep
QUIET = 172  # a step far from any look
AT_REST = 125  # instructions of ours in one iteration: `zero_grad`, `backward` and the hook behind the step


def instructions_of_ours(layers: int, steps: int) -> int:
    """How many instructions of the audit one iteration runs after `steps` others."""
    counted = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal counted
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    with Session(Options()):
        model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(layers)))
        optimizer = optim.SGD(model.parameters(), lr=1e-4)
        train_for(model, optimizer, steps)
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 only tells of opcodes if one frame wants them beforehand
        sys.settrace(trace)
        try:
            train_for(model, optimizer, 4)
        finally:
            sys.settrace(before)
    return counted // 4


def train_for(model: nn.Module, optimizer: optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(2, 4)).square().mean().backward()
        optimizer.step()


def test_it_rests():
    assert 0 < instructions_of_ours(2, QUIET) < AT_REST


def test_it_rests_however_large_the_model_is():
    assert instructions_of_ours(40, QUIET) == instructions_of_ours(2, QUIET)


def test_a_look_would_be_seen():
    assert instructions_of_ours(2, 2) > 10 * AT_REST


def test_looks_become_rare():
    looks = []
    with Session(Options()) as session:
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=1e-4)
        for step in range(2000):
            before = session._handlers.book.of(optimizer).parameters
            looked = next(iter(before.values())).looks
            train(model, optimizer, 1)
            if next(iter(before.values())).looks > looked:
                looks.append(step)
    assert len(looks) < 60
    assert max(later - earlier for earlier, later in itertools.pairwise(looks)) >= 256


def test_an_optimizer_that_never_steps_is_told_while_it_runs():
    with Session(Options()) as session:
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for _ in range(1100):
            optimizer.zero_grad()
            model(torch.ones(2, 4)).sum().backward()
        assert [one.code for one in session.diagnostics] == ["OPT507"]


def test_an_optimizer_that_waits_is_not_watched_for_ever():
    with Session(Options()) as session:
        model = mlp()
        waiting, working = optim.SGD(model[0].parameters(), lr=0.1), optim.SGD(model[2].parameters(), lr=0.1)
        for _ in range(1100):
            waiting.zero_grad()
            working.zero_grad()
            model(torch.ones(2, 4)).square().mean().backward()
            working.step()
        assert not session._handlers.attention.watched
        waiting.step()
        assert session._handlers.attention.watched
    assert [one for one in session.diagnostics if one.severity.counts] == []


def test_what_is_unfrozen_late_is_noticed_soon():
    with Session(Options()) as session:
        model = mlp()
        model[0].requires_grad_(False)
        optimizer = optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        train(model, optimizer, 300)
        for parameter in model[0].parameters():
            parameter.requires_grad = True
        train(model, optimizer, 4)
        found = [(one.code, one.parameters, one.step) for one in session.diagnostics if one.severity.counts]
    assert found == [("OPT405", ("0.bias", "0.weight"), 304)]


def test_a_probe_without_gradient_gives_way_to_one_that_always_has_it():
    with Session(Options()) as session:
        model = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        optimizer = optim.SGD(model.parameters(), lr=1e-3)
        chain = nn.Sequential(model[1])
        train_to_own_width(nn.Sequential(*model), optimizer)
        train_to_own_width(chain, optimizer)
        train_to_own_width(nn.Sequential(*model), optimizer)
        assert session._handlers.book.of(optimizer).probe() is model[1].weight
