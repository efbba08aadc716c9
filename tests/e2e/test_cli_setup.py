from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.cli import BUG, clean_environment, optlint, plant

SETTINGS = """\
[tool.optlint]
ignore = ["OPT2"]
severity = { OPT101 = "info" }
per-file-ignores = { "gen/" = ["OPT1"] }
torch-version = "2.1"

[tool.optlint.per-file-severity]
"old/**" = { OPT302 = "warning", "duplicate-parameter" = "info" }
"""


def test_config_shows_what_holds_and_from_where(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    plant(tmp_path, gen__a="x = 1\n")
    done = optlint("config", "gen/a.py", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith(f"# what holds for gen/a.py\n# from {tmp_path}/pyproject.toml\n")
    on, off = (line for line in done.out.splitlines() if line.startswith("# rules that are"))
    assert ("OPT302" in on, "OPT101" in off, "OPT201" in off) == (True, True, True)
    assert "# severity of OPT101: info" in done.out
    assert "OPT101" in optlint("config", "b.py", cwd=tmp_path).out.partition("# rules that are off")[0]


def test_config_prints_what_can_be_used_again(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    plant(tmp_path, a="x = 1\n")
    shown = optlint("config", "a.py", cwd=tmp_path).out
    (tmp_path / "again.toml").write_text(shown)
    again = optlint("config", "--config", "again.toml", "a.py", cwd=tmp_path).out
    assert again.splitlines()[2:] == shown.splitlines()[2:]
    assert "no file: these are the defaults" in optlint("config", "--isolated", cwd=tmp_path).out


def test_init_sets_a_project_up_once(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\n\n[tool.ruff]\nline-length = 100\n')
    (tmp_path / ".pre-commit-config.yaml").write_text("repos:\n- repo: https://a\n  rev: v1\n  hooks:\n  - id: a\n")
    done = optlint("init", cwd=tmp_path)
    assert (done.code, done.out.count(": added ")) == (0, 3)
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    assert optlint("init", cwd=tmp_path).out.count(": has ") == 3
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)} == before
    assert optlint("check", cwd=tmp_path).code == 0
    assert sorted(before) == [".pre-commit-config.yaml", "pyproject.toml"]


def test_init_in_an_empty_folder(tmp_path: Path) -> None:
    assert optlint("init", cwd=tmp_path).code == 0
    assert sorted(os.listdir(tmp_path)) == [".pre-commit-config.yaml", "optlint.toml"]
    assert optlint("config", cwd=tmp_path).out.splitlines()[1] == f"# from {tmp_path}/optlint.toml"


def test_init_leaves_what_it_does_not_understand(tmp_path: Path) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: [{repo: local}]\n")
    assert ".pre-commit-config.yaml: please add the hook `optlint` by hand" in optlint("init", cwd=tmp_path).out
    assert (tmp_path / ".pre-commit-config.yaml").read_text() == "repos: [{repo: local}]\n"


def test_clean_removes_the_cache_and_nothing_else(tmp_path: Path) -> None:
    optlint("check", cwd=plant(tmp_path, a=BUG))
    assert optlint("clean", cwd=tmp_path).out == f"Removed {tmp_path}/.optlint_cache.\n"
    assert os.listdir(tmp_path) == ["a.py"]
    assert optlint("clean", cwd=tmp_path).out == "There is nothing to remove.\n"
    optlint("check", cwd=tmp_path)
    (tmp_path / ".optlint_cache" / "mine").touch()
    assert optlint("clean", cwd=tmp_path).code == 2
    assert (tmp_path / ".optlint_cache" / "mine").exists()


def test_watch_checks_again_after_each_change(tmp_path: Path) -> None:
    plant(tmp_path, a="x = 1\n")
    run = subprocess.Popen(
        [sys.executable, "-u", "-m", "optlint", "check", "--watch", "--output-format", "concise"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=clean_environment(),
    )
    assert run.stdout
    try:
        assert run.stdout.readline() == "All checks passed: 1 file.\n"
        time.sleep(1)
        plant(tmp_path, b=BUG)
        assert run.stdout.readline().startswith("b.py:8:23: error: OPT101")
        assert run.stdout.readline() == "Found 1 error in 1 of 2 files.\n"
        assert run.stdout.readline().startswith("Can be fixed")
        time.sleep(1)
        (tmp_path / "optlint.toml").write_text('ignore = ["OPT101\n')  # as while it is written
        time.sleep(1)
        (tmp_path / "optlint.toml").write_text('ignore = ["OPT101"]\n')
        assert run.stdout.readline() == "All checks passed: 2 files.\n"
    finally:
        run.kill()
        run.wait()
        run.stdout.close()
