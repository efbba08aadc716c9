from __future__ import annotations

import subprocess
import sys

import libcst
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from optlint.sources.spans import Positions

SOURCES = {
    "parenthesised": "x = ((a + (b)) * ((c)))\n(y) = [ ( z ) ]\nassert (  # why\n    q\n), ('m')\n",
    "decorators": "@d\n@e.f(1)\nclass C(B, metaclass=M):\n    @p\n    async def m(self, *a, k=1, **b): ...\n",
    "crlf": "import torch\r\nif a:\r\n    b = (\r\n        1,\r\n    )\r\n",
    "cr": "a = 1\rb = 2\r",
    "mixed line ends": "a = 1\r\nb = '''x\ry\nz'''\nc = 3\r",
    "tabs": "if a:\n\tif b:\n\t\tc = d  ;  e = f\n\telse:\n\t    g\n",
    "form feed": "a = 1\n\x0c\nb = 2\n\x0cc = 3\n",
    "f-strings": 'a = f"{b!r:>{w}} é {c + d}" "e" rf\'{f}\'\n',
    "continuation": "a = b + \\\n    c\nwith a as b, \\\n     c as d:\n    pass\n",
    "comments": "# top\n\nif a:  # why\n    # in\n    b\n    # out\n# end\nelse:\n    pass\n\n# footer",
    "wide": "é𝔘 = '日本'; b = ü.ß(é𝔘)[0]\n",
    "statements": (
        "try:\n    for i, j in (k): pass\n    else: pass\n"
        "except* (A, B) as e: raise X from Y\nfinally:\n    del a, (b)\n"
        "match p:\n    case [1, *r] | {'k': v, **o} | C(x=1) if g:\n        pass\n    case _: ...\n"
        "while (n := f()) and not m: continue\n"
        "global g, h\nfrom . import (a as b, c)\nimport os.path as p\n"
        "return_ = lambda *a, b=1: [x async for x in y if z]\n"
        "type T[K: int, *A, **P] = dict[K, (lambda: 0)]\ndef f[T](a, /, b: int = 1, *, c): yield from (yield)\n"
    ),
    "empty": "",
    "blank": "\n\n  \n",
}


def spans_by_libcst(source: str) -> list[tuple[libcst.CSTNode, tuple[int, int, int, int]]]:
    wrapper = MetadataWrapper(libcst.parse_module(source), unsafe_skip_copy=True)
    ranges = wrapper.resolve(PositionProvider)
    return [(node, (r.start.line, r.start.column + 1, r.end.line, r.end.column + 1)) for node, r in ranges.items()]


def assert_same_as_libcst(source: str) -> None:
    expected = spans_by_libcst(source)
    module = next(node for node, _ in expected if isinstance(node, libcst.Module))
    positions = Positions(module, "f.py")
    for node, numbers in expected:
        span = positions.of(node)
        assert (span.row, span.column, span.end_row, span.end_column) == numbers, type(node).__name__


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_node_stands_where_libcst_says(source: str) -> None:
    assert_same_as_libcst(source)


@given(st.lists(st.sampled_from([*SOURCES.values(), "x = 1\n"]), min_size=1, max_size=4))
def test_positions_do_not_depend_on_what_stands_around(sources: list[str]) -> None:
    assert_same_as_libcst("\n".join(sources).replace("from . import (a as b, c)", "pass"))


def test_a_span_covers_the_text_of_its_node() -> None:
    module = libcst.parse_module("é = (first,  f(a)[1])\n")
    assign = libcst.ensure_type(libcst.ensure_type(module.body[0], libcst.SimpleStatementLine).body[0], libcst.Assign)
    second = libcst.ensure_type(assign.value, libcst.Tuple).elements[1].value
    span = Positions(module, "f.py").of(second)
    assert (span.filename, span.row, span.column, span.end_row, span.end_column) == ("f.py", 1, 14, 1, 21)


def test_rows_of_a_notebook_count_within_their_cell() -> None:
    module = libcst.parse_module("a\nb\nc\n")
    span = Positions(module, "n.ipynb", lambda row: (3, row - 1)).of(module.body[2])
    assert (span.row, span.end_row, span.cell) == (2, 2, 3)


def test_nothing_of_libcst_is_imported_that_libcst_does_not_import_itself() -> None:
    script = (
        "import sys, libcst; before = set(sys.modules); import optlint.sources.spans\n"
        "print([name for name in sys.modules if name.startswith('libcst') and name not in before])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
