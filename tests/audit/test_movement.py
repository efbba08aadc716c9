"""Whether parameters move: samples of many at once, some at each look, and all of them where that is in doubt."""

from __future__ import annotations

import torch
from torch import nn, optim

from optlint.auditing.memory.samples import are_alike, copies_of, flags_of, spread_over, take_sample
from optlint.auditing.options import Options
from optlint.auditing.session import Session

LAYERS = 100  # twice as many parameters, more than are compared at one look


def train(layers, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        sum(layer(torch.ones(2, 2, dtype=layer.weight.dtype)).square().sum() for layer in layers).backward()
        optimizer.step()


def watched(kind, steps, dtype=torch.float32):
    """What is told of a training of many small layers, and what is known of each parameter."""
    with Session(Options()) as session:
        layers = nn.ModuleList(nn.Linear(2, 2, dtype=dtype) for _ in range(LAYERS))
        with torch.no_grad():
            for parameter in layers.parameters():
                parameter.fill_(1.0)
        train(layers, kind(layers), steps)
        counted = [one for one in session.diagnostics if one.severity.counts]
        (optimizer,) = session.report().optimizers
        return counted, [one.moved for group in optimizer.groups for one in group.parameters]


class Idle(optim.SGD):
    def step(self, closure=None):
        pass


class Last(optim.SGD):
    """Moves one parameter only, the last."""

    def step(self, closure=None):
        with torch.no_grad():
            self.param_groups[0]["params"][-1].add_(0.1)


def test_all_are_known_to_move_after_a_few_looks():
    assert watched(lambda layers: optim.SGD(layers.parameters(), lr=1e-3), 8) == ([], ["yes"] * 2 * LAYERS)


def test_a_step_without_effect_names_all_parameters():
    ((found,), moved) = watched(lambda layers: Idle(layers.parameters(), lr=0.1), 16)
    assert (found.code, len(found.parameters)) == ("OPT803", 2 * LAYERS)
    assert set(moved) == {"no"}


def test_steps_that_rounding_swallows_name_all_parameters():
    ((found,), _) = watched(lambda layers: optim.SGD(layers.parameters(), lr=1e-6), 8, torch.bfloat16)
    assert (found.code, len(found.parameters)) == ("OPT802", 2 * LAYERS)


def test_one_that_moves_is_found_among_many():
    counted, moved = watched(lambda layers: Last(layers.parameters(), lr=0.1), 40)
    assert counted == []
    assert moved[-1] == "yes"
    assert "yes" not in moved[:-1]


def test_samples_of_many_kinds_are_those_of_each():
    tensors = [
        nn.Parameter(torch.randn(3, 3)),
        torch.arange(5),
        torch.randn(40, dtype=torch.float64),
        torch.randn(6, 4).t(),
        torch.tensor(2.0),
        torch.randn(7).half(),
    ]
    spreads = [spread for tensor in tensors if (spread := spread_over(tensor)) is not None]
    copies = copies_of(spreads)
    for tensor, copy in zip(tensors, copies, strict=True):
        sample = take_sample(tensor)
        assert sample is not None
        assert are_alike(sample, copy)
        assert torch.equal(sample, copy)
        assert copy.data_ptr() != tensor.data_ptr()
    with torch.no_grad():
        tensors[2].add_(1)
    changed = [True in flags for flags in flags_of(torch.ne, copies, spreads)]
    assert changed == [False, False, True, False, False, False]


def test_what_has_no_values_here_has_no_sample():
    freed = torch.ones(4)
    freed.untyped_storage().resize_(0)
    nothing = (torch.ones(0), torch.ones(3, device="meta"), torch.ones(2, 2).to_sparse(), freed)
    assert [take_sample(tensor) for tensor in nothing] == [None] * 4
