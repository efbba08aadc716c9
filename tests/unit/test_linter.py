from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from optlint.api import lint
from optlint.batch.checking import check_file
from optlint.batch.outcome import FileResult
from optlint.batch.policies import Policies
from optlint.diagnostic import Diagnostic, Severity
from optlint.discovery.found import SourceFile
from optlint.flow import analysis
from optlint.flow.events import Consumed
from optlint.linting import judging
from optlint.own_rules import OWN
from optlint.rule import RUN_ONLY, Check, Registry, Rule, registry_of
from optlint.settings.config import Config, ConfigError, parse_table
from optlint.settings.selection import Selection

REUSED = """\
import torch
params = torch.nn.Linear(1, 1).parameters()
list(params)
torch.optim.SGD(params, lr=1)
"""

LOUD = Rule("TST001", "loud", "speaks of every consumption", severity=Severity.WARNING, needs=(("params",),))
CRASHING = Rule("TST002", "crashing", "always fails", needs=(("params",),))
TWICE = Rule("TST003", "twice", "says the same twice", needs=(("params",),))


@LOUD.check
def loud(event: Consumed) -> Iterator[Diagnostic]:
    yield LOUD.at(event.site, "consumed")


@CRASHING.check
def crashing(event: Consumed) -> Iterator[Diagnostic]:
    yield CRASHING.at(event.site, "before the crash")
    raise KeyError("oops")


@TWICE.check
def twice(event: Consumed) -> Iterator[Diagnostic]:
    yield TWICE.at(event.site, "second", severity=Severity.INFO)
    yield TWICE.at(event.site, "first", severity=Severity.ERROR)


def registry(*checks: Check) -> Registry:
    return registry_of([*(check.rule for check in checks), *OWN], checks)


def check(
    source: str | bytes, *checks: Check, config: Config | None = None, **selection: tuple[str, ...]
) -> FileResult:
    policies = Policies(Selection(**selection), registry(*checks))
    return check_file(SourceFile("f.py", config or Config(), data=source), policies)


def told(result: FileResult) -> list[str]:
    return [f"{one.span.row}: {one.severity.value} {one.code}" for one in result.diagnostics]


def test_the_events_of_a_file_are_judged() -> None:
    assert told(check(REUSED, loud)) == ["4: warning TST001"]


def test_a_rule_that_crashes_is_told_once_and_the_others_go_on() -> None:
    source = REUSED + "torch.optim.SGD(params, lr=2)\n"
    result = check(source, crashing, loud)
    assert told(result) == ["4: error OPT902", "4: warning TST001", "4: error TST002", "5: warning TST001"]
    message = result.diagnostics[0].message
    assert "TST002 crashing failed with KeyError: 'oops' (in tests.unit.test_linter:" in message
    assert "please report" in message


def test_the_engine_failing_is_no_diagnostic(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Iterator[object]:
        raise ZeroDivisionError("division by zero")
        yield

    monkeypatch.setattr(analysis, "analyse", fail)
    result = check(REUSED, loud)
    assert result.diagnostics == ()
    assert result.crash
    assert result.crash.startswith("ZeroDivisionError: division by zero (in tests.unit.test_linter:")


def test_the_engine_running_out_of_stack_is_a_diagnostic(monkeypatch: pytest.MonkeyPatch) -> None:
    def dig(*arguments: object, **options: object) -> Iterator[object]:
        yield from dig(*arguments, **options)

    monkeypatch.setattr(analysis, "analyse", dig)
    assert told(check(REUSED, loud)) == ["1: error OPT900"]


def test_the_slow_parser_is_spared_for_long_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def fix_of(source: str) -> object:
        (found,) = lint(source, select=["OPT101"])
        return found.fix

    assert fix_of(REUSED)
    monkeypatch.setattr(judging, "LONGEST_FOR_FIXES", len(REUSED) - 1)
    assert not fix_of(REUSED)


def test_one_place_is_told_once_and_at_its_worst() -> None:
    (one,) = check(REUSED, twice).diagnostics
    assert (one.message, one.severity) == ("first", Severity.ERROR)


def test_severities_are_configurable() -> None:
    config = parse_table({"severity": {"loud": "info", "OPT900": "warning"}})
    assert told(check(REUSED, loud, twice, config=config)) == ["4: info TST001", "4: error TST003"]
    assert told(check("import torch; params = (\n", loud, config=config)) == ["1: warning OPT900"]


def test_severities_may_differ_from_file_to_file() -> None:
    table = {
        "severity": {"loud": "error"},
        "per-file-severity": {"*.py": {"loud": "warning"}, "/f.py": {"TST": "info"}},
    }
    config = parse_table(table, root=str(Path.cwd()))
    assert told(check(REUSED, loud, twice, config=config)) == ["4: info TST001", "4: info TST003"]
    assert told(check(REUSED, loud, config=config._replace(root="/elsewhere"))) == ["4: warning TST001"]


def test_rules_can_be_left_out_for_some_files() -> None:
    for pattern, expected in (("f.py", []), ("*.py", []), ("g.py", ["4: warning TST001"])):
        config = parse_table({"per-file-ignores": {pattern: ["loud"]}}, root=str(Path.cwd()))
        assert told(check(REUSED, loud, config=config)) == expected


def test_the_command_line_comes_last() -> None:
    config = parse_table({"select": ["loud"]})
    assert told(check(REUSED, loud, twice, config=config)) == ["4: warning TST001"]
    assert told(check(REUSED, loud, twice, config=config, select=("twice",))) == ["4: error TST003"]
    assert told(check(REUSED, loud, twice, config=config, ignore=("TST",))) == []


@pytest.mark.parametrize(
    "config",
    [{"select": ["lod"]}, {"ignore": ["lod"]}, {"severity": {"lod": "info"}}, {"per-file-ignores": {"a": ["lod"]}}],
)
def test_an_unknown_rule_is_an_error_of_the_configuration(config: dict[str, object]) -> None:
    policies = Policies(Selection(), registry(loud))
    with pytest.raises(ConfigError, match=r"p\.toml: unknown rule `lod`, did you mean `loud`"):
        policies.validate(parse_table(config, "p.toml"))


def test_suppressions_hide_and_unused_ones_are_told() -> None:
    source = REUSED.replace("lr=1)", "lr=1)  # optlint: ignore[loud]").replace(
        "(params)", "(params)  # noqa: TST003", 1
    )
    result = check(source, loud, twice)
    assert told(result) == ["3: warning OPT901", "4: error TST003"]
    unused = result.diagnostics[0]
    assert unused.message == "`TST003` is suppressed here, but it is not reported"
    assert (unused.span.column, unused.span.end_column) == (23, 29)


def test_suppressions_of_rules_that_did_not_run_are_not_unused() -> None:
    source = REUSED + "pass  # optlint: ignore[loud]\n"
    assert told(check(source, loud)) == ["4: warning TST001", "5: warning OPT901"]
    assert told(check(source, loud, ignore=("loud",))) == []
    assert told(check(source, loud, ignore=("OPT901",))) == ["4: warning TST001"]


def test_suppressions_of_rules_that_only_a_run_can_break_are_not_unused() -> None:
    run_only = Check(Rule("TST004", "run-only", "", needs=RUN_ONLY), "NoSuchEvent", lambda _: iter(()))
    assert told(check(REUSED + "pass  # optlint: ignore[run-only]\n", loud, run_only)) == ["4: warning TST001"]


def test_an_unused_suppression_can_itself_be_suppressed() -> None:
    source = REUSED + "pass  # optlint: ignore[loud, OPT901]\n"
    assert told(check(source, loud)) == ["4: warning TST001"]


def test_a_file_that_was_not_analysed_has_no_unused_suppressions() -> None:
    assert told(check("import torch, params # optlint: ignore[loud]\nx = (\n", loud)) == ["2: error OPT900"]
    assert told(check("# optlint: ignore-file[OPT900]\nimport torch, params\nx = (\n", loud)) == []


def test_failures_of_ours_are_told_whatever_is_selected() -> None:
    assert told(check(b"import torch, params\n\xff", loud, select=("loud",))) == ["2: error OPT900"]
    assert told(check(b"import torch, params\n\xff", loud, ignore=("OPT900",))) == []


def test_bytes_that_are_no_text_are_told_even_if_no_rule_needs_the_file() -> None:
    assert told(check(b"import torch\n\xff", loud)) == ["2: error OPT900"]
    assert told(check(b"import torch\n\0", loud)) == ["2: error OPT900"]
    assert told(check(b"import os\n\xff", loud)) == []


def test_a_file_that_is_named_is_at_least_python() -> None:
    policies = Policies(Selection(), registry(loud))
    assert check_file(SourceFile("f.py", Config(), data="print 1"), policies).diagnostics == ()
    (one,) = check_file(SourceFile("f.py", Config(), named=True, data="print 1"), policies).diagnostics
    assert one.code == "OPT900"
    newer = "type Alias = int\n"
    assert check_file(SourceFile("f.py", Config(), named=True, data=newer), policies).diagnostics == ()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    policies = Policies(Selection(), registry(loud))
    gone = check_file(SourceFile(str(tmp_path / "gone.py"), Config()), policies)
    assert [one.message for one in gone.diagnostics] == [
        "this file was not analysed: it cannot be read: No such file or directory"
    ]
    (one,) = check_file(SourceFile("pipe", Config(), trouble="not a regular file"), policies).diagnostics
    assert one.message.endswith("not a regular file")


def cells(*sources: str) -> bytes:
    listed = [{"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in sources]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4}).encode()


def in_notebook(*sources: str) -> list[str]:
    file = SourceFile("n.ipynb", Config(), data=cells(*sources))
    result = check_file(file, Policies(Selection(), registry(loud)))
    return [f"{one.span.cell}:{one.span.row}: {one.code}" for one in result.diagnostics]


def test_the_cells_of_a_notebook_are_one_scope() -> None:
    first, second = "%matplotlib inline\nimport torch", "params = torch.nn.Linear(1, 1).parameters()"
    assert in_notebook(first, second, "!ls\nlist(params)", "pass\nlist(params)") == ["4:2: TST001"]


def test_a_broken_cell_is_told_and_the_others_are_linted() -> None:
    first, *rest = REUSED.splitlines()
    assert in_notebook(f"{first}\n{rest[0]}", "x = (", "print 1", "\n".join(rest[1:])) == [
        "2:1: OPT900",
        "3:1: OPT900",
        "4:2: TST001",
    ]


def test_comments_of_a_notebook_suppress_within_its_cells() -> None:
    first = REUSED.replace("lr=1)", "lr=1)  # optlint: ignore[loud]")
    assert in_notebook(first, "torch.optim.SGD(params, lr=1)") == ["2:1: TST001"]
    assert in_notebook(
        f"# optlint: disable[loud]\n{REUSED}", "list(params)\n# optlint: enable[loud]\nlist(params)"
    ) == ["2:3: TST001"]
    assert in_notebook(REUSED, "pass  # optlint: ignore[loud]") == ["1:4: TST001", "2:1: OPT901"]


@pytest.mark.parametrize("function", [lambda event: iter(()), lambda: iter(())])
def test_a_check_says_what_it_judges(function):
    with pytest.raises(TypeError, match="TST001: a check has one parameter, annotated with what it judges: <lambda>"):
        LOUD.check(function)
