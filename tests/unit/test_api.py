from __future__ import annotations

from pathlib import Path

import pytest

import optlint
from optlint.flow import analysis
from optlint.linting.judging import AnalysisError
from optlint.settings.config import ConfigError
from tests.e2e.cli import BUG


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bug.py").write_text(BUG)
    (tmp_path / "clean.py").write_text("x = 1\n")
    return tmp_path


def codes(*arguments: object, **options: object) -> list[str]:
    return [one.code for one in optlint.lint(*arguments, **options)]  # type: ignore[arg-type]


def test_a_text_a_file_and_a_folder_can_be_linted(folder: Path) -> None:
    for source in (BUG, BUG.encode(), "bug.py", Path("bug.py"), str(folder), folder):
        assert codes(source) == ["OPT101"]
    assert codes("x = 1") == codes("clean.py") == []


def test_a_text_has_a_name_of_its_own(folder: Path) -> None:
    (one,) = optlint.lint(BUG)
    assert (one.span.filename, one.span.row) == ("<string>", 8)
    (one,) = optlint.lint(BUG, filename="pkg/x.py")
    assert one.span.filename == "pkg/x.py"


def test_a_text_is_no_bytes(folder: Path) -> None:
    """A cookie says nothing of a text that is decoded already."""
    (one,) = optlint.lint(f"# coding: latin-1\né = '日'; {BUG.splitlines()[0]}\n" + "\n".join(BUG.splitlines()[1:]))
    assert (one.code, one.span.row) == ("OPT101", 9)


def test_the_configuration_holds_and_arguments_override_it(folder: Path) -> None:
    (folder / "optlint.toml").write_text('ignore = ["OPT1"]\n')
    (folder / "other.toml").write_text('severity = { OPT101 = "info" }\n')
    assert codes("bug.py") == codes(BUG) == []
    assert codes(BUG, select=["OPT101"]) == ["OPT101"]
    assert [one.severity.value for one in optlint.lint("bug.py", config="other.toml")] == ["info"]
    assert codes(BUG, config=Path("other.toml"), ignore=["reused-parameter-iterator"]) == []
    with pytest.raises(ConfigError, match="unknown rule `OPT999`"):
        optlint.lint("x = 1", select=["OPT999"])


def test_a_path_that_does_not_exist_is_an_error(folder: Path) -> None:
    for path in ("none.py", Path("none"), "none.ipynb"):
        with pytest.raises(FileNotFoundError, match="no such file or folder: none"):
            optlint.lint(path)


def test_what_cannot_be_parsed_is_a_diagnostic(folder: Path) -> None:
    assert codes("print 1") == codes(b"\xff") == ["OPT900"]


def test_every_public_name_is_there_and_explained() -> None:
    for name in optlint.__all__:
        assert getattr(optlint, name).__doc__
    for function in (optlint.lint, optlint.audit, optlint.explain):
        assert "Raises `" in (function.__doc__ or "")


def test_nothing_is_written(folder: Path) -> None:
    codes(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["bug.py", "clean.py"]


def test_a_failure_of_the_engine_is_raised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(analysis, "analyse", fail)
    with pytest.raises(AnalysisError, match=r"bug\.py: ZeroDivisionError"):
        optlint.lint("bug.py")
