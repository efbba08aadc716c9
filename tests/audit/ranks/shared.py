"""What the programs of several ranks share."""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

STEPS = 12


def model(seed: int = 0) -> nn.Sequential:
    """A small network, the same on all ranks unless they give seeds of their own."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4))


def batches(steps: int = STEPS, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Data that is different on each rank."""
    own = torch.Generator().manual_seed(1000 * seed + dist.get_rank())
    return [(torch.randn(6, 8, generator=own), torch.randn(6, 4, generator=own)) for _ in range(steps)]


def loss_of(network: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return functional.mse_loss(network(batch[0]), batch[1])


def train(network: nn.Module, optimizer: optim.Optimizer, steps: int = STEPS) -> None:
    """A plain loop."""
    for batch in batches(steps):
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        optimizer.step()


def wrapped(network: nn.Module, **options: object) -> DistributedDataParallel:
    return DistributedDataParallel(network, **options)  # type: ignore[arg-type]


def average_gradients(network: nn.Module) -> None:
    """Data parallelism by hand."""
    for parameter in network.parameters():
        if parameter.grad is not None:
            dist.all_reduce(parameter.grad)
            parameter.grad /= dist.get_world_size()
