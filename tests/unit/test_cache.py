from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optlint.batch import cache as cache_module
from optlint.batch import checker as checker_module
from optlint.batch import checking
from optlint.batch.cache import Cache, cache_folder
from optlint.batch.checker import Checker
from optlint.batch.policies import Policies
from optlint.batch.records import diagnostic_of, record_of
from optlint.diagnostic import Applicability, Diagnostic, Edit, Fix, Note, Severity, Span
from optlint.discovery.found import SourceFile
from optlint.flow.files import around
from optlint.settings.config import Config, parse_table
from optlint.settings.selection import Selection
from tests.e2e.cli import BUG

DATA = "digest"
SPAN = Span("a.py", 1, 2, 3, 4)
FOUND = Diagnostic(
    "OPT101",
    "reused",
    "é \ud800",
    Severity.WARNING,
    SPAN,
    (Note("here", SPAN), Note("there", Span("b.py", 5, 6, 7, 8, 9))),
    Fix("list", (Edit(SPAN, "list("),), Applicability.UNSAFE),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reopened(folder: Path, selection: Selection | None = None) -> Cache:
    return Cache(str(folder), selection or Selection())


def kept(folder: Path, *found: Diagnostic, others: Iterable[str] = (), config: Config | None = None) -> None:
    cache = reopened(folder)
    cache.put("a.py", DATA, config or Config(), False, found, others)
    cache.save()


def results(folder: Path) -> Path:
    (path,) = (folder / ".optlint_cache").glob("results-*")
    return path


def known(
    folder: Path, data: str = DATA, config: Config | None = None, named: bool = False
) -> tuple[Diagnostic, ...] | None:
    return reopened(folder).get("a.py", data, config or Config(), named)


def test_what_was_found_is_found_again(folder: Path) -> None:
    assert known(folder) is None
    kept(folder, FOUND)
    assert known(folder) == (FOUND,)
    kept(folder)
    assert known(folder) == ()


def unread(folder: Path) -> tuple[Diagnostic, ...] | None:
    return reopened(folder).unread("a.py", Config(), False)


@pytest.fixture
def noted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose result is known together with its times."""
    path = folder / "a.py"
    path.write_text("old")
    monkeypatch.setattr(cache_module, "SETTLED", -(10**12))
    cache = reopened(folder)
    assert cache.unread("a.py", Config(), False) is None
    cache.put("a.py", DATA, Config(), False, [FOUND], ["helper.py"])
    cache.save()
    assert unread(folder) == (FOUND,)
    return path


def test_a_file_that_was_touched_is_read_again(folder: Path, noted: Path) -> None:
    before = noted.stat()
    noted.write_text("new")
    os.utime(noted, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert unread(folder) is None
    cache = reopened(folder)
    cache.unread("a.py", Config(), False)
    assert cache.get("a.py", DATA, Config(), False) == (FOUND,)
    cache.save()
    assert unread(folder) == (FOUND,)


def test_a_file_that_is_gone_or_judged_otherwise_is_read_again(folder: Path, noted: Path) -> None:
    assert reopened(folder).unread("a.py", parse_table({"ignore": ["OPT1"]}), False) is None
    (folder / "helper.py").touch()
    assert unread(folder) is None
    (folder / "helper.py").unlink()
    assert unread(folder) == (FOUND,)
    noted.unlink()
    assert unread(folder) is None


def test_a_file_written_to_a_moment_ago_is_read_again(
    folder: Path, noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "SETTLED", 10**12)
    assert unread(folder) is None


def test_of_many_files_none_is_read_twice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "SETTLED", -(10**12))
    monkeypatch.setattr(checking, "MANY_ASKED", 2)
    files = [SourceFile(str(folder / name), Config()) for name in ("bug.py", "other.py")]
    for file, text in zip(files, (BUG, "x = 1\n"), strict=True):
        Path(file.path).write_text(text)

    def run() -> list[tuple[Diagnostic, ...]]:
        checker = Checker(Policies(Selection()), cache_in=str(folder))
        found = [result.diagnostics for result in checking.check_all(files, checker, 1)]
        checker.finish()
        return found

    first = run()
    assert list(map(len, first)) == [1, 0]
    monkeypatch.setattr(checker_module, "_read", None)
    assert run() == first


def test_a_file_of_another_content_is_not_known(folder: Path) -> None:
    kept(folder, FOUND)
    assert known(folder, data="another") is None
    assert reopened(folder).get("b.py", DATA, Config(), False) is None


def test_a_file_judged_otherwise_is_not_known(folder: Path) -> None:
    kept(folder, FOUND)
    assert known(folder, config=parse_table({"severity": {"OPT101": "info"}})) is None
    assert known(folder, named=True) is None
    assert reopened(folder, Selection(ignore=("OPT1",))).get("a.py", DATA, Config(), False) is None


def test_who_asks_otherwise_takes_nothing_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(folder, FOUND)
    cache = reopened(folder)
    cache.put("a.py", DATA, Config(), True, [], [])
    cache.save()
    assert (known(folder), known(folder, named=True)) == ((FOUND,), ())
    for program in map(str, range(20)):
        with monkeypatch.context() as patch:
            patch.setattr(cache_module, "_program", lambda name=program: name)
            kept(folder)
            assert known(folder) == ()
        assert (known(folder) == (FOUND,)) is (int(program) < 7)
    assert len(list((folder / ".optlint_cache").glob("results-*"))) == 8


def test_another_program_knows_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(folder, FOUND)
    monkeypatch.setattr(cache_module, "_program", lambda: "another")
    assert known(folder) is None


def test_our_own_code_is_part_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache_module._program()
    assert cache_module._program() == before
    monkeypatch.setattr(cache_module, "_changed", lambda path: 1)
    assert cache_module._program() != before


def helper(folder: Path) -> Path:
    return folder / "helper.py"


CHANGES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "a helper is edited": (lambda it: helper(it).write_text("a"), lambda it: helper(it).write_text("b")),
    "a helper appears": (lambda it: None, lambda it: helper(it).write_text("a")),
    "a helper goes": (lambda it: helper(it).write_text("a"), lambda it: helper(it).unlink()),
    "a file comes into the project": (lambda it: None, lambda it: (it / "new.py").write_text("a")),
    "a file of the project is edited": (
        lambda it: helper(it).write_text("a"),
        lambda it: os.utime(helper(it), ns=(1, 1)),
    ),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_what_depends_on_others_is_forgotten_with_them(
    folder: Path, before: Callable[[Path], object], after: Callable[[Path], object]
) -> None:
    before(folder)
    kept(folder, FOUND, others=["helper.py", around.all_of(str(folder))])
    assert known(folder) == (FOUND,)
    after(folder)
    assert known(folder) is None


def test_what_is_not_depended_on_may_change(folder: Path) -> None:
    helper(folder).write_text("a")
    kept(folder, FOUND, others=["helper.py"])
    (folder / "other.py").write_text("b")
    assert known(folder) == (FOUND,)


BROKEN = {
    "empty": lambda whole: b"",
    "something else": lambda whole: b"\xff{",
    "cut": lambda whole: whole[:-10],
    "a byte too much": lambda whole: whole + b"\n",
    "one bit": lambda whole: whole.replace(b"OPT101", b"OPT102"),
    "a line missing": lambda whole: whole.partition(b"\n")[2],
}


@pytest.mark.parametrize("breaking", BROKEN.values(), ids=BROKEN)
def test_a_broken_cache_is_ignored(folder: Path, breaking: Callable[[bytes], bytes]) -> None:
    kept(folder, FOUND)
    path = results(folder)
    path.write_bytes(breaking(path.read_bytes()))
    assert known(folder) is None
    kept(folder, FOUND)
    assert known(folder) == (FOUND,)


def test_a_path_that_would_break_a_line_is_not_kept(folder: Path) -> None:
    for odd in ("a\tb.py", "a\nb.py", "a\x85b.py", "\udcff.py"):
        cache = reopened(folder)
        cache.put(odd, DATA, Config(), False, [FOUND], [])
        cache.save()
        assert reopened(folder).get(odd, DATA, Config(), False) is None


def test_nothing_is_written_if_nothing_is_new(folder: Path) -> None:
    reopened(folder).save()
    assert os.listdir(folder) == []
    kept(folder, FOUND)
    path = results(folder)
    before = path.stat().st_mtime_ns
    cache = reopened(folder)
    assert cache.get("a.py", DATA, Config(), False)
    cache.save()
    assert path.stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_is_no_trouble(folder: Path) -> None:
    (folder / ".optlint_cache").write_text("a file")
    kept(folder, FOUND)
    assert known(folder) is None


def test_git_leaves_the_cache_alone(folder: Path) -> None:
    kept(folder, FOUND)
    assert sorted(os.listdir(folder / ".optlint_cache")) == [".gitignore", "CACHEDIR.TAG", results(folder).name]
    assert (folder / ".optlint_cache" / ".gitignore").read_text() == "*\n"


def test_files_that_are_gone_are_forgotten_some_day(folder: Path) -> None:
    cache = reopened(folder)
    for number in range(1_500):
        cache.put(f"gone{number}.py", DATA, Config(), False, [], [])
    cache.save()
    (folder / "a.py").touch()
    kept(folder, FOUND)
    _, *lines = (results(folder)).read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == [f"-{folder / 'a.py'}"]


def test_the_cache_lies_at_the_root_of_the_project(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert cache_folder(str(inner)) == str(inner)
    (tmp_path / "a" / "pyproject.toml").touch()
    assert cache_folder(str(inner)) == str(tmp_path / "a")


spans = st.builds(Span, st.sampled_from(["a.py", "b.py"]), *[st.integers(1, 9)] * 4, st.none() | st.integers(1, 9))
fixes = st.builds(
    Fix, st.text(), st.lists(st.builds(Edit, spans, st.text())).map(tuple), st.sampled_from(Applicability)
)
notes = st.lists(st.builds(Note, st.text(), spans)).map(tuple)
said = st.tuples(st.text(), st.text(), st.text(), st.sampled_from(Severity), spans, notes, st.none() | fixes)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(said.map(lambda fields: Diagnostic(*fields)))
def test_a_record_brings_everything_back(diagnostic: Diagnostic) -> None:
    record = json.loads(json.dumps(record_of(diagnostic, "a.py")))
    assert diagnostic_of(record, "a.py") == diagnostic
    moved = diagnostic_of(record, "c.py")
    assert moved.span.filename == ("c.py" if diagnostic.span.filename == "a.py" else "b.py")


def project_of(folder: Path, main: str) -> str:
    """A project of which `helper.py` depends on its callers; what stands for that."""
    (folder / "pyproject.toml").touch()
    helper(folder).write_text("def train(optimizer): ...\n")
    (folder / "main.py").write_text(main)
    return around.callers_are(str(helper(folder)), (str(folder / "main.py"),))


def test_another_caller_is_noticed(folder: Path) -> None:
    kept(folder, FOUND, others=[project_of(folder, "from helper import train\n")])
    (folder / "other.py").write_text("import helper\n")
    assert known(folder) is None


def test_a_file_that_does_not_call_changes_nothing(folder: Path) -> None:
    kept(folder, FOUND, others=[project_of(folder, "from helper import train\n")])
    (folder / "other.py").write_text("import helpers\n")
    assert known(folder) == (FOUND,)
