from __future__ import annotations

import os
from pathlib import Path

import pytest

from optlint.discovery.files import find_files, given_file
from optlint.discovery.found import Excluding, Missing, SourceFile
from optlint.settings.config import Config, Configs


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plant(root: Path, *names: str, **texts: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get(name, ""), encoding="utf-8")


def found(*paths: str, exclude: tuple[str, ...] = (), force: bool = False) -> list[str]:
    return [one.path for one in find_files(paths, Configs(), Excluding(exclude, force))]


def test_folders_give_their_python_files_by_name(tree: Path) -> None:
    plant(tree, "b.py", "a/z.pyi", "a/c.py", "a/d.txt", "a/e.py.bak", "c/__init__.py")
    assert found(".") == ["a/c.py", "a/z.pyi", "b.py", "c/__init__.py"]
    assert found("a") == ["a/c.py", "a/z.pyi"]
    assert found(str(tree / "a")) == [str(tree / "a" / "c.py"), str(tree / "a" / "z.pyi")]


def test_each_file_comes_once(tree: Path) -> None:
    plant(tree, "a/b.py")
    assert found("a/b.py", "a", "./a/b.py", str(tree)) == ["a/b.py"]


def test_a_named_file_needs_no_python_name(tree: Path) -> None:
    plant(tree, "script")
    assert found("script") == ["script"]


def test_missing_paths_are_told(tree: Path) -> None:
    plant(tree, "a.py")
    assert list(find_files(["no.py", "a.py", "a.py/b"], Configs(), Excluding())) == [
        Missing("no.py"),
        SourceFile("a.py", Config(root=str(tree)), named=True),
        Missing("a.py/b"),
    ]


def test_usual_folders_are_left_out_unless_named(tree: Path) -> None:
    plant(tree, "venv/a.py", ".git/b.py", "x/node_modules/c.py", "x/build/d.py", "x/builder/e.py")
    assert found(".") == ["x/builder/e.py"]
    assert found("x/build") == ["x/build/d.py"]
    assert found("venv/a.py") == ["venv/a.py"]


def test_configured_patterns_are_relative_to_the_configuration(tree: Path) -> None:
    plant(tree, "s/gen/a.py", "gen/b.py", "s/t_pb2.py", "s/venv/c.py", "s/k.py")
    (tree / "s" / "optlint.toml").write_text('exclude = ["/gen", "*_pb2.py"]\n')
    assert found(".") == ["gen/b.py", "s/k.py", "s/venv/c.py"]
    (tree / "s" / "optlint.toml").write_text('extend-exclude = ["gen/"]\n')
    assert found(".") == ["gen/b.py", "s/k.py", "s/t_pb2.py"]


def test_the_command_line_leaves_out_more(tree: Path) -> None:
    plant(tree, "a.py", "s/a.py", "s/b.py", "venv/c.py")
    assert found(".", exclude=("/a.py", "b.py")) == ["s/a.py"]


def test_named_files_are_left_out_only_by_force(tree: Path) -> None:
    plant(tree, "build/a.py", "b.py")
    assert found("build/a.py", "b.py", exclude=("b.py",)) == ["build/a.py", "b.py"]
    assert found("build/a.py", "b.py", exclude=("b.py",), force=True) == []
    assert list(given_file("build/x.py", b"", Configs(), Excluding(force=True))) == []
    assert [one.data for one in given_file("build/x.py", b"1", Configs(), Excluding())] == [b"1"]


def test_excludes_hold_outside_the_current_folder_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tree, "here/x", "there/.venv/a.py", "there/b.py")
    monkeypatch.chdir(tree / "here")
    assert found("../there") == ["../there/b.py"]


def test_gitignore_is_honoured_at_every_level(tree: Path) -> None:
    plant(tree, ".git/HEAD", "a.py", "gen/b.py", "s/c.py", "s/keep.py", "s/t/d.py", "s/t/e.py")
    (tree / ".gitignore").write_text("gen/\n*.py\n!a.py\n!d.py\n", encoding="utf-8")
    (tree / "s" / ".gitignore").write_text("!keep.py\n", encoding="utf-8")
    assert found(".") == ["a.py", "s/keep.py", "s/t/d.py"]
    assert found("s/t") == ["s/t/d.py"]
    assert found("s/t/e.py") == ["s/t/e.py"]


def test_gitignore_above_counts_only_within_the_repository(tree: Path) -> None:
    plant(tree, "outer/repo/.git/HEAD", "outer/repo/a.py", "outer/loose/b.py", "outer/loose/c.py")
    (tree / "outer" / ".gitignore").write_text("*.py\n")
    (tree / "outer" / "loose" / ".gitignore").write_text("c.py\n")
    assert found("outer/repo") == ["outer/repo/a.py"]
    assert found("outer/loose") == ["outer/loose/b.py"]
    assert found("outer") == ["outer/repo/a.py"]


def test_links_to_folders_are_not_followed_and_links_to_files_are(tree: Path) -> None:
    plant(tree, "a/b.py")
    os.symlink("..", tree / "a" / "loop")
    os.symlink("b.py", tree / "a" / "link.py")
    os.symlink("gone.py", tree / "a" / "dangling.py")
    os.symlink("second.py", tree / "a" / "first.py")
    os.symlink("first.py", tree / "a" / "second.py")
    os.symlink("a", tree / "linked")
    assert found(".") == ["a/b.py", "a/link.py"]
    assert found("linked") == ["linked/b.py", "linked/link.py"]


def test_what_is_no_file_is_told_if_it_is_named(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    assert found(".") == []
    (named,) = find_files(["pipe.py"], Configs(), Excluding())
    assert isinstance(named, SourceFile)
    assert named.trouble == "not a regular file"


def test_a_path_that_cannot_exist_is_told() -> None:
    (one,) = find_files(["a\0b"], Configs(), Excluding())
    assert isinstance(one, SourceFile)
    assert one.trouble
    assert "null" in one.trouble


def test_a_folder_that_cannot_be_listed_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tree, "a/b.py", "c.py")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path == "a":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    files = [one for one in find_files(["."], Configs(), Excluding()) if isinstance(one, SourceFile)]
    assert [(file.path, file.trouble) for file in files] == [("a", "Permission denied"), ("c.py", None)]
