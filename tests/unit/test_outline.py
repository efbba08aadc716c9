"""The statements of a file, told apart without parsing it."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from optlint.flow.reading import ir
from optlint.flow.reading.outline import Outline

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "optlint").rglob("*.py"))


def defined(tree: ast.Module) -> dict[str, int]:
    """The functions and classes of a file with the rows on which they begin."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {
        node.name: min([node.lineno, *(part.lineno for part in node.decorator_list)])
        for node in tree.body
        if isinstance(node, kinds)
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_definition_is_found_where_it_stands(path):
    text = path.read_text(encoding="utf-8")
    outline = Outline(text)
    for name, row in defined(ast.parse(text)).items():
        (piece,) = [
            piece
            for piece in outline.defining(name)
            if piece.text.lstrip().startswith(("def", "async def", "class", "@"))
        ]
        assert piece.row == row
        assert piece.block is not None
        assert [node.name for node in piece.block if isinstance(node, ir.Function | ir.Class)] == [name]


def rows(text: str, name: str) -> list[int]:
    return [piece.row for piece in Outline(dedent(text)).defining(name)]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("import a\n\nfrom b import (\n    c,\n    d as e,\n)\n", "e", [3]),
        ("x = 1\nx: int = 2\ny = z = 3\n", "x", [1, 2]),
        ("a, b = 1, 2\n", "b", [1]),
        ("if x:\n    def f(): ...\nelse:\n    f = None\n", "f", [1]),
        ("try:\n    import fast\nexcept ImportError:\n    fast = None\nfinally:\n    pass\n", "fast", [1]),
        ("@wrap(\n    1,\n)\n@other\ndef f(): ...\n", "f", [1]),
        ("async def f():\n    pass\n", "f", [1]),
        ("f(x=1)\nprint('f = 1')\n", "f", []),
        ("def g():\n    f = 1\n", "f", []),
        ("# f = 1\n'''\n  f = 1\n'''\n", "f", []),
        ("", "f", []),
    ],
)
def test_names(text, name, expected):
    assert rows(text, name) == expected


def test_a_line_inside_a_string_that_looks_like_a_statement():
    text = 'TEXT = """\ndef f():\n    return 1\n"""\n\n\ndef f():\n    return 2\n'
    assert [piece.block is None for piece in Outline(text).defining("f")] == [True, False]
    assert [piece.block is None for piece in Outline(text).defining("TEXT")] == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(model):\n    return model.parameters()\n", True),
        ("def f(x):\n    return x + 1\n", False),
        ("class A(B):\n    pass\n", True),
        ("class A:\n    pass\n", False),
        ("f = g\n", True),
    ],
)
def test_what_may_concern_training(text, expected):
    (piece,) = {*Outline(text).defining("f"), *Outline(text).defining("A")}
    assert piece.concerns_training is expected
