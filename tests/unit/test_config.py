from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optlint.settings.config import Config, ConfigError, Configs, parse_table, read_file, read_folder


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("a", "b").mkdir(parents=True)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def lists(table: dict[str, Any]) -> dict[str, Any]:
    """As TOML has it, where there are no tuples."""
    pairs = table.get("per-file-ignores", {}).items()
    values = {key: list(value) for key, value in table.items() if isinstance(value, tuple)}
    return {**values, "per-file-ignores": {pattern: list(words) for pattern, words in pairs}}


def test_every_key_is_read() -> None:
    table = {
        "select": ["OPT1"],
        "extend-select": ["OPT201"],
        "ignore": ["OPT102"],
        "severity": {"OPT101": "info"},
        "per-file-ignores": {"tests/**": ["OPT", "no-grad"]},
        "per-file-severity": {"old/": {"OPT302": "warning"}},
        "exclude": ["gen"],
        "extend-exclude": ["old"],
        "known-optimizers": ["mine.Lion"],
        "known-group-keys": ["lr_scale"],
        "torch-version": "1.13.1",
    }
    config = parse_table(table, "p", "r")
    assert config == Config(
        "p",
        "r",
        select=("OPT1",),
        extend_select=("OPT201",),
        ignore=("OPT102",),
        severity=(("OPT101", "info"),),
        per_file_ignores=(("tests/**", ("OPT", "no-grad")),),
        per_file_severity=(("old/", (("OPT302", "warning"),)),),
        exclude=("gen",),
        extend_exclude=("old",),
        known_optimizers=("mine.Lion",),
        known_group_keys=("lr_scale",),
        torch_version=(1, 13),
    )
    assert set(config.rule_words) == {"OPT1", "OPT201", "OPT102", "OPT101", "OPT", "no-grad", "OPT302"}
    assert parse_table({**config.as_table(), **lists(config.as_table())}, "p", "r") == config
    assert len({key.replace("-", "_") for key in table} | {"path", "root"}) == len(Config._fields)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"selct": []}, "unknown key `selct`, did you mean `select`"),
        ({"per_file_ignores": {}}, "unknown key `per_file_ignores`, did you mean `per-file-ignores`"),
        ({"select": "OPT1"}, "`select` must be a list of strings"),
        ({"ignore": [1]}, "`ignore` must be a list of strings"),
        ({"severity": {"OPT101": "fatal"}}, "`severity` says 'fatal' for OPT101, but must be one of error, warning"),
        ({"severity": ["OPT101"]}, "`severity` must be a table"),
        ({"per-file-ignores": {"a": "OPT1"}}, "`per-file-ignores` must be a list of strings"),
        ({"per-file-severity": {"a": {"OPT101": "fatal"}}}, "`per-file-severity` says 'fatal' for OPT101"),
        ({"per-file-severity": {"a": "info"}}, "`per-file-severity` must be a table"),
        ({"torch-version": 2.1}, '`torch-version` must be a string such as "2.1"'),
        ({"torch-version": "two.1"}, "`torch-version` must be"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_table(table, "pyproject.toml")


def test_the_nearest_configuration_holds_alone(tree: Path) -> None:
    write(tree / "pyproject.toml", '[tool.optlint]\nselect = ["OPT1"]\nignore = ["OPT101"]\n')
    write(tree / "a" / "b" / "optlint.toml", 'select = ["OPT2"]\n')
    configs = Configs()
    assert configs.of_file("x.py").select == ("OPT1",)
    assert configs.of_file("a/x.py") == configs.of_file("x.py")
    nearest = configs.of_file("a/b/x.py")
    assert (nearest.select, nearest.ignore, nearest.root) == (("OPT2",), (), str(tree / "a" / "b"))


def test_a_pyproject_that_is_not_about_us_does_not_count(tree: Path) -> None:
    write(tree / "optlint.toml", 'select = ["OPT1"]\n')
    write(tree / "a" / "pyproject.toml", "[tool.ruff]\nthis is no toml, but that is not our business\n")
    write(tree / "a" / "b" / "pyproject.toml", '[project]\nname = "optlint-user"\n')
    assert Configs().of_file("a/b/x.py").select == ("OPT1",)


def test_an_empty_table_counts(tree: Path) -> None:
    write(tree / "optlint.toml", 'select = ["OPT1"]\n')
    write(tree / "a" / "pyproject.toml", "[tool.optlint]\n")
    assert Configs().of_file("a/x.py").select is None


def test_our_own_file_comes_before_pyproject(tree: Path) -> None:
    write(tree / "optlint.toml", 'select = ["OPT1"]\n')
    write(tree / "pyproject.toml", '[tool.optlint]\nselect = ["OPT2"]\n')
    found = read_folder(str(tree))
    assert found
    assert found.select == ("OPT1",)


def test_our_own_file_may_use_the_long_form(tree: Path) -> None:
    write(tree / "optlint.toml", '\ufeff[tool.optlint]\r\nselect = ["OPT1"]\r\n')
    assert Configs().of_file("x.py").select == ("OPT1",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.optlint]\nselect = [", "pyproject.toml: "),
        ("[tool]\noptlint = 3\n", "`tool.optlint` must be a table"),
        ('tool = "optlint"\n', "`tool.optlint` must be a table"),
        ("[tool.optlint]\nselct = []\n", "did you mean `select`"),
    ],
)
def test_a_broken_file_is_an_error(tree: Path, text: str, message: str) -> None:
    write(tree / "pyproject.toml", text)
    with pytest.raises(ConfigError, match=message):
        Configs().of_file("x.py")


def test_without_any_file_the_defaults_hold(tree: Path) -> None:
    assert Configs().of_file("x.py") == Config(root=str(tree))


def test_a_named_file_holds_everywhere_relative_to_the_current_folder(tree: Path) -> None:
    write(tree / "a" / "other.toml", 'exclude = ["gen"]\n')
    write(tree / "optlint.toml", 'select = ["OPT1"]\n')
    fixed = read_file("a/other.toml")
    assert (fixed.exclude, fixed.root) == (("gen",), str(tree))
    assert Configs(fixed).of_file("x.py") is fixed
    with pytest.raises(ConfigError, match="no such configuration file"):
        read_file("none.toml")
