from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlint.diagnostic import Edit, Span
from optlint.sources.decoding import NotAnalysedError
from optlint.sources.edits import CannotEditError
from optlint.sources.magics import masked
from optlint.sources.notebook import Notebook, read_notebook


def code(*lines: str, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": list(lines), "outputs": [], **fields}


def notebook(*cells: dict[str, Any], indent: int | None = 1, ascii_only: bool = False, **fields: Any) -> bytes:
    document = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **fields}
    return (json.dumps(document, indent=indent, ensure_ascii=ascii_only) + "\n").encode()


TEXT = {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "a = 1"]}

MASKED = {
    "line magic": ("%matplotlib inline\nx = 1\n", "_#atplotlib inline\nx = 1\n"),
    "shell": ("!pip install x\n", "_#ip install x\n"),
    "one character": ("!\nx", "_\nx"),
    "in a block": ("if a:\n    !ls\n    b = 1", "if a:\n    _#s\n    b = 1"),
    "over several lines": ("!a \\\n  b\\\n c\nx", "_# \\\n# b\\\n#c\nx"),
    "with a quote that is not closed": ("%cd it's\nx = 1", "_#d it's\nx = 1"),
    "help": ("model?\nmodel.fit??\n?x\na[0]?", "_#del?\n_#del.fit??\n_#\n_#0]?"),
    "assigned": ("f = !ls\nx, y = %time g()\nx['a'] = !ls", "f = _#s\nx, y = _#ime g()\nx['a'] = _#s"),
    "automatic calls": ("/f x\n,f a b\n;g a", "_# x\n_# a b\n_# a"),
    "cell magic with Python": ("%%time\nx = 1", "_#time\nx = 1"),
    "cell magic with something else": ("%%bash\nls 'a\n\nif x\n", "#%bash\n#s 'a\n\n#f x\n"),
}

KEPT = {
    "operators": "x = a %b\ny = a != b\nz = (a\n % b)\nw = a \\\n % b\n",
    "strings": "s = '''\n%x\n!y\n'''\nt = '%%bash'\n",
    "comments": "# %x\n# a?\n",
    "lambda and comparison": "f = lambda: 1 if a != b else 2\n",
    "await": "await f()\n",
}


@pytest.mark.parametrize(("cell", "expected"), MASKED.values(), ids=MASKED)
def test_what_python_does_not_understand_is_hidden(cell: str, expected: str) -> None:
    assert masked(cell) == expected
    ast.parse(expected)


@pytest.mark.parametrize("cell", KEPT.values(), ids=KEPT)
def test_python_stays_as_it_is(cell: str) -> None:
    assert masked(cell) == cell


@given(st.text(st.sampled_from("%!?ab =(\n\\'\r#"), max_size=20))
def test_a_mask_is_as_long_as_what_it_hides(cell: str) -> None:
    hidden = masked(cell)
    assert len(hidden) == len(cell)
    assert [at for at, char in enumerate(hidden) if char in "\r\n"] == [
        at for at, char in enumerate(cell) if char in "\r\n"
    ]


def test_all_code_cells_are_one_source() -> None:
    found = read_notebook(notebook(code("a = 1\n", "b = 2"), TEXT, code("!ls"), code("c = 3\n")))
    assert found.code == "a = 1\nb = 2\n_#s\nc = 3\n"
    places = [found.place(Span("n", row, 2, row, 3)) for row in (1, 2, 3, 4, 5)]
    assert [(one.cell, one.row, one.end_row) for one in places] == [
        (1, 1, 1),
        (1, 2, 2),
        (3, 1, 1),
        (4, 1, 1),
        (4, 2, 2),
    ]


def test_a_source_may_be_one_string() -> None:
    assert read_notebook(notebook(code(source="a = 1\nb = 2"))).code == "a = 1\nb = 2"


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"kernelspec": {"language": "julia"}}},
        {"metadata": {"language_info": {"name": "R"}}},
        {"cells": [code("a = 1", metadata={"vscode": {"languageId": "sql"}})]},
        {"cells": [TEXT, {"cell_type": "raw", "source": "a = 1"}]},
        {"cells": [3, {"cell_type": "code"}, {"cell_type": "code", "source": [1]}]},
        {"cells": []},
    ],
)
def test_what_is_not_python_is_not_read(fields: dict[str, Any]) -> None:
    assert read_notebook(notebook(code("a = 1"), **fields)).code == ""


@pytest.mark.parametrize(
    ("data", "reason", "place"),
    [
        (b'{"cells": [\n}', "not a notebook: Expecting value", (2, 1)),
        (b"[]", "not a notebook of format 4", (1, 1)),
        (b'{"worksheets": []}', "not a notebook of format 4", (1, 1)),
        (b"[" * 100_000, "nested too deeply", (1, 1)),
        (b"\xff", "not valid utf-8", (1, 1)),
    ],
)
def test_what_is_no_notebook_is_refused(data: bytes, reason: str, place: tuple[int, int]) -> None:
    with pytest.raises(NotAnalysedError, match=reason) as raised:
        read_notebook(data)
    assert (raised.value.row, raised.value.column) == place


def replace(row: int, column: int, end_column: int, content: str, end_row: int | None = None) -> Edit:
    return Edit(Span("n", row, column, end_row or row, end_column), content)


def changed(data: bytes, *edits: Edit) -> Notebook:
    return read_notebook(data).edited(edits)


STYLES = {
    "as Jupyter writes it": {"indent": 1},
    "on one line": {"indent": None},
    "deeply indented": {"indent": 4},
    "escaped": {"indent": 1, "ascii_only": True},
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_only_the_changed_lines_are_new(style: dict[str, Any]) -> None:
    cells = [code("é = 1\n", "b = f(a)\n", "c = 1"), TEXT, code('x = "\\u00e9"'), code("z\n", "z")]
    data = notebook(*cells, **style)
    assert read_notebook(data).data() == data
    done = changed(data, replace(2, 7, 8, "list(a)"), replace(5, 1, 1, "import y\n"))
    cells[0]["source"][1] = "b = f(list(a))\n"
    cells[3]["source"].insert(0, "import y\n")
    assert done.data() == notebook(*cells, **style)


def test_odd_json_keeps_its_spelling() -> None:
    data = b'\xef\xbb\xbf{"x": 1.50e3,\t"cells" : [ {"source":["\\u0061 = 1\\n" ,"b\\/c"] , "cell_type":"code"}]}\r\n'
    assert changed(data, replace(2, 4, 4, " + 1")).data() == data.replace(b'"b\\/c"', b'"b/c + 1"')


def test_odd_spaces_between_lines_stay() -> None:
    data = b'{"cells": [{"cell_type": "code", "source": [\n  "a\\n",\n      "b\\n",  "c\\n",\t"d"\n ]}]}'
    assert changed(data, replace(3, 1, 2, "x\ny")).data() == data.replace(b'"c\\n"', b'"x\\n",\n      "y\\n"')
    assert changed(data, replace(2, 1, 1, "", end_row=3)).data() == data.replace(b'"b\\n",  ', b"")
    assert changed(data, replace(1, 1, 1, "z\n")).data() == data.replace(b'"a\\n"', b'"z\\n",\n      "a\\n"')
    assert changed(data, replace(4, 1, 2, "e\nf")).data() == data.replace(b'"d"', b'"e\\n",\n      "f"')


def test_a_source_of_one_string_stays_one() -> None:
    data = notebook(code(source="a = 1\nb = 2"))
    assert changed(data, replace(2, 5, 6, "3")).data() == notebook(code(source="a = 1\nb = 3"))


def test_other_cells_called_source_are_not_touched() -> None:
    inner = {"cells": [{"source": ["a = 1"]}]}
    data = notebook(code("a = 1"), metadata={"source": ["a = 1"], **inner}, before=inner)
    document = json.loads(changed(data, replace(1, 5, 6, "2")).data())
    assert document["cells"][0]["source"] == ["a = 2"]
    assert (document["metadata"]["cells"], document["before"]) == (inner["cells"], inner)


def test_an_edit_across_cells_is_refused() -> None:
    with pytest.raises(CannotEditError, match="from one cell into another"):
        changed(notebook(code("a\n", "b"), code("c")), replace(2, 1, 2, "", end_row=3))


def test_a_repeated_key_is_refused_rather_than_guessed() -> None:
    data = b'{"cells": [{"cell_type": "code", "source": "a"}], "cells": [{"cell_type": "code", "source": ["b", "c"]}]}'
    assert changed(data, replace(1, 1, 2, "x")).data() == data.replace(b'["b", "c"]', b'["xc"]')


@given(
    st.lists(st.text(st.sampled_from('a= \n"\\é\x7f\U0001f600'), max_size=12), min_size=1, max_size=4), st.booleans()
)
def test_any_cell_can_be_written(sources: list[str], ascii_only: bool) -> None:
    cells = [code(*source.splitlines(keepends=True)) for source in sources]
    data = notebook(*cells, ascii_only=ascii_only)
    found = read_notebook(data)
    done = found.edited([replace(row, 1, 1, "# x\n") for row, _ in found.cells])
    expected = [["# x\n", *cell["source"]] for cell in cells]
    assert [cell["source"] for cell in json.loads(done.data())["cells"]] == expected
