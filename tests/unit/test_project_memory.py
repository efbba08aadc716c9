"""What is kept of a project's files while others are linted."""

from __future__ import annotations

from pathlib import Path

import pytest

from optlint.flow.files import project as module
from optlint.flow.files.project import Project


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A file of each of two projects."""
    paths = {}
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pyproject.toml").touch()
        (folder / "helpers.py").write_text("def help(): ...\n")
        paths[name] = str(folder / "helpers.py")
    return paths


def after(files: dict[str, str], name: str) -> Project:
    """What is left of what was read for a file of one project when that of another, or of the same, comes next."""
    project = Project().for_next_file(files["one"])
    project.outline(files["one"])
    return project.for_next_file(files[name])


def test_much_of_another_project_is_let_go(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW_FILES", 0)
    assert after(files, "one").outlines
    assert not after(files, "other").outlines
    assert not after(files, "other").asked


def test_little_is_kept(files: dict[str, str]) -> None:
    assert after(files, "other").outlines


def test_much_of_the_same_project_is_let_go(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 0)
    assert not after(files, "one").outlines
    assert after(files, "one").for_next_file().outlines == {}
