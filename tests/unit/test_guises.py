"""The other guises of a program do what it does, and the harness counts what is no longer found."""

from __future__ import annotations

import ast
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
with patch.object(sys, "path", [str(SCRIPTS), *sys.path]):
    HARNESS: dict[str, Any] = runpy.run_path(str(SCRIPTS / "guises.py"))
GUISES, dressed = HARNESS["GUISES"], HARNESS["dressed"]
PROGRAM = """import math
from torch import nn


class Double(nn.Module):
    def __init__(self):
        self.factor = 2

    def run(self, x):
        return self.factor * x


start = 3
model = Double()
results = []
for step in range(3):
    results.append(model.run(math.floor(start) + step))
print(results)
"""
STAND_INS = {
    "torch/__init__.py": "class device:\n    def __init__(self, kind): pass\nfrom types import SimpleNamespace\n"
    "cuda = SimpleNamespace(is_available=lambda: False)\n",
    "torch/nn.py": "class Module:\n    def to(self, device): return self\n",
    "monitor.py": "def tick(): pass\n",
}


@pytest.mark.parametrize("guise", GUISES)
def test_a_guise_does_the_same(guise: str, tmp_path: Path) -> None:
    """Each file parses, and the whole computes what the program computes, if it is run at all."""
    files = dressed(PROGRAM, guise)
    if guise == "settled":
        assert files is None, "there are no rates"
        return
    for name, text in (STAND_INS | files).items():
        source = "\n".join(_cells(text)) if name.endswith(".ipynb") else text
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).with_suffix(".py").write_text(source, encoding="utf-8")
    ran = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == ("" if guise == "unused_class" else "[6, 8, 10]\n")


def _cells(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


def test_functions_that_read_globals_fit_no_guise() -> None:
    """Their names would no longer be found."""
    text = "import torch\nsize = 3\ndef make():\n    return size\nmake()\n"
    assert all(dressed(text, guise) is None for guise in GUISES)


def test_names_are_changed_everywhere() -> None:
    """No name that the program assigns is left."""
    text = dressed(PROGRAM, "renamed")["main.py"]
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert names.isdisjoint({"start", "results", "step"})
    assert "math" in names


def test_the_harness_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """On a few cases: nothing is lost in `main()`."""
    assert HARNESS["main"](["OPT101", "--show", "in_main"]) == 0
    found, of = capsys.readouterr().out.split()[1:4:2]
    assert int(found) == int(of) > 3
