from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from optlint.diagnostic import Applicability, Diagnostic, Edit, Fix, Span
from optlint.fixes.fix import ALSO_UNSAFE, SAFE, Fixed, fix
from optlint.own_rules import FILE_NOT_ANALYSED
from optlint.rule import Rule
from optlint.sources.document import PythonFile
from optlint.sources.edits import CannotEditError

WORD = Rule("TST001", "bad-word", "a word that should be another")


def rewriting(
    *replacements: tuple[str, str], applicability: Applicability = Applicability.SAFE
) -> Callable[..., list[Diagnostic]]:
    """A linter that reports each pattern and offers its replacement; what Python cannot compile is not analysed."""

    def diagnose(document: PythonFile) -> list[Diagnostic]:
        try:
            compile(document.code, "f.py", "exec")
        except SyntaxError:
            return [FILE_NOT_ANALYSED.at(Span("f.py", 1, 1, 1, 1), "broken")]
        found = []
        for row, line in enumerate(document.code.splitlines(), 1):
            for pattern, content in replacements:
                for match in re.finditer(pattern, line):
                    span = Span("f.py", row, match.start() + 1, row, match.end() + 1)
                    edit = Edit(span, match.expand(content))
                    found.append(WORD.at(span, f"bad {match[0]}", fix=Fix("better", (edit,), applicability)))
        return found

    return diagnose


def fixed(source: bytes | str, diagnose: Callable[..., list[Diagnostic]], unsafe: bool = False) -> Fixed:
    return fix(PythonFile(source), "f.py", diagnose, ALSO_UNSAFE if unsafe else SAFE)


def test_all_fixes_are_applied() -> None:
    done = fixed("a = b\nb = a\n", rewriting(("a", "x")))
    assert (done.document.code, done.fixes, done.remaining) == ("x = b\nb = x\n", 2, [])


def test_fixes_are_repeated_until_nothing_changes() -> None:
    done = fixed("a + b\n", rewriting(("a", "b"), ("b", "c"), ("c", "d")))
    assert (done.document.code, done.remaining) == ("d + d\n", [])
    assert fixed(done.document.code, rewriting(("a", "b"))).fixes == 0


def test_overlapping_fixes_wait_for_the_next_round() -> None:
    done = fixed("f(a, b)\n", rewriting((r"f\((\w), (\w)\)", r"g(\2, \1)"), ("a", "x")))
    assert (done.document.code, done.remaining) == ("g(b, x)\n", [])


def test_one_fix_for_two_diagnostics_is_applied_once() -> None:
    def diagnose(document: PythonFile) -> list[Diagnostic]:
        if "list(" in document.code:
            return []
        edits = (Edit(Span("f.py", 1, 5, 1, 5), "list("), Edit(Span("f.py", 1, 6, 1, 6), ")"))
        fix = Fix("keep a list", edits, Applicability.SAFE)
        return [WORD.at(Span("f.py", row, 1, row, 2), "used up", fix=fix) for row in (2, 3)]

    done = fixed("a = b\na\na\n", diagnose)
    assert (done.document.code, done.fixes) == ("a = list(b)\na\na\n", 2)


def test_unsafe_fixes_are_applied_on_request_and_others_never() -> None:
    unsafe = rewriting(("a", "x"), applicability=Applicability.UNSAFE)
    assert fixed("a\n", unsafe).fixes == 0
    assert fixed("a\n", unsafe, unsafe=True).document.code == "x\n"
    assert fixed("a\n", rewriting(("a", "x"), applicability=Applicability.DISPLAY), unsafe=True).fixes == 0


def test_a_fix_that_breaks_the_code_is_left_and_the_others_are_applied() -> None:
    done = fixed("a = 1\nb = 2\nc = a\n", rewriting(("b", "("), ("a", "x")))
    assert done.document.code == "x = 1\nb = 2\nc = x\n"
    assert [one.message for one in done.remaining] == ["bad b"]


def test_a_fix_that_does_not_help_is_left() -> None:
    done = fixed("a = 1\nb = 2\n", rewriting(("a", "aa"), ("b", "y")))
    assert (done.document.code, done.fixes) == ("a = 1\ny = 2\n", 1)


def test_fixes_that_undo_each_other_come_to_an_end() -> None:
    def diagnose(document: PythonFile) -> list[Diagnostic]:
        name, other = ("a", "b") if document.code == "a\n" else ("b", "a")
        rule = WORD._replace(code=f"TST00{name}")
        span = Span("f.py", 1, 1, 1, 2)
        return [rule.at(span, f"bad {name}", fix=Fix("", (Edit(span, other),), Applicability.SAFE))]

    assert fixed("a\n", diagnose).document.code in ("a\n", "b\n")


def test_a_fix_of_another_file_is_not_applied() -> None:
    def diagnose(document: PythonFile) -> list[Diagnostic]:
        edit = Edit(Span("g.py", 1, 1, 1, 2), "x")
        return [WORD.at(Span("f.py", 1, 1, 1, 2), "bad", fix=Fix("", (edit,), Applicability.SAFE))]

    assert fixed("a\n", diagnose).fixes == 0


BYTES = {
    "CRLF": (b"a = 1\r\nb\r\n", b"x = 1\r\nb\r\n"),
    "byte order mark": (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfx\n"),
    "mark and CRLF": (b"\xef\xbb\xbfa\r\n", b"\xef\xbb\xbfx\r\n"),
    "no final line end": (b"b\na", b"b\nx"),
    "tabs and form feeds": (b"if b:\n\ta\n\x0c\nb\t\n", b"if b:\n\tx\n\x0c\nb\t\n"),
    "latin-1": (b"# coding: latin-1\na = '\xe9\xff'\n", b"# coding: latin-1\nx = '\xe9\xff'\n"),
    "utf-16 is none": (b"# coding: cp1252\n'\x80'; a\n", b"# coding: cp1252\n'\x80'; x\n"),
    "mixed line ends": (b"a\r\nb\na\n", b"x\r\nb\nx\n"),
}


@pytest.mark.parametrize(("before", "after"), BYTES.values(), ids=BYTES)
def test_every_other_byte_stays(before: bytes, after: bytes) -> None:
    assert fixed(before, rewriting((r"\ba\b", "x"))).document.data() == after


def test_new_lines_end_like_the_others() -> None:
    assert fixed(b"a\r\n", rewriting(("a", r"b\nb"))).document.data() == b"b\r\nb\r\n"


def test_a_file_of_carriage_returns_is_refused() -> None:
    done = fixed(b"a\rb\r", rewriting(("a", "x")))
    assert (done.fixes, done.refusal) == (0, "it has lines that end with a carriage return alone")


def test_what_the_encoding_cannot_say_is_refused() -> None:
    done = fixed(b"# coding: latin-1\na\n", rewriting(("a$", "'日'")))
    with pytest.raises(CannotEditError, match="cannot be written in its encoding"):
        done.document.data()
