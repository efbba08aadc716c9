from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optlint.settings.patterns import Patterns

if TYPE_CHECKING:
    from pathlib import Path

VERDICTS = {
    "a name, at any depth": (["build"], {"build/": True, "a/build": True, "rebuild": None}),
    "folders only": (["build/"], {"build/": True, "build": None, "a/build/": True}),
    "from the root": (["/build", "a/b"], {"build": True, "c/build": None, "a/b": True, "c/a/b": None}),
    "wildcards": (["*.p?", "x[ab]"], {"m.py": True, "d/m.py": True, "m.pyi": None, "xb": True, "xc": None}),
    "two stars": (
        ["**/g", "h/**/i", "j/**"],
        {"g": True, "a/g": True, "h/i": True, "h/a/b/i": True, "j": None, "j/a/b": True},
    ),
    "the last one wins": (["*.py", "!keep.py", "b/keep.py"], {"a.py": True, "keep.py": False, "b/keep.py": True}),
    "nothing, a comment, escapes": (
        ["", "# a", "\\#b", "\\!c", "d\\ ", "e  "],
        {"# a": None, "#b": True, "!c": True, "d ": True, "e": True},
    ),
    "negated sets": (["x[!ab]", "y[^ab]"], {"xa": None, "xc": True, "yc": True, "x/": None}),
    "malformed sets": (["[z-a]", "[", "ok"], {"z": None, "ok": True}),
}


@pytest.mark.parametrize(("lines", "verdicts"), VERDICTS.values(), ids=VERDICTS)
def test_verdicts(lines: list[str], verdicts: dict[str, bool | None]) -> None:
    patterns = Patterns(lines)
    assert {path: patterns.verdict(path.rstrip("/"), path.endswith("/")) for path in verdicts} == verdicts


def test_a_file_is_covered_by_what_ignores_a_folder_above_it() -> None:
    patterns = Patterns(["tests/*", "gen/"])
    assert patterns.covers("tests/a/b.py")
    assert patterns.covers("a/gen/b/c.py")
    assert not patterns.covers("src/tests.py")
    assert not patterns.covers("gen")


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


names = st.sampled_from(["a", "b", "ab", "a.py", "build"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
pieces = st.sampled_from(["a", "b", "*", "?", "**", "/", "[ab]", "[!a]", ".py", "build", "\\a"])
lines = st.tuples(st.sampled_from(["", "", "!"]), st.lists(pieces, min_size=1, max_size=5).map("".join)).map("".join)
lines = lines.filter(lambda line: "//" not in line)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.lists(lines, min_size=1, max_size=4), st.lists(paths, min_size=1, max_size=8, unique=True))
def test_git_says_the_same(repository: Path, lines: list[str], paths: list[str]) -> None:
    repository.joinpath(".gitignore").write_text("".join(f"{line}\n" for line in lines))
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=repository,
        input="".join(f"{path}\n" for path in paths),
        text=True,
        capture_output=True,
        check=False,
    )
    patterns = Patterns(lines)
    assert [path for path in paths if patterns.covers(path)] == done.stdout.splitlines()
