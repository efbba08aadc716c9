from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlint.diagnostic import Edit, Span
from optlint.sources.edits import edited, split_lines


def edit(row: int, column: int, end_row: int, end_column: int, content: str) -> Edit:
    return Edit(Span("f.py", row, column, end_row, end_column), content)


@given(st.text(st.sampled_from("a\r\n\x0c\u2028é"), max_size=12))
def test_lines_are_those_that_python_counts(text: str) -> None:
    lines = split_lines(text)
    assert "".join(lines) == text
    assert [line.rstrip("\r\n") for line in lines] == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def test_edits_leave_everything_else_as_it_was() -> None:
    lines = split_lines("é = f(a)\r\n\tg(b)\rh\x0c(c)")
    changed = edited(lines, [edit(1, 7, 1, 8, "x, y"), edit(3, 5, 3, 5, ", d"), edit(2, 2, 2, 3, "")])
    assert changed == "é = f(x, y)\r\n\t(b)\rh\x0c(c, d)"


def test_edits_may_span_lines_and_stand_at_the_end() -> None:
    lines = split_lines("a\nb\nc\n")
    assert edited(lines, [edit(1, 2, 3, 1, "+"), edit(4, 1, 4, 1, "d\n")]) == "a+c\nd\n"


def test_an_insertion_comes_before_a_replacement_at_its_place() -> None:
    assert edited(["ab"], [edit(1, 1, 1, 2, "x"), edit(1, 1, 1, 1, "list(")]) == "list(xb"


def test_edits_must_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        edited(["abc"], [edit(1, 1, 1, 3, ""), edit(1, 2, 1, 4, "")])
