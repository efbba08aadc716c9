"""A model in parts that programs freeze, swap and average, and a short training of it."""

from __future__ import annotations

import torch
from torch import nn, optim
from torch.nn import functional


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(4, 8)
        self.layer1 = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.fc = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.layer2(self.layer1(self.stem(x).relu())))


def data() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(16, 4), torch.randint(3, (16,))


def epoch(model: nn.Module, optimizer: optim.Optimizer, steps: int = 6) -> None:
    model.train()
    for _ in range(steps):
        x, y = data()
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
