"""Broken programs: rates and values."""

from __future__ import annotations

import torch
from torch import nn, optim

from tests.audit.broken import broken
from tests.audit.small import ALL, X, loss_of, mlp, train


@broken("OPT301", "0.weight", "0.bias")
def misspelt_rate() -> None:
    model = mlp()
    groups = [{"params": model[0].parameters(), "learning_rate": 1e-4}, {"params": model[2].parameters()}]
    train(model, optim.Adam(groups, lr=0.1))  # here


@broken("OPT604", *ALL, severity="warning")
def rate_of_zero() -> None:
    model = mlp()
    train(model, optim.Adam(model.parameters(), lr=0.0), 12)  # here


@broken("OPT604", *ALL, severity="warning", by_step=12)
def rate_too_small() -> None:
    model = mlp()
    train(model, optim.SGD(model.parameters(), lr=1e-14), 12)  # here


@broken("OPT604", *ALL, severity="warning", by_step=3)
def rate_beyond_reason() -> None:
    model = mlp()
    train(model, optim.SGD(model.parameters(), lr=1e15), 4)  # here


@broken("OPT801", *ALL, severity="warning", by_step=24)
def nan_on_the_way() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    train(model, optimizer, 20)
    for _ in range(8):
        optimizer.zero_grad()
        (loss_of(model) * float("nan")).backward()
        optimizer.step()


@broken("OPT802", *ALL, severity="warning", by_step=12)
def rounded_away() -> None:
    model = mlp().bfloat16()
    optimizer = optim.SGD(model.parameters(), lr=1e-6)  # here
    for _ in range(12):
        optimizer.zero_grad()
        model(X.bfloat16()).square().mean().backward()
        optimizer.step()


@broken("OPT803", *ALL, severity="warning", by_step=16)
def clipped_to_nothing() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    for _ in range(12):
        optimizer.zero_grad()
        loss_of(model).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1e-10)
        optimizer.step()


@broken("OPT701", *ALL)
def state_in_another_order() -> None:
    model = mlp()
    optimizer = optim.Adam(model.parameters())
    train(model, optimizer, 2)
    other = optim.Adam(reversed(list(model.parameters())))
    other.load_state_dict(optimizer.state_dict())  # here


@broken("OPT803", *ALL, severity="warning", by_step=16)
def own_optimizer_that_rebinds() -> None:
    class Rebinds(optim.Optimizer):
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            for p in self.param_groups[0]["params"]:
                p = p - 0.1 * p.grad  # noqa: PLW2901

    model = mlp()
    train(model, Rebinds(model.parameters(), {}), 20)  # here
    assert not torch.equal(X, X + 1)
