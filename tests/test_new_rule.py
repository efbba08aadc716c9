"""A new rule starts as skeletons that fail in the right places."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optlint.flow import events
from scripts.new_rule import main, skeleton

ROOT = Path(__file__).parents[1]
NEEDED = (
    "optlint",
    "rules",
    "scripts",
    "conftest.py",
    "pyproject.toml",
    "tests/__init__.py",
    "tests/pages",
    "tests/test_registry.py",
)
NEW = ("OPT299", "borrowed-tensor")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A copy of the repository in which the new rule was started."""
    folder = tmp_path_factory.mktemp("clone")
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "scripts/new_rule.py", *NEW], cwd=folder, check=True, capture_output=True)
    return folder


def failures(clone, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [
        line.split(" - ")[0].split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
    ]
    return lines, done.stdout


def test_page_and_cases_fail_first(clone):
    failed, output = failures(clone, "rules/OPT299-borrowed-tensor.md", "tests/cases/OPT299")
    assert [name.rpartition("::")[0] for name in failed] == [
        "rules/OPT299-borrowed-tensor.md::why-it-is-bad",
        "rules/OPT299-borrowed-tensor.md::example",
        "rules/OPT299-borrowed-tensor.md::use-instead",
        "tests/cases/OPT299/found.md::say-what-is-special-here",
    ]
    assert "^ missing: error: [OPT299]" in output


def test_the_registry_asks_for_cases_and_the_table(clone):
    failed, _ = failures(clone, "tests/test_registry.py", "-k", "OPT299 or table")
    assert {name.rpartition("::")[2] for name in failed} == {
        "test_its_cases_are_many_and_some_are_silent[OPT299]",
        "test_the_table_is_up_to_date",
    }


@pytest.mark.parametrize("taken", [["OPT299", "other-name"], ["OPT298", "borrowed-tensor"]])
def test_a_taken_code_or_name_is_refused(clone, monkeypatch, capsys, taken):
    monkeypatch.chdir(clone)
    with pytest.raises(SystemExit, match="2"):
        main(taken)
    assert "taken: rules/OPT299-borrowed-tensor.md" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["OPT29", "a-name"], ["OPT999", "a-name"], ["OPT299", "Name"], ["OPT299", "name"]])
def test_a_malformed_code_or_name_is_refused(tmp_path, monkeypatch, capsys, wrong):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(wrong)
    assert "such as OPT209" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_default_event_exists():
    (check,) = (text for path, text in skeleton(*NEW, "AttributeSet").items() if path.endswith(".py"))
    assert "import AttributeSet" in check
    assert "AttributeSet" in events.__all__
