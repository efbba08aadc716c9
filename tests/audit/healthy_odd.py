"""Healthy programs that once looked broken, or broke the audit itself."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from torch import nn, optim

from tests.audit.small import loss_of, mlp, train

if TYPE_CHECKING:
    from collections.abc import Iterable


def module_of_length_zero() -> None:
    class Empty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)

        def __len__(self) -> int:
            return 0

    model = Empty()
    train(model, optim.Adam(model.parameters()))


def compiled_model_without_length() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)

    model = torch.compile(Net(), backend="eager")
    train(model, optim.Adam(model.parameters()))


def lazy_layers_given_before_their_shape_is_known() -> None:
    model = nn.Sequential(nn.LazyLinear(8), nn.Tanh(), nn.LazyLinear(2))
    train(model, optim.SGD(model.parameters(), lr=0.1))


def no_norm_to_spare() -> None:
    model = nn.Sequential(nn.Linear(4, 8, bias=False), nn.Tanh(), nn.Linear(8, 2, bias=False))
    spared = ["bias", "LayerNorm.weight", "norm"]
    groups = [
        {"params": [p for n, p in model.named_parameters() if not any(word in n for word in spared)]},
        {"params": [p for n, p in model.named_parameters() if any(word in n for word in spared)], "weight_decay": 0.0},
    ]
    train(model, optim.AdamW(groups))


def own_optimizer_with_its_own_rate() -> None:
    class Own(optim.Optimizer):
        def __init__(self, params: Iterable[torch.Tensor]) -> None:
            super().__init__(params, {"lr": 0.0})

        @torch.no_grad()
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            for p in self.param_groups[0]["params"]:
                p.sub_(0.01 * p.grad)

    model = mlp()
    train(model, Own(model.parameters()), 12)


def first_and_last_part_without_freezing_the_rest() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2))
    train(model, optim.SGD([{"params": model[0].parameters()}, {"params": model[2].parameters()}], lr=0.1))


def steps_left_out_at_random() -> None:
    model = mlp()
    optimizer, source = optim.SGD(model.parameters(), lr=0.1), random.Random(0)
    for _ in range(200):
        optimizer.zero_grad()
        loss_of(model).backward()
        if source.random() < 0.5:
            optimizer.step()
