"""What the audit costs a training iteration: all code of ours summed, and whole iterations with and without it.

    python benchmarks/audit_overhead.py [--seconds 10] [--only NAME]

One Markdown table, in about three minutes. *Ours* is the sum of all hooks and patches, taken inside runs from the very
first step on, and amortised over as many of the first steps as the row says; *at rest* is its mean where no look is
due. Each hook and patch is timed from outside, less the function of torch that it wraps, and less what the same meter
counts around nothing. What the audit does at which step is always the same, so of each step the least of several runs
is taken, which leaves out what other programs on the machine cost, and no look of ours.

*A/B* is the CPU time of whole iterations with the audit, as a ratio to that without, over the first steps that fit
into a second, taken in turn; the columns after it are the same of other tools, over a tenth of these steps.
`torch-audit` and `torcheck` have columns where they are installed; *stops*: the tool has ended the training.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, NamedTuple

import torch
from audit_tools import Tool, installed
from audit_trainings import CASES, Case

from optlint.auditing.hooks import watch
from optlint.auditing.instruments import patches
from optlint.auditing.options import Options
from optlint.auditing.session import Session

clock = time.perf_counter_ns
ROUNDS = 3  # of A/B
FEWEST = 5  # steps with another tool
MOST_ROUNDS = 7  # of metered runs, as many as the time allows
EMPTY = 100  # steps of a run that measures the meter
BUSY = 3.0  # times the median: a step with a look


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

    def taken(self) -> int:
        """What was spent since this was last asked, in nanoseconds."""
        spent, self.spent = self.spent, 0
        return spent


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


def ours_in(case: Case, steps: int, empty: bool = False) -> list[int]:
    """Nanoseconds of ours in each of the first steps; building the model is left out."""
    meter = Meter()
    with Metered(meter, empty), Session(Options()):
        iteration = case.build().iteration
        gc.collect()
        meter.taken()
        found = []
        for _ in range(steps):
            iteration()
            found.append(meter.taken())
    return found


def whole(case: Case, steps: int, tool: Tool | None, audited: bool = False) -> list[int]:
    """Nanoseconds of CPU time of each of the first steps."""
    around: AbstractContextManager[object] = Session(Options()) if audited else nullcontext()
    with around:
        training = case.build()
        gc.collect()
        with tool(training) if tool is not None else nullcontext():
            found = []
            for _ in range(steps):
                start = time.process_time_ns()
                training.iteration()
                found.append(time.process_time_ns() - start)
    return found


def least(runs: list[list[int]]) -> list[int]:
    """Of each step the least of all runs."""
    return [min(times) for times in zip(*runs, strict=True)]


class Cost(NamedTuple):
    """Nanoseconds of ours in each step, and how many a step at rest costs."""

    steps: list[float]
    rest: float


def cost(case: Case, seconds: float, base: float) -> Cost:
    """Ours over the largest window of a case, whose iteration takes `base` nanoseconds."""
    steps = max(case.windows)
    rounds = min(MOST_ROUNDS, max(2, int(seconds * 1e9 / (steps * base))))
    of_meter = statistics.median(least([ours_in(case, min(EMPTY, steps // 5), empty=True) for _ in range(rounds)]))
    ours = [max(0.0, time - of_meter) for time in least([ours_in(case, steps) for _ in range(rounds)])]
    late = ours[steps // 2 :]
    middle = statistics.median(late)
    return Cost(ours, statistics.mean(time for time in late if time < BUSY * middle + 1_000))


def ratios(case: Case, tools: dict[str, Tool], steps: int) -> tuple[float, dict[str, str]]:
    """The nanoseconds of a plain iteration, and the ratios to it: with the audit and, over fewer steps, each tool."""
    few = max(FEWEST, steps // 10)
    plain, audited = [], []
    others: dict[str, list[list[int]] | None] = {name: [] for name in tools}
    for _ in range(ROUNDS):
        plain.append(whole(case, steps, None))
        audited.append(whole(case, steps, None, audited=True))
        for name, tool in tools.items():
            others[name] = with_another(case, few, tool, others[name])
    base = least(plain)
    found = {"A/B": f"{ratio(audited, base):.3f}"}
    for name, runs in others.items():
        found[name] = "stops" if runs is None else f"{ratio(runs, base[:few]):.2f}"
    return statistics.mean(base), found


def ratio(runs: list[list[int]], base: list[int]) -> float:
    return sum(least(runs)) / sum(base)


def with_another(case: Case, steps: int, tool: Tool, runs: list[list[int]] | None) -> list[list[int]] | None:
    """The runs and one more with that tool; None once it has ended a training, as it does where it finds a fault."""
    try:
        return None if runs is None else [*runs, whole(case, steps, tool)]
    except Exception:
        return None


def rows(case: Case, tools: dict[str, Tool], seconds: float) -> list[list[str]]:
    """A row for each window; what does not depend on it stands in the last one."""
    first = statistics.median(least([whole(case, 10, None) for _ in range(2)]))
    base, compared = ratios(case, tools, max(10, min(max(case.windows), int(1e9 / first))))
    ours = cost(case, seconds, base)
    found = []
    for window in case.windows:
        amortised = statistics.mean(ours.steps[:window])
        cells = [case.name, f"{window:,}", f"{base / 1e3:,.0f}", f"{amortised / 1e3:.2f}"]
        found.append([*cells, f"{100 * amortised / base:.2f} %", f"{case.bound:.1f} %"])
    found[-1] += [f"{ours.rest / 1e3:.2f}", f"{100 * ours.rest / base:.2f} %", *compared.values()]
    return found


def line(cells: list[str], columns: int) -> str:
    return "| " + " | ".join(cells + [""] * (columns - len(cells))) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="that metered runs of each model may take, about")
    parser.add_argument("--only", default="", help="part of the name of a model")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    tools = installed()
    head = ["model", "first steps", "iteration, µs", "ours a step, µs", "share", "bound", "at rest, µs", "share"]
    head += ["A/B", *tools]
    print(f"torch {torch.__version__}, one thread\n")
    print(line(head, len(head)))
    print(line(["---"] * len(head), len(head)))
    for case in CASES:
        for row in rows(case, tools, arguments.seconds) if arguments.only in case.name else ():
            print(line(row, len(head)), flush=True)


if __name__ == "__main__":
    main()
