"""Methods are left out only if they say nothing: what is stored by one and used by another is followed."""

from __future__ import annotations

import pytest

import optlint
from optlint.flow.core import machine

STORED = """\
from torch import nn

class Log:
    def __init__(self, model):
        self.values = model.parameters()

    def first(self):
        print(list(self.values))
        self.second()

    def second(self):
        for value in self.values:
            print(value)
"""

SET_LATER = """\
from torch import nn, optim

class Trainer:
    def prepare(self):
        self.net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        self.first, self.rest = self.net[:1], self.net

    def begin(self):
        self.prepare()
        groups = [{"params": self.first.parameters()}, {"params": self.rest.parameters()}]
        self.optimizer = optim.SGD(groups, lr=0.1)
"""

THROUGH_HELPER = """\
from torch import nn

class Report:
    def count(self, those):
        return len(list(those))

    def show(self, model):
        those = model.parameters()
        print(self.count(those), self.count(those))
"""

OTHERS = """\
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def describe(self, text):
{lines}

    def grouped(self, model):
        those = model.parameters()
        print(list(those), list(those))
"""


@pytest.mark.parametrize(("code", "expected"), [(STORED, "OPT101"), (SET_LATER, "OPT302"), (THROUGH_HELPER, "OPT101")])
def test_what_goes_from_one_method_to_another_is_followed(code, expected):
    assert [diagnostic.code for diagnostic in optlint.lint(code)] == [expected]


def test_methods_that_say_nothing_cost_nothing(monkeypatch):
    monkeypatch.setattr(machine, "MOST_STEPS", 100)
    monkeypatch.setattr(machine, "SPARE_STEPS", 0)
    lines = "        text = text.strip() + text.lower()\n" * 500
    assert [diagnostic.code for diagnostic in optlint.lint(OTHERS.format(lines=lines))] == ["OPT101"]


def test_those_that_say_something_are_paid_for(monkeypatch):
    monkeypatch.setattr(machine, "MOST_STEPS", 100)
    monkeypatch.setattr(machine, "SPARE_STEPS", 0)
    lines = "        text = text.grad.strip() + text.lower()\n" * 500
    assert optlint.lint(OTHERS.format(lines=lines)) == []
