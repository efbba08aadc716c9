"""The hooks in a consumer's repository, installed and run by the real `pre-commit` and `prek`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
SHIPPED = ("optlint", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")

GOOD = """\
import torch

model = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
BAD = """\
import torch

model = torch.nn.Linear(2, 2)
params = model.parameters()
count = sum(p.numel() for p in params)
optimizer = torch.optim.SGD([{"params": params}], lr=0.1)
"""


class Outcome(NamedTuple):
    """How a run of the hook ended, what was printed, and the consumer's folder."""

    returncode: int
    output: str
    folder: Path


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory):
    """A repository that holds optlint as it is now, and its revision."""
    folder = tmp_path_factory.mktemp("optlint")
    for name in SHIPPED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "optlint as it is")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module", params=["pre-commit", "prek"])
def tool(request):
    return request.param


@pytest.fixture(scope="module")
def home(tool, tmp_path_factory):
    """Where the tool keeps the environments that it makes for hooks."""
    return tmp_path_factory.mktemp(tool)


@pytest.fixture(scope="module")
def commit_hook(tool, home, hooks, tmp_path_factory):
    """A function that runs the hook over a consumer's files, as pre-commit or as prek; installed once for each."""
    places = {"PRE_COMMIT_HOME": f"{home}/cache", "PREK_HOME": f"{home}/cache", "UV_CACHE_DIR": f"{home}/uv"}
    environment = {**os.environ, **places, "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    folder, revision = hooks

    def run(files, *arguments, hook="optlint"):
        consumer = Path(tmp_path_factory.mktemp("consumer"))
        settings = f"repos:\n- repo: {folder}\n  rev: {revision}\n  hooks: [{{id: {hook}}}]\n"
        for name, text in {**files, ".pre-commit-config.yaml": settings}.items():
            (consumer / name).parent.mkdir(parents=True, exist_ok=True)
            (consumer / name).write_text(text, encoding="utf-8")
        git(consumer, "init", "--quiet")
        git(consumer, "add", "--all")
        command = [tool, "run", *(arguments or ["--all-files"])]
        done = subprocess.run(command, cwd=consumer, env=environment, capture_output=True, text=True, check=False)
        return Outcome(done.returncode, done.stdout + done.stderr, consumer)

    return run


def test_a_healthy_file_passes(commit_hook):
    done = commit_hook({"train.py": GOOD})
    assert (done.returncode, "Passed" in done.output) == (0, True)


def test_a_broken_file_fails_and_is_shown(commit_hook):
    done = commit_hook({"train.py": BAD, "good.py": GOOD})
    assert done.returncode == 1
    assert "OPT101" in done.output
    assert "train.py:6:" in done.output


def test_a_broken_stub_is_taken(commit_hook):
    done = commit_hook({"train.pyi": BAD})
    assert done.returncode == 1


def test_without_files_nothing_is_run(commit_hook):
    done = commit_hook({"README.txt": "words"})
    assert (done.returncode, "Skipped" in done.output) == (0, True)


def test_excluded_files_stay_excluded(commit_hook):
    settings = '[tool.optlint]\nexclude = ["legacy"]\n'
    done = commit_hook({"legacy/train.py": BAD, "pyproject.toml": settings})
    assert done.returncode == 0


def test_the_fixing_hook_mends_the_file_and_stops_the_commit(commit_hook):
    done = commit_hook({"train.py": BAD, "good.py": GOOD}, hook="optlint-fix")
    assert done.returncode == 1, done.output
    mended = (done.folder / "train.py").read_text(encoding="utf-8")
    assert mended == BAD.replace("model.parameters()", "list(model.parameters())")
    assert (done.folder / "good.py").read_text(encoding="utf-8") == GOOD
    assert commit_hook({"train.py": mended}, hook="optlint-fix").returncode == 0


def test_the_pages_are_installed_with_it(commit_hook, home):
    commit_hook({"train.py": GOOD})
    program = next(home.rglob("bin/optlint"))
    shown = subprocess.run([program, "rule", "OPT101"], cwd=home, capture_output=True, text=True, check=True)
    assert "reused-parameter-iterator" in shown.stdout
    assert "## Limits" in shown.stdout
