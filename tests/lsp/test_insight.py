"""How many tensors a group gets, and what is not guessed."""

from __future__ import annotations

import pytest

from optlint.lsp.drafts import Draft, Part
from optlint.lsp.hints import label
from optlint.lsp.looks import Eyes
from optlint.lsp.settings import Settings
from optlint.lsp.texts import Text

PROGRAM = """\
import torch
from torch import nn
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1, bias=False))
frozen = [p for p in net.parameters() if some_test(p)]
optimizer = torch.optim.SGD({params}, lr=0.1)
"""


def insight(code):
    eyes = Eyes(Settings())
    draft = Draft("file:///train.py", "/train.py", (Part("file:///train.py", 1, Text(code)),))
    return eyes.insight(eyes.look(draft, [draft]))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ("net.parameters()", "3 tensors"),
        ("list(net.parameters())", "3 tensors"),
        ("[net[0].weight, net[0].bias]", "2 tensors"),
        ("[net[2].weight]", "1 tensor"),
        ("[{'params': net[0].parameters()}, {'params': [net[2].weight]}]", "2 groups: 2 + 1 tensors"),
        ("[{'params': net[0].parameters()}, {'params': frozen}]", "2 groups: 2 + ? tensors"),
        ("frozen", ""),
        ("load_model().parameters()", ""),
        ("filter(some_test, net.parameters())", ""),
    ],
)
def test_sizes_are_told_where_the_source_tells_them(params, expected):
    (built,) = insight(PROGRAM.format(params=params)).optimizers
    assert label(built) == expected


def test_an_optimizer_that_is_built_of_different_models_gets_no_hint():
    code = "import torch\ndef build(m):\n    return torch.optim.SGD(m.parameters(), lr=0.1)\n"
    code += "one = build(torch.nn.Linear(2, 1))\nother = build(torch.nn.Linear(2, 1, bias=False))\n"
    assert insight(code).optimizers == ()


def test_nothing_is_said_of_code_that_cannot_be_parsed_or_is_not_about_torch():
    assert insight("import torch\ndef (") == ((), ())
    assert insight("x = 1\n") == ((), ())


def test_draws_are_told_in_their_order():
    code = PROGRAM.format(params="params").replace(
        "frozen =", "params = net.parameters(); print(len(list(params))); frozen ="
    )
    (drawn,) = [one for one in insight(code).iterators if len(one.draws) > 1]
    assert [draw.by for draw in drawn.draws] == ["list", "SGD"]
