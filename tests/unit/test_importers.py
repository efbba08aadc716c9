"""Who uses a file of a project: told from the text of all imports, and bounded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from optlint import lint
from optlint.flow.files.around import project_root
from optlint.flow.files.importers import MOST_CALLERS, callers_of, imported_by
from optlint.flow.files.project import Project

IMPORTS = [
    "import pkg.engine",
    "import os, pkg.engine as e",
    "from pkg import engine",
    "from pkg.engine import train",
    "from pkg.engine import train as run  # a comment",
    "from pkg.engine import (\n    other,\n    train,  # a comment\n)",
    "from pkg.engine import other, \\\n    train",
    "def late():\n    from pkg.engine import train",
]
NO_IMPORTS = [
    "import engine",
    "from pkg import engines",
    "# from pkg import engine",
    "from other.engine import train",
    "from .engine import train",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with one module that others use."""
    root = tmp_path / "tests" / "project"  # that it lies among tests makes no test of it
    write(root, "pyproject.toml", "")
    write(root, "pkg/__init__.py", "")
    write(root, "pkg/engine.py", "def train(optimizer): ...\n")
    return root


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def callers(folder: Path, name: str = "pkg/engine.py") -> list[str]:
    return [Path(one).relative_to(folder).as_posix() for one in callers_of(Project(), str(folder / name))]


@pytest.mark.parametrize("text", IMPORTS)
def test_an_import_is_seen_however_it_is_written(folder: Path, text: str) -> None:
    write(folder, "main.py", f"{text}\n")
    assert callers(folder) == ["main.py"]
    assert str(folder / "pkg" / "engine.py") in imported_by(Project(), str(folder / "main.py"))


@pytest.mark.parametrize("text", NO_IMPORTS)
def test_what_only_looks_like_it_is_none(folder: Path, text: str) -> None:
    write(folder, "main.py", f"{text}\n")
    assert callers(folder) == []


def test_relative_imports_count_from_the_package(folder: Path) -> None:
    write(folder, "pkg/loop.py", "from .engine import train\noptimizer = None\n")
    write(folder, "pkg/deep/__init__.py", "")
    write(folder, "pkg/deep/run.py", "from ..engine import train\n")
    assert callers(folder) == ["pkg/loop.py", "pkg/deep/run.py"]


def test_who_uses_what_uses_it_is_a_caller_too(folder: Path) -> None:
    write(folder, "pkg/__init__.py", "from .engine import train\n")
    write(folder, "main.py", "from pkg import train\n")
    assert callers(folder) == ["main.py"]


def test_tests_call_nothing_but_tests(folder: Path) -> None:
    for name in ("test_engine.py", "tests/run.py", "pkg/engine_test.py", "conftest.py"):
        write(folder, name, "from pkg.engine import train\n")
    assert callers(folder) == []
    write(folder, "tests/tools.py", "def count(params): ...\n")
    write(folder, "tests/test_tools.py", "from tools import count\n")
    assert callers(folder, "tests/tools.py") == ["tests/test_tools.py"]


def test_makers_of_optimizers_come_first_and_few_are_asked(folder: Path) -> None:
    for number in range(MOST_CALLERS + 2):
        write(folder, f"run{number}.py", "from pkg.engine import train\n")
    write(folder, "with_one.py", "from pkg.engine import train\nimport torch.optim\n")
    assert callers(folder) == ["with_one.py", *(f"run{number}.py" for number in range(MOST_CALLERS - 1))]


def test_what_is_imported_itself_and_makes_nothing_is_no_caller(folder: Path) -> None:
    write(folder, "between.py", "from pkg.engine import train\n")
    write(folder, "main.py", "import between\n")
    assert callers(folder) == ["main.py"]


def notebook(*cells: str) -> str:
    table = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"cells": table, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def test_a_notebook_is_a_caller(folder: Path) -> None:
    write(folder, "notebooks/run.ipynb", notebook("%matplotlib inline\nfrom pkg.engine import train", "train(None)"))
    write(folder, "notebooks/broken.ipynb", "from pkg.engine import train")
    assert callers(folder) == ["notebooks/run.ipynb"]


def test_what_a_notebook_gives_is_seen_in_the_helper(folder: Path) -> None:
    write(
        folder, "pkg/engine.py", "import torch\n\n\ndef make(params):\n    list(params)\n    torch.optim.SGD(params)\n"
    )
    cells = ("import torch\nfrom pkg.engine import make", "net = torch.nn.Linear(1, 1)\nmake(net.parameters())")
    write(folder, "run.ipynb", notebook(*cells))
    (found,) = lint(folder / "pkg" / "engine.py")
    assert (found.code, found.span.row) == ("OPT101", 6)
    assert not lint(folder / "run.ipynb")
    notes = [note.span for note in found.notes if note.span.filename.endswith(".ipynb")]
    assert [(span.cell, span.row) for span in notes] == [(2, 2)]


def test_what_has_no_root_takes_in_the_folders_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "lone/pkg/__init__.py", "")
    write(tmp_path, "lone/pkg/engine.py", "def train(optimizer): ...\n")
    write(tmp_path, "lone/tools/run.py", "from pkg.engine import train\n")
    write(tmp_path, "lone/other/setup.py", "from pkg.engine import train\n")
    write(tmp_path, "lone/tools/deep/run.py", "from pkg.engine import train\n")
    assert callers(tmp_path, "lone/pkg/engine.py") == ["lone/tools/run.py"]


@pytest.mark.parametrize("inner", ["pkg/ops", "pkg/ops/cuda"])
def test_a_setup_within_a_package_is_no_root(folder: Path, inner: str) -> None:
    write(folder, "pkg/ops/__init__.py", "")
    write(folder, f"{inner}/setup.py", "import setuptools\n")
    assert project_root(str(folder / inner), os.path.exists) == str(folder)
    write(folder, f"{inner}/.git/config", "")
    assert project_root(str(folder / inner), os.path.exists) == str(folder / inner)


def test_a_package_is_a_root_where_no_other_is(tmp_path: Path) -> None:
    write(tmp_path, "nodes/setup.py", "")
    write(tmp_path, "nodes/__init__.py", "")
    write(tmp_path, "nodes/inner/__init__.py", "")
    assert project_root(str(tmp_path / "nodes" / "inner"), os.path.exists) == str(tmp_path / "nodes")
