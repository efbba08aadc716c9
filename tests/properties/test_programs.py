"""What must hold for every program, tried on programs that nobody wrote."""

from __future__ import annotations

import ast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optlint.api import lint
from optlint.batch.policies import Policies
from optlint.diagnostic import Diagnostic
from optlint.discovery.found import SourceFile
from optlint.fixes.mending import Mending, mend
from optlint.flow.files.project import Project
from optlint.flow.settings import Settings
from optlint.linting import judging
from optlint.own_rules import all_rules
from optlint.settings.config import Config
from optlint.settings.selection import Selection
from tests.properties.programs import blocks, programs

RUNS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
REGISTRY = all_rules()
OWN = {"OPT900", "OPT902"}


def test_the_programs_are_worth_trying() -> None:
    """Most parse, many do something wrong."""
    assert len(blocks()) > 1_000
    assert sum(bool(found_in(block)) for block in blocks()[::40]) > len(blocks()) / 200


def found_in(source: str) -> list[Diagnostic]:
    return lint(source, select=["ALL"], config=None)


@RUNS
@given(programs())
def test_nothing_crashes_and_all_stands_inside_the_file(source: str) -> None:
    lines = source.splitlines()
    for found in found_in(source):
        assert found.code not in OWN, found.message
        for span in (found.span, *(note.span for note in found.notes if note.span)):
            assert 1 <= span.row <= span.end_row <= len(lines)
            assert 1 <= span.column <= len(lines[span.row - 1]) + 1
            assert (span.row, span.column) <= (span.end_row, span.end_column)
            assert span.end_column <= len(lines[span.end_row - 1]) + 1


@RUNS
@given(programs())
def test_the_first_look_sees_what_the_second_sees(source: str) -> None:
    asked = question(source, "a.py", Project())
    events = judging._events(asked)
    silent = not any(True for event in events for _ in REGISTRY.judge(event))
    assert judging.is_clean(asked) == silent


@RUNS
@given(programs())
def test_fixes_parse_and_come_to_an_end(source: str) -> None:
    once = mended(source)
    ast.parse(once)
    assert mended(once) == once


def mended(source: str) -> str:
    """The source after all fixes, unsafe ones too."""
    file = SourceFile("a.py", Config(), data=source)
    data = mend(source, file, Policies(Selection(select=("ALL",))).of(Config()), Mending(fix=True, unsafe=True)).data
    return source if data is None else data.decode()


@RUNS
@given(st.lists(programs(), min_size=2, max_size=3))
def test_what_was_read_before_changes_nothing(sources: list[str]) -> None:
    """One project serves many files: what one leaves in it is of no account to the next."""
    shared = Project()
    for index, source in enumerate(sources):
        alone = codes(source, f"{index}.py", Project())
        shared = shared.for_next_file()
        assert codes(source, f"{index}.py", shared) == alone


def codes(source: str, filename: str, project: Project) -> list[tuple[str, int]]:
    return [(one.code, one.span.row) for one in judging.judged(question(source, filename, project))]


def question(source: str, filename: str, project: Project) -> judging.Question:
    return judging.Question(source, filename, REGISTRY, frozenset(REGISTRY.rules), Settings(), project)


@RUNS
@given(programs())
def test_a_comment_silences_the_whole_file(source: str) -> None:
    codes = ", ".join(sorted({found.code for found in found_in(source)}))
    assert not found_in(f"# optlint: ignore-file[{codes}]\n{source}") or not codes
