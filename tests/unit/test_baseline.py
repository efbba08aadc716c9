from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlint.diagnostic import Diagnostic, Span
from optlint.linting.baseline import Baseline, Compared, Entry, read_baseline
from optlint.rule import Rule
from optlint.settings.config import ConfigError
from optlint.sources.edits import split_lines

RULE = Rule("OPT101", "bad-line", "a line that says bad")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").touch()
    return tmp_path


def found(text: str, code: str = "OPT101") -> list[Diagnostic]:
    """A diagnostic on every line that says `bad`."""
    rows = [row for row, line in enumerate(split_lines(text), 1) if "bad" in line]
    return [RULE._replace(code=code).at(Span("a.py", row, 1, row, 2), "bad") for row in rows]


def baseline_of(text: str, before: Baseline | None = None) -> Baseline:
    return (before or Baseline("b.json")).rewritten(found(text), lambda entry: True, lambda span: split_lines(text))


def compared(before: str, after: str) -> Compared:
    return baseline_of(before).compare(found(after), lambda entry: True, lambda span: split_lines(after))


UNCHANGED = {
    "nothing": ("a\nbad\n", "a\nbad\n"),
    "lines above": ("a\nbad\n", "new\n\nnew\na\nbad\n"),
    "lines around": ("a\nbad\nb\n", "c\nbad\nd\n"),
    "indentation and spaces": ("bad = f(1)\n", "if a:\n    bad =  f(1)\n"),
    "moved": ("bad(1)\na\nb\n", "a\nb\nbad(1)\n"),
    "twins": ("a\nbad\nb\nbad\n", "x\na\nbad\ny\nb\nbad\n"),
}


@pytest.mark.parametrize(("before", "after"), UNCHANGED.values(), ids=UNCHANGED)
def test_a_known_diagnostic_stays_known(folder: Path, before: str, after: str) -> None:
    result = compared(before, after)
    assert (result.new, result.gone, result.known) == ([], [], len(found(after)))


def test_a_new_diagnostic_is_new(folder: Path) -> None:
    result = compared("bad(1)\n", "bad(1)\nbad(2)\n")
    assert ([one.span.row for one in result.new], result.known) == ([2], 1)


def test_a_changed_line_is_new_and_the_old_one_gone(folder: Path) -> None:
    result = compared("bad(1)\n", "bad(2)\n")
    assert ([one.span.row for one in result.new], [one.line for one in result.gone]) == ([1], ["bad(1)"])


def test_another_rule_on_the_same_line_is_new(folder: Path) -> None:
    lines = split_lines("bad\n")
    result = baseline_of("bad\n").compare(found("bad\n", "OPT102"), lambda entry: True, lambda span: lines)
    assert (len(result.new), len(result.gone)) == (1, 1)


def test_of_twins_the_one_with_other_neighbours_is_new(folder: Path) -> None:
    result = compared("a\nbad\nb\n", "x\nbad\ny\na\nbad\nb\n")
    assert [one.span.row for one in result.new] == [5 - 3]


def test_what_was_not_looked_for_is_not_gone(folder: Path) -> None:
    baseline = baseline_of("bad\n")
    assert baseline.compare([], lambda entry: False, lambda span: []).gone == []
    (folder / "a.py").unlink()
    assert len(baseline.compare([], lambda entry: False, lambda span: []).gone) == 1


def test_pruning_takes_out_what_is_gone_once(folder: Path) -> None:
    baseline = baseline_of("a\nbad\na\nbad\na\n")
    (gone,) = baseline.compare(found("a\nbad\na\n"), lambda entry: True, lambda span: split_lines("a\nbad\na\n")).gone
    assert len(baseline.without([gone]).entries) == 1


def test_writing_keeps_what_was_not_looked_at(folder: Path) -> None:
    (folder / "other.py").touch()
    other = Entry("other.py", "OPT101", "x", "", "")
    gone = Entry("gone.py", "OPT101", "x", "", "")
    lines = split_lines("bad\n")
    written = Baseline("b.json", (other, gone)).rewritten(found("bad\n"), lambda entry: False, lambda span: lines)
    assert [entry.path for entry in written.entries] == ["a.py", "other.py"]


def test_a_file_is_written_and_read(folder: Path) -> None:
    baseline = baseline_of("é = '\\ud800'  # bad\n\nbad\n")
    baseline.write()
    assert read_baseline("b.json") == baseline
    assert (folder / "b.json").read_text().isascii()
    before = (folder / "b.json").read_bytes()
    read_baseline("b.json").write()
    assert (folder / "b.json").read_bytes() == before


def test_a_place_that_cannot_be_written_is_told(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^none/b\.json: cannot be written: No such file or directory$"):
        baseline_of("bad\n")._replace(path="none/b.json").write()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a baseline"),
        ("[]", "not a baseline"),
        ('{"version": 1, "diagnostics": [{"path": 1}]}', "not a baseline"),
        (
            '{"version": 1, "diagnostics": [{"path": "a", "code": 1, "line": "", "before": "", "after": ""}]}',
            "not a baseline",
        ),
        ('{"version": 2, "diagnostics": []}', "another version"),
    ],
)
def test_a_broken_file_is_an_error(folder: Path, text: str, message: str) -> None:
    (folder / "b.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_baseline("b.json")
    with pytest.raises(ConfigError, match=r"none\.json: there is no such baseline"):
        read_baseline("none.json")


texts = st.lists(st.sampled_from(["bad", "bad(1)", "a", "b", ""]), max_size=8).map("\n".join)


@given(texts, texts)
def test_nothing_is_counted_twice(before: str, after: str) -> None:
    result = compared(before, after)
    assert len(found(after)) == result.known + len(result.new)
    assert len(found(before)) == result.known + len(result.gone)
    assert not {one.line for one in result.gone} & {split_lines(after)[one.span.row - 1] for one in result.new}
