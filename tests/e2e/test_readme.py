"""What the README shows is what happens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from optlint.own_rules import all_rules
from optlint.settings.config import parse_table
from optlint.settings.policy import policy_of
from optlint.settings.selection import Selection
from tests.e2e.transcripts import shows, steps
from tests.pages.page import read_fences

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return ["".join(f"{line}\n" for line in fence.lines) for fence in read_fences(README) if fence.language == language]


@pytest.mark.parametrize(("command", "shown"), steps(README), ids=[step.command for step in steps(README)])
def test_a_session_replays(command, shown):
    program, *arguments = command.split()
    assert program == "optlint"
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    done = subprocess.run(
        [sys.executable, "-m", "optlint", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert shows(shown, done.stdout), done.stdout


def test_a_session_that_differs_is_seen():
    assert shows("a\n...\nc\n", "a\nb\nb\nc\n")
    assert not shows("a\n...\nc\n", "a\nb\nd\n")
    assert not shows("a\nc\n", "a\nb\nc\n")
    assert shows("...\nc", "a\nc\n")
    assert shows("...\n", "a\nb\n")
    assert not shows("", "a\n")


def test_the_configuration_can_be_used():
    toml = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
    (text,) = blocks("toml")
    policy = policy_of(all_rules(), parse_table(toml.loads(text)["tool"]["optlint"]), Selection())
    assert "OPT101" in policy.enabled
    assert "OPT203" not in policy.enabled


def test_the_interface_for_programs_works(monkeypatch, capsys):
    (code,) = [block for block in blocks("python") if "optlint.lint(" in block]
    monkeypatch.chdir(ROOT)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("OPT101 reused-parameter-iterator 31 `SGD` gets nothing")


def test_every_command_exists():
    (text,) = [block for block in blocks("") if block.startswith("optlint check [PATHS]")]
    words = {line.split()[1] for line in text.splitlines()}
    for word in words:
        assert (ROOT / "optlint" / "commands" / f"{word}.py").is_file()


def test_the_tests_are_run_by_the_line_that_the_readme_gives():
    (line,) = re.findall(r"^python3 -m venv .*pytest -n 2$", README, re.MULTILINE)
    assert (
        re.search(r"grep -E '(.*)' README.md", (ROOT / ".ci/run").read_text(encoding="utf-8"))[1]
        == r"^python3 -m venv .*pytest -n 2$"
    )
    assert "[test]" in line


def test_the_json_in_the_docs_is_what_a_program_gets():
    page = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
    command = [sys.executable, "-m", "optlint", "check", "--output-format", "json", "examples/broken_training.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    first = json.loads(done.stdout.replace(str(ROOT / "examples" / "broken_training.py"), shown["filename"]))[0]
    assert first | {"notes": first["notes"][:1]} == shown
