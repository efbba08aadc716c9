"""The benchmark of what the audit costs measures our code, all of it, and leaves nothing behind."""

from __future__ import annotations

import importlib
import statistics
from pathlib import Path

import pytest
import torch

from optlint.auditing.instruments import patches

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def overhead(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("audit_overhead")


def test_ours_is_what_runs_around_the_functions_of_others(overhead, monkeypatch):
    now = [0]
    monkeypatch.setattr(overhead, "clock", lambda: now[0])

    def run(nanoseconds):
        now[0] += nanoseconds

    meter = overhead.Meter()
    theirs = meter.theirs(run)
    meter.ours(lambda: (run(3), theirs(500)))()
    assert meter.taken() == 3
    assert meter.taken() == 0


def test_first_steps_cost_more_than_later_ones(overhead):
    tiny = overhead.CASES[0]
    before = vars(patches.Patches)["replace"], torch.autograd.backward
    ours, empty = overhead.ours_in(tiny, 40), overhead.ours_in(tiny, 40, empty=True)
    assert min(ours[:2]) > 3 * min(ours[11:]) > 0
    assert min(ours[:2]) > 20 * statistics.median(empty)
    assert (vars(patches.Patches)["replace"], torch.autograd.backward) == before


def test_a_row_for_each_window(overhead):
    tiny = overhead.CASES[0]._replace(windows=(10, 20))
    short, full = overhead.rows(tiny, {}, seconds=0.01)
    assert [row[1] for row in (short, full)] == ["10", "20"]
    assert len(full) == len(short) + 3  # at rest, its share, and A/B
