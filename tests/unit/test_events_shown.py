"""What the engine tells of a file can be read, places by their words."""

from __future__ import annotations

from scripts.events import lines

SOURCE = """\
import torch

model = torch.nn.Linear(2, 2)
params = model.parameters()
list(params)
optimizer = torch.optim.SGD([{"params": params}], lr=0.1)
model.requires_grad = False
"""


def test_events_are_shown_with_their_facts() -> None:
    shown = {(row, kind): facts for row, kind, facts in lines(SOURCE, "train.py")}
    assert shown[6, "GroupsBuilt"].startswith("optimizer='SGD', ")
    assert "owner='module', label='model', attribute='requires_grad', defined=False" in shown[7, "AttributeSet"]
    assert "iterator=Iterator(kind='parameters', made='model.parameters()'" in shown[6, "Consumed"]
    assert "births=['model.parameters()']" in shown[6, "Consumed"]
