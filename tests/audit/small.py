"""Small models and loops that the programs of the audit's tests share."""

from __future__ import annotations

import itertools

import torch
from torch import nn, optim
from torch.nn import functional

ALL = ("0.weight", "0.bias", "2.weight", "2.bias")  # the parameters of `mlp()`
X, Y = torch.linspace(-1, 1, 64).reshape(16, 4), torch.linspace(0, 1, 32).reshape(16, 2)


def mlp(*sizes: int) -> nn.Sequential:
    sizes = sizes or (4, 8, 2)
    layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
    return nn.Sequential(*[part for layer in layers for part in (layer, nn.Tanh())][:-1])


def loss_of(model: nn.Module, x: torch.Tensor = X, y: torch.Tensor = Y) -> torch.Tensor:
    return functional.mse_loss(model(x), y)


def train(model: nn.Module, optimizer: optim.Optimizer, steps: int = 10) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()


def train_to_own_width(model: nn.Module, optimizer: optim.Optimizer) -> None:
    for _ in range(8):
        optimizer.zero_grad()
        model(X).square().mean().backward()
        optimizer.step()
