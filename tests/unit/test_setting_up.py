from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest
import yaml

from optlint.settings.config import parse_table
from optlint.settings.setting_up import (
    CONFIGURATION,
    NotUnderstoodError,
    requirement,
    with_configuration,
    with_hook,
    with_our_codes,
)

toml: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

HOOKS = {
    "no file": "",
    "no repos yet": "repos: []\n",
    "nothing in repos": "repos:\n",
    "indented by two": "repos:\n  - repo: https://a\n    rev: v1\n    hooks:\n      - id: a\n",
    "not indented": "default_stages: [commit]\nrepos:\n- repo: https://a\n  rev: v1\n  hooks:\n  - id: a\n",
    "something behind": "repos:\n  - repo: https://a\n    rev: v1\n    hooks: [{id: a}]\n\n# ours\nci:\n  skip: [a]\n",
    "comments": "# top\nrepos:  # all\n  # first\n  - repo: https://a\n    rev: v1\n    hooks:\n      - id: a  # one\n",
    "no final line end": "repos:\n- repo: https://a\n  rev: v1\n  hooks:\n  - id: a",
}


@pytest.mark.parametrize("text", HOOKS.values(), ids=HOOKS)
def test_the_hook_comes_behind_the_others(text: str) -> None:
    changed = with_hook(text, "optlint==1.2.3")
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(changed)
    *others, ours = after.pop("repos")
    assert others == (before.pop("repos", None) or [])
    assert after == before
    (hook,) = ours["hooks"]
    assert (hook["id"], hook["entry"]) == ("optlint", "optlint check --force-exclude")
    assert hook["additional_dependencies"] == ["optlint==1.2.3"]
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")] == [
        line for line in changed.splitlines() if line.lstrip().startswith("#")
    ]
    assert with_hook(changed, "optlint==1.2.3") == changed


@pytest.mark.parametrize("text", ["ci: {}\n", "repos: [{repo: local, hooks: []}]\n", "repos:\n  weird\n"])
def test_a_form_that_is_not_known_is_left(text: str) -> None:
    with pytest.raises(NotUnderstoodError):
        with_hook(text, "optlint==1.2.3")


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, "optlint==1.2"),
        ('{"url": "file:///a%20b/optlint", "dir_info": {"editable": true}}', "optlint @ file:///a%20b/optlint"),
        (
            '{"url": "https://a/b.git", "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "main"}}',
            "optlint @ git+https://a/b.git@abc",
        ),
        (
            '{"url": "https://a/b.zip", "archive_info": {}, "subdirectory": "lint"}',
            "optlint @ https://a/b.zip#subdirectory=lint",
        ),
    ],
)
def test_the_hook_installs_what_is_installed_here(origin: str | None, expected: str) -> None:
    assert requirement("1.2", origin) == expected
    assert yaml.safe_load(with_hook("", expected))["repos"][0]["hooks"][0]["additional_dependencies"] == [expected]


def test_a_configuration_is_added_once() -> None:
    text = '[project]\nname = "a"  # mine\n'
    changed = with_configuration(text, "pyproject.toml")
    assert changed == f"{text}\n[tool.optlint]\n{CONFIGURATION}"
    assert with_configuration(changed, "pyproject.toml") == changed
    assert with_configuration("", "pyproject.toml") == f"[tool.optlint]\n{CONFIGURATION}"


def test_the_proposed_configuration_is_valid() -> None:
    proposed = "\n".join(line.removeprefix("# ") for line in CONFIGURATION.splitlines()[1:])
    assert set(parse_table(toml.loads(proposed)).rule_words) == {"OPT204", "OPT303", "OPT5"}


RUFF = {
    "no lint table": "[tool.ruff]\nline-length = 100\n",
    "a lint table": '[tool.ruff.lint]\nselect = ["E"]\n\n[tool.mypy]\nstrict = true\n',
    "a list": '[tool.ruff.lint]\nexternal = ["ABC"]\n',
    "a list of several lines": '[tool.ruff.lint]\nexternal = [\n    "ABC",\n    "DEF",\n]\n',
    "an empty list": "[tool.ruff.lint]\nexternal = [ ]\n",
    "a dotted key": '[tool.ruff]\nlint.external = ["ABC"]\n',
    "another list before": '[tool.other]\nexternal = ["X"]\n\n[tool.ruff.lint]\nselect = []\n',
}


@pytest.mark.parametrize("text", RUFF.values(), ids=RUFF)
def test_ruff_is_told_of_our_codes(text: str) -> None:
    changed = with_our_codes(text, "pyproject.toml", ("tool", "ruff"))
    before, after = toml.loads(text)["tool"], toml.loads(changed)["tool"]
    external = after["ruff"]["lint"].pop("external")
    assert external[-1] == "OPT"
    assert external[:-1] == before["ruff"].get("lint", {}).pop("external", [])
    before["ruff"].setdefault("lint", {})
    assert after == before
    assert with_our_codes(changed, "pyproject.toml", ("tool", "ruff")) == changed


def test_ruff_may_have_its_own_file() -> None:
    assert toml.loads(with_our_codes("line-length = 100\n", "ruff.toml", ()))["lint"] == {"external": ["OPT"]}


def test_what_cannot_be_added_in_text_is_left() -> None:
    with pytest.raises(NotUnderstoodError):
        with_our_codes('[tool.ruff]\nlint = { select = ["E"] }\n', "pyproject.toml", ("tool", "ruff"))
