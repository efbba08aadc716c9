from __future__ import annotations

import sys
import time

import libcst
import pytest

from optlint.sources.decoding import NotAnalysedError, decode
from optlint.sources.source import parse
from optlint.sources.stack import on_big_stack

REFUSED = {
    "syntax error": ("import torch\nx = (1,\n", "was never closed", 2, 5),
    "Python 2": ("import torch\nprint 'a'\n", "Missing parentheses in call to 'print'.*is this Python 2", 2, 1),
    "a keyword that was none": ("x = data.cuda(async=True)\n", "`async` is a keyword now.*non_blocking", 1, 15),
    "bytes that are not UTF-8": (b'x = 1\ny = "\xe9"\n', "not valid utf-8", 2, 6),
    "bytes that are not UTF-8, after wide text": ("a = 'é日' ".encode() + b"\xff", "not valid utf-8", 1, 10),
    "unknown cookie": (b"# coding: klingon\n", "unknown encoding: klingon", 1, 1),
    "cookie of no text encoding": (b"# coding: hex\n6162", "unknown encoding: hex", 1, 1),
    "cookie against the mark": (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem: utf-8", 1, 1),
    "NUL": (b"a = 1\nb\0 = 2\n", "NUL", 2, 2),
    "UTF-16": ("a = 1".encode("utf-16"), "NUL bytes; it looks like UTF-16", 1, 4),
    "lone surrogate": ("x = '\ud800'", "UnicodeEncodeError", 1, 1),
    "1,500 nested parentheses": (f"x = {'(' * 1500}1{')' * 1500}", "too many nested parentheses", 1, 205),
    "1,500 nested calls on as many lines": ("f(\n" * 1500 + "1" + ")" * 1500, "too many nested parentheses", 201, 2),
    "250 unclosed brackets": ("[" * 250, "too many nested parentheses", 1, 201),
    "long attribute chain": ("\na" + ".b" * 100_000, "operators deep", 2, 1),
    "long method chain": ("a" + ".b()" * 10_000, "operators deep", 1, 1),
    "long sum, one term a line": ("x = (\n" + "1 +\n" * 50_000 + "1)", "operators deep", 1, 1),
    "long chain of not": ("not " * 50_000 + "x", "operators deep", 1, 1),
    "nested lambdas": ("lambda: " * 50_000 + "1", "operators deep", 1, 1),
    "nested conditionals": ("1 if 1 else " * 50_000 + "1", "operators deep", 1, 1),
    "sums inside sums": ("(" * 150 + "1" + ("+1" * 150 + ")") * 150, "operators deep", 1, 1),
    "many deep expressions": (("a" + ".b" * 900 + "\n") * 100, "too many deep expressions", 13, 1),
    "deep indentation": ("".join(" " * i + "if a:\n" for i in range(120)) + " " * 120 + "a", "too many levels", 101, 1),
}


@pytest.mark.parametrize(("source", "reason", "row", "column"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_analysed_is_refused_with_a_reason_and_soon(
    source: str | bytes, reason: str, row: int, column: int
) -> None:
    started = time.process_time()
    with pytest.raises(NotAnalysedError, match=reason) as raised:
        parse(source)
    assert (raised.value.row, raised.value.column) == (row, column)
    assert time.process_time() - started < 5


ACCEPTED = {
    "brackets in strings": "x = '"
    + "(" * 1500
    + "'\ny = '''\n"
    + "[\n" * 1500
    + "'''\nz = r'a\\\\' + \""
    + "{" * 1500
    + '"',
    "brackets in comments": "# " + "(" * 1500 + "\nx = 1  # '" + "[" * 1500 + "\n",
    "dots and dashes in strings": "x = '" + "." * 5000 + '\'\n"""' + "-" * 5000 + '"""\n',
    "a long list": "x = [" + "a.b(c), " * 2_000 + "]",
    "a long dict": "x = {" + "'k': -1.5 + a.b[0],\n" * 2_000 + "}",
    "many statements": "a.b(c.d)[0] += 1\n" * 2_000,
    "many statements on a line": "a.b; " * 2_000,
    "as many brackets as Python allows": f"x = {'(' * 200}1{')' * 200}",
    "many branches": "if a: pass\n" + "elif b: pass\n" * 2_000,
    "many strings side by side": "x = (" + "'a'\n" * 2_000 + ")",
    "carriage returns only": "a = 1\r" * 2_000,
    "newer syntax than the oldest Python has": "type T[K] = list[K]\ntry: pass\nexcept* A: pass\n",
}


@pytest.mark.parametrize("source", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_only_long_is_parsed(source: str) -> None:
    assert parse(source).body


def test_encodings_are_honoured() -> None:
    assert decode(b"\xef\xbb\xbfx = 1\r\n") == "x = 1\r\n"
    assert decode("# coding: latin-1\nx = 'é'\n".encode("latin-1")) == "# coding: latin-1\nx = 'é'\n"
    assert decode("x = 'é'".encode()) == "x = 'é'"


def test_the_big_stack_lets_deep_work_finish_and_restores_the_limit() -> None:
    limit = sys.getrecursionlimit()

    def deep(levels: int) -> int:
        return 0 if levels == 0 else 1 + deep(levels - 1)

    assert on_big_stack(lambda: deep(15_000)) == 15_000
    assert on_big_stack(lambda: on_big_stack(lambda: deep(15_000))) == 15_000
    assert sys.getrecursionlimit() == limit
    with pytest.raises(RecursionError):
        deep(15_000)


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(ZeroDivisionError):
        on_big_stack(lambda: 1 // 0)


def test_any_failure_of_the_parser_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(text: str) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr(libcst, "parse_module", panic)
    with pytest.raises(NotAnalysedError, match="PanicException: index out of bounds"):
        parse("x = 1")
