"""A home folder, a project and a documented set-up, in which real editors are started."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "drivers"
PATIENCE = 120  # seconds for all that a driver does
SHOWN = 1500  # characters of a screen that are shown when a driver fails

BROKEN = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
params = model.parameters()
print("weights:", sum(p.numel() for p in params))
optimizer = torch.optim.SGD(params, lr=0.1)
"""
MENDED = BROKEN.replace("model.parameters()", "list(model.parameters())")
SAVED = f"{MENDED}# the end\n"
ROW, COLUMN = 7, 29
SAYS = "`SGD` gets nothing: `params` is a one-shot iterator that was used before"
SPLIT = BROKEN.index("print")
CELLS = [BROKEN[:SPLIT].strip(), BROKEN[SPLIT:].strip()]


def program(name: str, otherwise: str | None = None) -> str:
    """The path of a program; the test is skipped where there is none."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name) or otherwise
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


def blocks(page: str, language: str) -> list[str]:
    """The code of one language on a page of docs/editors, in order, as one would copy it."""
    text = (ROOT / "docs" / "editors" / f"{page}.md").read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page}.md shows no {language}"
    return [textwrap.dedent(code) for _, code in found]


class Workplace:
    """A user's home and a project with a broken `train.py`; `optlint` is on the path."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.home.mkdir()
        self.project.mkdir()
        self.write(self.project / "train.py", BROKEN)
        self.write(self.project / "pyproject.toml", "[tool.optlint]\n")
        self.optlint = self.write(folder / "bin" / "optlint", OPTLINT.format(root=ROOT, python=sys.executable))
        self.optlint.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "VIM", "PYTEST"))}
        path = f"{self.optlint.parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "HOME": str(self.home), "PATH": path, "TERM": "xterm"}

    def write(self, path: Path, *texts: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(texts), encoding="utf-8")
        return path

    def write_notebook(self, name: str) -> Path:
        """The broken code in two cells."""
        cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        cells = [{**cell, "id": f"cell{at}", "source": CELLS[at].splitlines(keepends=True)} for at in range(len(CELLS))]
        notebook = {
            "cells": cells,
            "metadata": {"language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return self.write(self.project / name, json.dumps(notebook, indent=1) + "\n")

    def drive(self, *command: str) -> dict[str, Any]:
        """Run an editor with a driver in a terminal of its own; what the driver noted."""
        screen = run_in_terminal(command, self.project, self.environment)
        results = self.project / "results.json"
        assert results.exists(), screen
        noted = json.loads(results.read_text(encoding="utf-8"))
        assert not noted.get("trouble"), (noted, screen)
        return noted


OPTLINT = """\
#!/bin/sh
PYTHONPATH={root} exec {python} -m optlint "$@"
"""


def run_in_terminal(command: tuple[str, ...], folder: Path, environment: dict[str, str]) -> str:
    """Run a program as the only one of a terminal, to its end; what it wrote there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [program("setsid"), "--ctty", *command],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, screen), daemon=True)
    reader.start()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    reader.join(PATIENCE)
    os.close(ours)
    return b"".join(screen).decode(errors="replace")[-SHOWN:]


def _read(terminal: int, screen: list[bytes]) -> None:
    try:
        while data := os.read(terminal, 4096):
            screen.append(data)
    except OSError:  # the terminal was closed at the other end
        return
