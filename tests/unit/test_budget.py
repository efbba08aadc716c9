"""A file that would take for ever is cut short: what was not run is not judged, and the other functions are."""

from __future__ import annotations

import pytest

import optlint
from optlint.flow import life
from optlint.flow.core import machine

HEAD = "from torch import nn, optim\n"

LONG = "def long(x):\n" + "    x = x.grad + 1\n" * 500 + "    return x\n"

BUG = """\
def broken(model):
    params = model.parameters()
    print(len(list(params)))
    return optim.SGD(params, lr=0.1)
"""

WAITING = """\
def waiting(x):
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    optimizer = optim.SGD(
        [{"params": nn.Sequential(*list(model.children())[:1]).parameters()}, {"params": model[2].parameters()}], lr=0.1
    )
    {call}
    return optimizer
"""


@pytest.fixture(autouse=True)
def small_budget(monkeypatch):
    monkeypatch.setattr(machine, "MOST_STEPS_OF_ROOT", 1000)


def codes(text):
    return [diagnostic.code for diagnostic in optlint.lint(text)]


@pytest.mark.parametrize("text", [HEAD + LONG + BUG, HEAD + BUG + LONG], ids=["before", "after"])
def test_other_functions_are_judged(text):
    assert codes(text) == ["OPT101"]


def test_nothing_is_said_at_an_end_that_did_not_come():
    assert codes(HEAD + LONG + WAITING.replace("{call}", "pass")) == ["OPT405"]
    assert codes(HEAD + LONG + WAITING.replace("{call}", "long(x)")) == []


def test_there_is_a_little_left_for_each_root(monkeypatch):
    monkeypatch.setattr(machine, "MOST_STEPS", 1500)
    assert codes(HEAD + LONG + LONG.replace("long", "other") + BUG) == ["OPT101"]
    monkeypatch.setattr(machine, "SPARE_STEPS", 0)
    assert codes(HEAD + LONG + LONG.replace("long", "other") + BUG) == []


OFFSPRING = """\
class Trained:
    def validation_step(self, batch):
        pass

    @classmethod
    def wrapped(cls, net):
        class Inner(Trained):
            def validation_step(self, batch):
                return net(batch)

    def train(self, optimizer, loss):
        loss.backward()
        optimizer.step()
"""


def test_a_method_that_defines_another_class_with_the_same_method_comes_to_an_end(monkeypatch):
    lives = []
    live = life.Life._live

    def counted(self, cls, ref, state):
        lives.append(cls)
        assert len(lives) < 10
        live(self, cls, ref, state)

    monkeypatch.setattr(life.Life, "_live", counted)
    assert codes("import torch\n" + OFFSPRING) == []
    assert lives
