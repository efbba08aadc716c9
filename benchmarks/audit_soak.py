"""Whether the audit grows with the run: memory of the process over many steps, and what the audit keeps.

    python benchmarks/audit_soak.py [--steps 100000]

One model is trained on and on while small ones come and go, each with an optimizer, a copy and loaded weights, as in a
search over hyperparameters; the numbers should stop growing after the first tenth.
"""

from __future__ import annotations

import argparse
import copy
import gc
import os

import torch
from torch import nn, optim

import optlint

PARTS = 10
EVERY = 50  # steps for which a small model lives


def resident() -> float:
    """MB of memory that this process holds."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def small() -> tuple[nn.Module, optim.Optimizer]:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    return model, optim.AdamW(model.parameters(), lr=1e-3)


def step(model: nn.Module, optimizer: optim.Optimizer, inputs: torch.Tensor) -> None:
    optimizer.zero_grad()
    model(inputs).square().mean().backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def train(steps: int) -> None:
    inputs = torch.randn(8, 4)
    lasting, other = small(), small()
    schedule = optim.lr_scheduler.StepLR(lasting[1], 100, 0.999)
    for number in range(steps):
        step(*lasting, inputs)
        schedule.step()
        step(*other, inputs)
        if not (number + 1) % EVERY:
            average = copy.deepcopy(other[0])
            other = small()
            other[0].load_state_dict(average.state_dict())
        if not (number + 1) % (steps // PARTS):
            gc.collect()
            print(f"{number + 1:>9,} steps {resident():>8.1f} MB {len(gc.get_objects()):>9,} objects", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=100_000)
    torch.set_num_threads(1)
    with optlint.audit() as report:
        train(parser.parse_args().steps)
    print(f"{len(report.optimizers)} optimizers are listed, {len(report.timeline)} points, ok: {report.ok}")


if __name__ == "__main__":
    main()
