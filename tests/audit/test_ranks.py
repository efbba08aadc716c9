"""Programs of several ranks: what is wrong is found with parameter, step and rank; nothing else is said or changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from tests.audit.releases import runnable, since

PROGRAMS = "tests.audit.ranks"
EVERY = 2
BOUND = 2.0  # seconds that the end of an audit may take where ranks are missing
PATIENCE = 600
KILLED = {"a_rank_is_killed": 1, "the_first_rank_is_killed": 0}
QUICK_BROKEN = (
    "raw_module_called", "layer_replaced_after_wrapping", "seeds_of_ranks", "steps_skipped_by_one_rank",
    "rate_from_the_loss_of_a_rank", "sharded_after_the_optimizer", "head_forgotten_in_sharded_state",
)  # fmt: skip
QUICK_HEALTHY = (
    "plain_ddp", "accumulation_without_sync", "uneven_inputs_joined", "sharded_state", "fully_sharded",
    "pipeline_of_different_models", "weights_averaged_now_and_then", "a_rank_is_killed", "the_first_rank_is_killed",
)  # fmt: skip


class Expected(NamedTuple):
    """What is said where copies are compared every second step; `rank` None: by all ranks of themselves."""

    code: str
    parameter: str
    step: int
    rank: int | None = 1


EXPECTED = {
    "raw_module_called": Expected("OPT804", "0.weight", 2),
    "layer_replaced_after_wrapping": Expected("OPT804", "2.weight", 2),
    "never_synchronized": Expected("OPT804", "0.weight", 2),
    "seeds_of_ranks": Expected("OPT804", "0.weight", 2),
    "seeds_of_ranks_and_nothing_sent": Expected("OPT804", "0.weight", 2),
    "steps_skipped_by_one_rank": Expected("OPT804", "0.weight", 6),
    "only_the_first_rank_steps": Expected("OPT507", "0.weight", 0),
    "rate_from_the_loss_of_a_rank": Expected("OPT804", "0.weight", 4),
    "clipped_before_the_average": Expected("OPT804", "0.weight", 2),
    "part_of_the_loss_beside_ddp": Expected("OPT804", "0.weight", 2),
    "weights_reset_by_one_rank": Expected("OPT804", "2.bias", 8),
    "sharded_after_the_optimizer": Expected("OPT406", "0.weight", 3, None),
    "sharded_by_a_wrapper_after_the_optimizer": Expected("OPT406", "_flat_param", 3, None),
    "split_after_the_optimizer": Expected("OPT406", "0.weight", 3, None),
    "head_replaced_after_the_optimizer": Expected("OPT406", "2.bias", 3, None),
    "gradients_cleared_before_the_step": Expected("OPT502", "0.weight", 3, None),
    "accumulation_dropped": Expected("OPT502", "0.weight", 4, None),
    "head_forgotten_in_sharded_state": Expected("OPT201", "tensor 2 (4)", 3, None),
    "frozen_after_wrapping_and_still_moved": Expected("OPT407", "0.weight", 6, None),
}


def run(module: str, world: int, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """By program what its ranks have reported; they are forks of one process."""
    done = subprocess.run(
        [sys.executable, "-m", f"{PROGRAMS}.runner", f"{PROGRAMS}.{module}", str(world), str(EVERY), *names],
        capture_output=True, text=True, check=True, timeout=PATIENCE, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return {(one := json.loads(line))["program"]: one["ranks"] for line in done.stdout.splitlines()}


def told(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in report["diagnostics"] if one["severity"] != "info"]


def complaints_of_broken(outcome: dict[str, Any]) -> dict[str, object]:
    """By program what was expected of its ranks and what they say, where that is not the same."""
    wrong = {}
    for name, reports in outcome.items():
        expected, said = EXPECTED[name], set()
        for rank, report in enumerate(reports):
            for one in told(report):
                about = rank if expected.code == "OPT507" else one["rank"]
                said.add((one["code"], one["parameters"][0], one["step"], about))
            said |= {report["fault"], report["error"]} - {None}
        if said != {tuple(expected)}:
            wrong[name] = (tuple(expected), said)
    return wrong


def complaints_of_healthy(outcome: dict[str, Any]) -> dict[str, object]:
    """By program whatever was said, or went wrong, or took long."""
    wrong: dict[str, object] = {}
    for name, reports in outcome.items():
        killed = KILLED.get(name)
        for rank, report in enumerate(reports):
            if rank == killed:
                if report is not None:
                    wrong[name] = "it was to be killed"
            elif report is None or told(report) or report["fault"] or report["stopping"] > BOUND:
                wrong[name] = report
            elif bool(report["error"]) != (killed is not None):
                wrong[name] = report["error"]
    return wrong


@since("2.6")
def test_what_is_wrong_is_found():
    assert complaints_of_broken(run("broken", 2, runnable(QUICK_BROKEN))) == {}


@since("2.6")
def test_what_is_right_is_left_alone():
    assert complaints_of_healthy(run("healthy", 2, runnable(QUICK_HEALTHY))) == {}


def test_complaints_can_be_seen():
    found = {"code": "OPT804", "severity": "error", "parameters": ["0.weight"], "step": 4, "rank": 1}
    report = {"diagnostics": [found], "fault": None, "error": None, "stopping": 0.0}
    silent = {**report, "diagnostics": []}
    assert complaints_of_broken({"raw_module_called": [report, silent]})
    assert complaints_of_broken({"raw_module_called": [silent, silent]})
    assert not complaints_of_broken({"raw_module_called": [{**report, "diagnostics": [{**found, "step": 2}]}, silent]})
    for wrong in (report, None, {**silent, "fault": "x"}, {**silent, "error": "x"}, {**silent, "stopping": 9.0}):
        assert complaints_of_healthy({"plain_ddp": [silent, wrong]})
    assert not complaints_of_healthy({"plain_ddp": [silent, silent]})


@pytest.mark.ranks
def test_all_that_is_wrong_is_found():
    outcome = run("broken", 2)
    assert set(outcome) == set(EXPECTED)
    assert complaints_of_broken(outcome) == {}


@pytest.mark.ranks
@pytest.mark.parametrize("world", [2, 3])
def test_all_that_is_right_is_left_alone(world):
    outcome = run("healthy", world)
    assert len(outcome) >= 25
    assert complaints_of_healthy(outcome) == {}
