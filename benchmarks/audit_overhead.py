"""What the audit costs a training iteration: all code of ours summed, and whole iterations with and without it.

    python benchmarks/audit_overhead.py [--rounds 7] [--seconds 2] [--only NAME]

The sum is taken inside runs: every hook and patch is timed from outside, the function of torch that it wraps is taken
off again, and so is what the same meter counts around nothing. What the audit does at which step is always the same,
so of each step the least of several runs is taken, which leaves out what other programs on the machine cost, and no
look of ours. Most of the cost falls on the first steps, so a share tells little without the number of steps.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, NamedTuple

import torch
from torch import nn

from optlint.auditing.hooks import patches, watch
from optlint.auditing.session import Options, Session

clock = time.perf_counter_ns
Iteration = Callable[[], None]


class Case(NamedTuple):
    name: str
    bound: float  # the share of an iteration that is allowed, in percent
    build: Callable[[], Iteration]


def loop(model: nn.Module, optimizer: torch.optim.Optimizer, inputs: torch.Tensor, targets: torch.Tensor) -> Iteration:
    loss_of = nn.functional.cross_entropy if targets.dtype == torch.long else nn.functional.mse_loss

    def iteration() -> None:
        optimizer.zero_grad()
        loss_of(model(inputs), targets).backward()
        optimizer.step()

    return iteration


def ten_tiny_parameters() -> Iteration:
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(5)))
    return loop(model, torch.optim.SGD(model.parameters(), lr=1e-3), torch.randn(4, 4), torch.randn(4, 4))


def thousand_tiny_parameters() -> Iteration:
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(500)))
    return loop(model, torch.optim.SGD(model.parameters(), lr=1e-6), torch.randn(4, 4), torch.randn(4, 4))


def mlp() -> Iteration:
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    return loop(model, torch.optim.Adam(model.parameters()), torch.randn(64, 784), torch.randint(10, (64,)))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        half = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        other = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.halves = nn.Sequential(half, other)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x + self.halves(x)).relu()


def resnet() -> Iteration:
    blocks = (Block(32) for _ in range(8))
    model = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model.append(nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    return loop(model, optimizer, torch.randn(8, 3, 32, 32), torch.randint(10, (8,)))


def transformer() -> Iteration:
    layer = nn.TransformerEncoderLayer(128, 4, 256, dropout=0.0, batch_first=True)
    model = nn.Sequential(nn.Embedding(1000, 128), nn.TransformerEncoder(layer, 4), nn.Linear(128, 1000))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    tokens = torch.randint(1000, (4, 65))

    def iteration() -> None:
        optimizer.zero_grad()
        logits = model(tokens[:, :-1])
        nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        optimizer.step()

    return iteration


CASES = (
    Case("10 tiny parameters", 1.0, ten_tiny_parameters),
    Case("1,000 tiny parameters", 1.0, thousand_tiny_parameters),
    Case("MLP", 0.3, mlp),
    Case("ResNet-like", 0.1, resnet),
    Case("small transformer", 0.1, transformer),
)


class Meter:
    """Adds up the time of our code: of what runs inside a metered call, less what that hands on to torch."""

    def __init__(self) -> None:
        self.spent = 0

    def ours(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with its time added."""
        return self._timed(function, 1)

    def theirs(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with its time taken off."""
        return self._timed(function, -1)

    def _timed(self, function: Callable[..., Any], sign: int) -> Callable[..., Any]:
        @wraps(function)
        def timed(*arguments: Any, **named: Any) -> Any:
            start = clock()
            try:
                return function(*arguments, **named)
            finally:
                self.spent += sign * (clock() - start)

        return timed


class Metered:
    """While it lasts, sessions install metered hooks and patches; where they are `empty`, only the meter is left.

    Between the calls of a large model the caches forget the meter too, so that its own cost there is another.
    """

    def __init__(self, meter: Meter, empty: bool) -> None:
        self.meter = meter
        self.empty = empty
        self.replace = patches.Patches.replace
        self.registers = {name: getattr(watch, name) for name in dir(watch) if name.startswith("register_")}

    def __enter__(self) -> None:
        meter, replace = self.meter, self.replace

        def metered(one: Any, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
            inner = (lambda function: function) if self.empty else wrap
            replace(one, owner, name, lambda original: meter.ours(inner(meter.theirs(original))))

        patches.Patches.replace = metered  # type: ignore[method-assign]
        for name, register in self.registers.items():
            setattr(watch, name, lambda hook, register=register: register(meter.ours(self.emptied(hook))))

    def emptied(self, hook: Callable[..., Any]) -> Callable[..., Any]:
        return (lambda *arguments: None) if self.empty else hook

    def __exit__(self, *rest: object) -> None:
        patches.Patches.replace = self.replace  # type: ignore[method-assign]
        for name, register in self.registers.items():
            setattr(watch, name, register)


class Run(NamedTuple):
    """Nanoseconds of each iteration in turn, whole and of ours; `building` is ours while the model is built."""

    whole: list[int]
    ours: list[float]
    building: float


def run(case: Case, iterations: int, audited: bool, meter: Meter | None = None, empty: bool = False) -> Run:
    """A training from the first step on."""
    session = Session(Options())

    def spent() -> float:
        if meter is None:
            return 0.0
        total, meter.spent = meter.spent, 0
        return total

    with Metered(meter, empty) if meter else nullcontext():
        if audited:
            session.start()
        iteration = case.build()
    building = spent()
    gc.collect()
    whole, ours = [], []
    for _ in range(iterations):
        start = clock()
        iteration()
        whole.append(clock() - start)
        ours.append(spent())
    session.stop()
    return Run(whole, ours, building)


def least(runs: list[list[int]] | list[list[float]]) -> list[float]:
    """Of each iteration the least of all runs."""
    return [float(min(times)) for times in zip(*runs, strict=True)]


def iterations_in(case: Case, seconds: float) -> int:
    """How many iterations take so many seconds of a CPU that nothing else uses."""
    iteration = case.build()
    for _ in range(5):
        iteration()
    start = time.process_time()
    for _ in range(20):
        iteration()
    return max(200, int(20 * seconds / (time.process_time() - start)))


def measure(case: Case, rounds: int, seconds: float) -> str:
    iterations = iterations_in(case, seconds)
    plain, audited, metered, emptied = [], [], [], []
    for _ in range(rounds):
        plain.append(run(case, iterations, False))
        audited.append(run(case, iterations, True))
        metered.append(run(case, iterations, True, Meter()))
        emptied.append(run(case, iterations, True, Meter(), empty=True))
    base, total = (statistics.mean(least([one.whole for one in runs])) / 1e3 for runs in (plain, audited))
    of_meter = statistics.median(least([one.ours for one in emptied]))
    ours = [max(0.0, time - of_meter) for time in least([one.ours for one in metered])]
    amortised, steady = statistics.mean(ours) / 1e3, statistics.median(ours[iterations // 2 :]) / 1e3
    building = (min(one.building for one in metered) - min(one.building for one in emptied)) / 1e3
    return (
        f"{case.name:<22} {iterations:>7,} {base:>10,.0f} {amortised:>9.2f} {steady:>9.2f} "
        f"{100 * amortised / base:>8.3f}% {case.bound:>5.1f}% {total / base:>9.4f} {building:>9,.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run")
    parser.add_argument("--only", default="", help="part of the name of a case")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, one thread, {arguments.rounds} runs of {arguments.seconds:g} s; times in µs")
    print(
        f"{'model':<22} {'steps':>7} {'iteration':>10} {'ours':>9} {'at rest':>9} {'share':>9} {'bound':>6} "
        f"{'ratio':>9} {'building':>9}"
    )
    for case in CASES:
        if arguments.only in case.name:
            print(measure(case, arguments.rounds, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
