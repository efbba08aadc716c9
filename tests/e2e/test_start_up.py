"""What a file costs that the byte check turns away, and what is not imported for it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli import BUG, clean_environment, plant

LIMIT = 3.0  # times the CPU seconds of `python -c pass`
FEWEST_RUNS, MOST_RUNS = 5, 40  # of which the least counts: a busy machine makes a run slower, never faster
NOT_A_USER = "import numpy\n\nx = numpy.ones(3)\n"
NO_RULE_NEEDS_IT = "import torch\n\nx = torch.ones(3)\n"


def cpu_seconds(*words: str, cwd: Path) -> float:
    """Of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=cwd, check=True, capture_output=True, env=clean_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("source", [NOT_A_USER, NO_RULE_NEEDS_IT])
def test_a_file_that_is_turned_away_costs_little(tmp_path: Path, source: str) -> None:
    plant(tmp_path, a=source)
    assert costs_at_most(LIMIT, "-m", "optlint", "check", "--no-cache", "a.py", cwd=tmp_path)


def costs_at_most(limit: float, *words: str, cwd: Path, most_runs: int = MOST_RUNS) -> bool:
    nothing = ours = float("inf")
    for run in range(most_runs):
        nothing = min(nothing, cpu_seconds("-c", "pass", cwd=cwd))
        ours = min(ours, cpu_seconds(*words, cwd=cwd))
        if run + 1 >= FEWEST_RUNS and ours <= limit * nothing:
            return True
    return False


def test_what_costs_more_is_noticed(tmp_path: Path) -> None:
    assert not costs_at_most(LIMIT, "-c", "import libcst", cwd=tmp_path, most_runs=6)


def loaded(source: str, folder: Path) -> set[str]:
    """The modules that are loaded after a file was checked."""
    plant(folder, a=source)
    program = "import sys, optlint.cli as c; c.main(['check', 'a.py']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, check=True, capture_output=True, env=clean_environment()
    )
    return set(done.stdout.decode().splitlines()[-1].split())


def test_a_file_without_torch_loads_neither_rules_nor_parser(tmp_path: Path) -> None:
    heavy = {"libcst", "optlint.rule", "optlint.diagnostic", "typing", "argparse", "re", "enum", "inspect", "tomllib"}
    assert not heavy & loaded(NOT_A_USER, tmp_path)


def test_a_file_that_no_rule_needs_loads_no_parser(tmp_path: Path) -> None:
    modules = loaded(NO_RULE_NEEDS_IT, tmp_path)
    assert "optlint.rule" in modules
    assert (
        not {"libcst", "optlint.linting.linter", "optlint.flow.events", "dataclasses", "inspect", "typing", "re"}
        & modules
    )


def test_the_slow_parser_is_loaded_where_something_is_found(tmp_path: Path) -> None:
    assert "libcst" not in loaded("import torch\nparams = list(torch.nn.Linear(1, 1).parameters())\n", tmp_path)
    modules = loaded(BUG, tmp_path)
    assert "libcst" in modules
    assert not {"libcst.matchers", "libcst.codemod", "torch"} & modules
