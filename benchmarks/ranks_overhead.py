"""What the audit, and comparing copies every N steps, cost a training on two ranks (gloo, one thread each).

    python benchmarks/ranks_overhead.py [--rounds 5] [--steps 200] [--only NAME]

CPU time of rank 0, with all its threads, per iteration: the least of several rounds, in which the variants take turns.
The last columns are the time of one check on the thread that trains, and from it the share that checks every N steps
take. Wall time would tell more of the other programs on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from optlint.auditing.options import Options
from optlint.auditing.ranks.check import ReplicaCheck
from optlint.auditing.session import Session

WARM_UP = 20
SHARES = (1, 10, 100, 1000)


class Case(NamedTuple):
    name: str
    build: Callable[[], nn.Module]
    inputs: Callable[[], torch.Tensor]


class Variant(NamedTuple):
    name: str
    audited: bool = True
    every: int = 0


class Spent(NamedTuple):
    """Milliseconds of CPU per iteration, and of one check in the thread that trains."""

    iteration: float
    check: float


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))


def transformer() -> nn.Module:
    layer = nn.TransformerEncoderLayer(256, 4, 512, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)


def many() -> nn.Module:
    return nn.Sequential(*(nn.Linear(16, 16) for _ in range(500)))


CASES = (
    Case("MLP", mlp, lambda: torch.randn(64, 784)),
    Case("transformer", transformer, lambda: torch.randn(4, 64, 256)),
    Case("1,000 small tensors", many, lambda: torch.randn(4, 16)),
)
VARIANTS = (
    Variant("without", audited=False),
    Variant("audit"),
    *(Variant(f"N = {every}", every=every) for every in (100, 10, 1)),
)


def train(case: Case, steps: int) -> float:
    """CPU milliseconds of an iteration, after a few."""
    torch.manual_seed(0)
    model = DistributedDataParallel(case.build())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    inputs = case.inputs()
    start = 0.0
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            start = time.process_time()
        optimizer.zero_grad()
        model(inputs).square().mean().backward()
        optimizer.step()
    return 1e3 * (time.process_time() - start) / steps


def measured(case: Case, variant: Variant, steps: int) -> Spent:
    """One training; checks are timed from outside."""
    checks: list[float] = []
    check = ReplicaCheck._check

    def timed(*arguments: object) -> None:
        start = time.thread_time()
        check(*arguments)  # type: ignore[arg-type]
        checks.append(1e3 * (time.thread_time() - start))

    ReplicaCheck._check = timed  # type: ignore[method-assign, assignment]
    session = Session(Options(check_replicas=variant.every))
    if variant.audited:
        session.start()
    spent = train(case, steps)
    session.stop()
    ReplicaCheck._check = check  # type: ignore[method-assign]
    return Spent(spent, statistics.median(checks) if checks else 0.0)


def rank(number: int, port: int, cases: list[Case], arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=number, world_size=2)
    for case in cases:
        found: dict[str, list[Spent]] = {variant.name: [] for variant in VARIANTS}
        for _ in range(arguments.rounds):
            for variant in VARIANTS:
                found[variant.name].append(measured(case, variant, arguments.steps))
        if number == 0:
            print(line(case, found), flush=True)
    dist.destroy_process_group()


def line(case: Case, found: dict[str, list[Spent]]) -> str:
    tensors = list(case.build().parameters())
    least = {name: min(one.iteration for one in spent) for name, spent in found.items()}
    check = min(one.check for one in found["N = 1"])
    shares = " ".join(f"{100 * check / every / least['without']:>8.3f}%" for every in SHARES)
    times = " ".join(f"{least[variant.name]:>9.3f}" for variant in VARIANTS)
    elements = sum(tensor.numel() for tensor in tensors)
    return f"{case.name:<20} {len(tensors):>7,} {elements:>10,} {times} {check:>9.3f} {shares}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--only", default="", help="part of the name of a case")
    arguments = parser.parse_args()
    cases = [case for case in CASES if arguments.only in case.name]
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    print(f"torch {torch.__version__}, 2 ranks on gloo, AdamW; CPU milliseconds {json.dumps(vars(arguments))}")
    heads = " ".join(f"{variant.name:>9}" for variant in VARIANTS)
    shares = " ".join(f"{f'/{every:,}':>9}" for every in SHARES)
    print(f"{'model':<20} {'tensors':>7} {'elements':>10} {heads} {'a check':>9} {shares}", flush=True)
    child = os.fork()
    rank(int(not child), port, cases, arguments)
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
