from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from optlint.sources.edits import CannotEditError
from optlint.sources.writing import replace_content, write_atomically


def test_content_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o751)
    replace_content(str(path), b"old", b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o751)
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target.py").write_bytes(b"old")
    (tmp_path / "link.py").symlink_to("target.py")
    replace_content(str(tmp_path / "link.py"), b"old", b"new")
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "target.py").read_bytes() == b"new"


def test_a_file_that_has_changed_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"newer")
    with pytest.raises(CannotEditError, match="has changed meanwhile"):
        replace_content(str(path), b"old", b"new")
    assert path.read_bytes() == b"newer"


def test_a_file_that_must_not_be_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(CannotEditError, match="not writable"):
        replace_content(str(path), b"old", b"new")


@pytest.mark.parametrize("failing", ["replace", "fsync", "chmod"])
def test_a_failure_leaves_the_old_content_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space"):
        replace_content(str(path), b"old", b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(str(tmp_path / "ours"), b"data")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode
