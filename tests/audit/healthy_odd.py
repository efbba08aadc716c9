"""Healthy programs that once looked broken, or broke the audit itself."""

from __future__ import annotations

import random

import torch
from torch import nn, optim

from tests.audit.small import loss_of, mlp, train


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


def steps_left_out_at_random() -> None:
    model = mlp()
    optimizer, source = optim.SGD(model.parameters(), lr=0.1), random.Random(0)
    for _ in range(200):
        optimizer.zero_grad()
        loss_of(model).backward()
        if source.random() < 0.5:
            optimizer.step()
