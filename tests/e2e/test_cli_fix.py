from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.cli import UNFIXABLE, optlint, plant

UNUSED = b"import torch\r\nx = 1  # optlint: ignore[OPT101, OPT201] why\r\n\ty = 2".replace(b"\t", b"")
FIXED = b"import torch\r\nx = 1\r\ny = 2"


def cell(*lines: str) -> dict[str, object]:
    return {"cell_type": "code", "metadata": {}, "source": list(lines), "outputs": [], "execution_count": 1.0}


def test_fix_writes_what_is_left_is_told(tmp_path: Path) -> None:
    plant(tmp_path, a=UNUSED, b=UNFIXABLE)
    done = optlint("check", "--fix", cwd=tmp_path)
    assert (done.code, (tmp_path / "a.py").read_bytes()) == (1, FIXED)
    assert "OPT302" in done.out
    assert "OPT901" not in done.out
    assert done.out.endswith("Fixed 2 diagnostics.\nFound 1 error in 1 of 2 files.\n")
    assert (tmp_path / "b.py").read_text() == UNFIXABLE


def test_fix_is_idempotent_and_keeps_the_mode(tmp_path: Path) -> None:
    plant(tmp_path, a=UNUSED)
    (tmp_path / "a.py").chmod(0o755)
    assert optlint("check", "--fix", "--exit-non-zero-on-fix", cwd=tmp_path).code == 1
    path = tmp_path / "a.py"
    before = path.stat()
    assert stat.S_IMODE(before.st_mode) == 0o755
    assert optlint("check", "--fix", "--exit-non-zero-on-fix", cwd=tmp_path).code == 0
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert sorted(os.listdir(tmp_path)) == [".optlint_cache", "a.py"]


def test_diff_shows_and_changes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, a=UNUSED)
    done = optlint("check", "--diff", cwd=tmp_path)
    assert (done.code, (tmp_path / "a.py").read_bytes()) == (1, UNUSED)
    assert done.err == "optlint: 2 diagnostics would be fixed, in 1 file\n"
    (tmp_path / "change.diff").write_text(done.out, newline="")
    subprocess.run(["patch", "--binary", "-p0", "-i", "change.diff"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "a.py").read_bytes() == FIXED
    assert optlint("check", "--diff", "a.py", cwd=tmp_path)[:2] == (0, "")


def test_stdin_is_fixed_to_stdout(tmp_path: Path) -> None:
    done = optlint("check", "--fix", "-", cwd=tmp_path, stdin=UNUSED)
    assert (done.code, done.out.encode(), done.err) == (0, FIXED, "Fixed 2 diagnostics.\nAll checks passed: 1 file.\n")
    done = optlint("check", "--fix", "-", cwd=tmp_path, stdin=UNFIXABLE)
    assert (done.code, done.out, "OPT302" in done.err) == (1, UNFIXABLE, True)


def test_what_cannot_be_fixed_is_told(tmp_path: Path) -> None:
    plant(tmp_path, a=UNUSED.replace(b"\r\n", b"\r"))
    done = optlint("check", "--fix", cwd=tmp_path)
    assert done.code == 1
    assert done.err == "optlint: a.py: not fixed: it has lines that end with a carriage return alone\n"
    assert (tmp_path / "a.py").read_bytes() == UNUSED.replace(b"\r\n", b"\r")


def test_a_notebook_is_fixed_in_its_cells_only(tmp_path: Path) -> None:
    cells = [cell("import torch\n", "!ls"), cell("x = 1  # optlint: ignore[OPT101]"), cell("%cd a\n", "# noqa: OPT101")]
    text = json.dumps({"cells": cells, "nbformat": 4, "metadata": {"a": 1e3}}, indent=2)
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    done = optlint("check", "--diff", cwd=tmp_path)
    assert (done.code, path.read_text()) == (1, text)
    assert "--- n.ipynb:cell 2\n+++ n.ipynb:cell 2\n@@ -1 +1 @@\n-x = 1  # optlint: ignore[OPT101]\n" in done.out
    assert optlint("check", "--fix", cwd=tmp_path).out == "Fixed 2 diagnostics.\nAll checks passed: 1 file.\n"
    expected = text.replace("x = 1  # optlint: ignore[OPT101]", "x = 1")
    assert path.read_text() == expected.replace('"%cd a\\n",\n        "# noqa: OPT101"', '"%cd a\\n"')


SILENCED = {
    "a line": ("opt = SGD(params, lr=1)\n", "opt = SGD(params, lr=1)  # optlint: ignore[OPT101] known\n"),
    "the last line of a statement": (
        "opt = SGD(\n    params,\n    lr=1,\n)\n",
        "opt = SGD(\n    params,\n    lr=1,\n)  # optlint: ignore[OPT101] known\n",
    ),
    "after a comment": (
        "opt = SGD(params, lr=1)  # note\n",
        "opt = SGD(params, lr=1)  # note  # optlint: ignore[OPT101] known\n",
    ),
    "beside another one": (
        "opt = SGD(params, lr=1)  # optlint: ignore[OPT201] old\n",
        "opt = SGD(params, lr=1)  # optlint: ignore[OPT201, OPT101] old\n",
    ),
    "after a backslash": (
        "opt = \\\n    SGD(params, lr=1)",
        "opt = \\\n    SGD(params, lr=1)  # optlint: ignore[OPT101] known",
    ),
    "after a string of many lines": (
        "opt = SGD(params, lr=len('''\n'''))\n",
        "opt = SGD(params, lr=len('''\n'''))  # optlint: ignore[OPT101] known\n",
    ),
    "a header": ("for p in params: pass\n", "for p in params: pass  # optlint: ignore[OPT101] known\n"),
}
BEFORE = "import torch\nfrom torch.optim import SGD\nparams = torch.nn.Linear(1, 1).parameters()\nlist(params)\n"


@pytest.mark.parametrize(("statement", "expected"), SILENCED.values(), ids=SILENCED)
def test_what_is_found_can_be_silenced_where_it_stands(tmp_path: Path, statement: str, expected: str) -> None:
    plant(tmp_path, a=BEFORE + statement)
    done = optlint("check", "--add-ignore=known", "--ignore", "OPT901", cwd=tmp_path)
    assert (tmp_path / "a.py").read_text() == BEFORE + expected
    assert (done.code, done.out.splitlines()[0]) == (0, "Added comments for 1 diagnostic.")
    again = optlint("check", "--add-ignore", "--ignore", "OPT901", cwd=tmp_path)
    assert (again.code, (tmp_path / "a.py").read_text()) == (0, BEFORE + expected)


def test_what_cannot_be_fixed_can_be_silenced_at_once(tmp_path: Path) -> None:
    plant(tmp_path, a=UNUSED, b=UNFIXABLE)
    shown = optlint("check", "--fix", "--add-ignore", "--diff", cwd=tmp_path)
    assert (shown.code, shown.err) == (
        1,
        "optlint: 2 diagnostics would be fixed and 1 comment would be added, in 2 files\n",
    )
    done = optlint("check", "--fix", "--add-ignore", cwd=tmp_path)
    assert (done.code, done.out.splitlines()[:2]) == (0, ["Fixed 2 diagnostics.", "Added comments for 1 diagnostic."])
    assert (tmp_path / "b.py").read_text().endswith("lr=0.1)  # optlint: ignore[OPT302]\n")
