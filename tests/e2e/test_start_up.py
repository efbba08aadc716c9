"""What a file costs that the byte check turns away, and what is not imported for it."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli import BUG, clean_environment, plant

LIMIT = 3.0  # times the CPU seconds of `python -c pass`
RUNS = 9
NOT_A_USER = "import numpy\n\nx = numpy.ones(3)\n"
NO_RULE_NEEDS_IT = "import torch\n\nx = torch.ones(3)\n"


def cpu_seconds(*words: str, cwd: Path) -> float:
    """The least of several runs."""
    return min(_one_run(words, cwd) for _ in range(RUNS))


def _one_run(words: tuple[str, ...], cwd: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=cwd, check=True, capture_output=True, env=clean_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("source", [NOT_A_USER, NO_RULE_NEEDS_IT])
def test_a_file_that_is_turned_away_costs_little(tmp_path: Path, source: str) -> None:
    plant(tmp_path, a=source)
    nothing = cpu_seconds("-c", "pass", cwd=tmp_path)
    ours = cpu_seconds("-m", "optlint", "check", "--no-cache", "a.py", cwd=tmp_path)
    assert ours <= LIMIT * nothing


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
    assert not {"libcst", "optlint.linter", "optlint.flow.events", "dataclasses", "inspect", "typing", "re"} & modules


def test_the_slow_parser_is_loaded_where_something_is_found(tmp_path: Path) -> None:
    assert "libcst" not in loaded("import torch\nparams = list(torch.nn.Linear(1, 1).parameters())\n", tmp_path)
    modules = loaded(BUG, tmp_path)
    assert "libcst" in modules
    assert not {"libcst.matchers", "libcst.codemod", "torch"} & modules
