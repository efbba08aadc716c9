"""The trainings whose iterations `audit_overhead.py` measures: from ten tiny parameters to a small transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn, optim


class Training(NamedTuple):
    """A model, its optimizer, and one iteration with both."""

    model: nn.Module
    optimizer: optim.Optimizer
    iteration: Callable[[], None]


class Case(NamedTuple):
    """A training, and which share of an iteration its audit may cost, in percent, over how many of the first steps."""

    name: str
    bound: float
    windows: tuple[int, ...]
    build: Callable[[], Training]


def training(model: nn.Module, optimizer: optim.Optimizer, loss_of: Callable[[], torch.Tensor]) -> Training:
    def iteration() -> None:
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()

    return Training(model, optimizer, iteration)


def tiny(layers: int, lr: float) -> Training:
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(layers)))
    inputs, targets = torch.randn(4, 4), torch.randn(4, 4)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    return training(model, optimizer, lambda: nn.functional.mse_loss(model(inputs), targets))


def mlp() -> Training:
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    inputs, targets = torch.randn(64, 784), torch.randint(10, (64,))
    optimizer = optim.Adam(model.parameters())
    return training(model, optimizer, lambda: nn.functional.cross_entropy(model(inputs), targets))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        half = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        other = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.halves = nn.Sequential(half, other)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x + self.halves(x)).relu()


def resnet() -> Training:
    blocks = (Block(32) for _ in range(8))
    ends = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    model = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), *blocks, ends)
    inputs, targets = torch.randn(8, 3, 32, 32), torch.randint(10, (8,))
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    return training(model, optimizer, lambda: nn.functional.cross_entropy(model(inputs), targets))


def transformer() -> Training:
    layer = nn.TransformerEncoderLayer(128, 4, 256, dropout=0.0, batch_first=True)
    model = nn.Sequential(nn.Embedding(1000, 128), nn.TransformerEncoder(layer, 4), nn.Linear(128, 1000))
    tokens = torch.randint(1000, (4, 65))
    given, following = tokens[:, :-1], tokens[:, 1:].flatten()
    optimizer = optim.AdamW(model.parameters(), lr=1e-4)
    return training(model, optimizer, lambda: nn.functional.cross_entropy(model(given).flatten(0, 1), following))


CASES = (
    Case("10 tiny parameters", 1.0, (1_000, 10_000, 30_000), lambda: tiny(5, lr=1e-3)),
    Case("1,000 tiny parameters", 1.0, (100, 600), lambda: tiny(500, lr=1e-6)),
    Case("MLP", 0.3, (1_000, 4_000), mlp),
    Case("ResNet-like", 0.1, (100, 300), resnet),
    Case("small transformer", 0.1, (100, 800), transformer),
)
