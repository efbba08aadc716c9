"""The grammar of every Python from 3.8 on is read and mended, whichever Python runs us."""

from __future__ import annotations

import ast
import warnings

import pytest

import optlint
from tests.fixing import PREAMBLE, mended

MADE = "parameters = model.parameters()\n"
LISTED = "parameters = list(model.parameters())\n"
USED = "print(list(parameters))\n"
BUG = 'optimizer = optim.SGD([{"params": parameters}], lr=0.1)\n'

AROUND = {  # where the use stands is marked by USED
    "3.8 finally": "for step in range(3):\n    try:\n        pass\n    finally:\n        continue\nUSED",
    "3.8 walrus": "if (count := len('abc')) > 2 or True:\n    pass\n[last := n for n in range(3)]\nUSED",
    "3.8 positional-only": "def show(a, /, b, *, c=1):\n    return a\nprint((lambda x, /: x)(show(1, 2)))\nUSED",
    "3.8 starred return": "def show(*rest):\n    return 1, *rest\nUSED",
    "3.8 f-string that shows": "print(f'{model=!s:^20} {{}}')\nUSED",
    "3.9 decorator": "calls = [print]\n@calls[0]\ndef show(): pass\n@(lambda f: f)\ndef other(): pass\nUSED",
    "3.9 with in parentheses": "with (open('a') as a, open('b') as b,):\n    USED",
    "3.10 match": "match print:\n    case {'a': [1, *_] | (2 as a), **rest} if rest: pass\n"
    "    case -1.5 + 2j | 'a' 'b' | a.b.c | str(x=3): pass\n    case _: pass\nUSED",
    "3.10 soft keywords as names": "match, case, type = [1], print, int\nmatch[0]; case(1); type.x = 1\nUSED",
    "3.11 except*": "try:\n    USEDexcept* ValueError as e:\n    raise\nexcept* (TypeError, KeyError):\n    raise\n",
    "3.11 starred index": "def show(*args: *Ts): pass\nx = a[*b, 1:2, *c]\nUSED",
    "3.11 starred loop": "for x in *a, *b: pass\nUSED",
    "3.12 nested f-strings": 'x = {"a": 1}\nprint(f"{x["a"]:{"<"}{10}} {f"{f"{1 + 1}"}"} {"\\n".join(["a"])}")\n'
    'print(f"""{\n    x  # a comment }\n    ["a"]\n}""", rf"\\d{x}")\nUSED',
    "3.12 use in a nested f-string": 'print(f"{", ".join([f"{p.shape}" for p in parameters])}")\n',
    "3.12 type parameters": "type Pair[T: (int, str), *Ts, **P] = dict[T, P]\ndef show[T: int](a: T) -> T: return a\n"
    "class Box[T](list[T]):\n    def take[U](self, u: U) -> U: return u\n    type Own = T\nUSED",
    "3.12 use in a generic function": "def show[T](values: T) -> T:\n    return list(values)\nshow(parameters)\n",
    "3.13 defaults of type parameters": "type A[T = int, *Ts = *tuple[int], **P = [int]] = list\n"
    "def show[T = int](): pass\nUSED",
    "3.14 except without parentheses": "try:\n    pass\nexcept ValueError, TypeError:\n    raise\nUSED",
    "3.14 t-string": "x = 1\ny = t'a {x!r:>5} {x=} {{'\nz = rt\"{x}\"\nUSED",
    "annotations": "x: int\na.b: tuple[int, ...] = 1, *c\na[0]: int\nUSED",
    "async": "async def f():\n    async with a as b, c: pass\n    async for x in y: await x\n"
    "    return [z async for z in y if await z]\nUSED",
    "strings": "b'a' B'b'; u'a'; R'\\d'; rb'a' bR'\\x'; '\\N{DASH}'; '\\d' '\\\n'\nUSED",
    "numbers": "1_000; 0x_ff; 0b1; 0o7; 1e1_0; 1j; .5; 5.; 1if x else 2\nUSED",
    "form feeds and joined lines": "\x0cx = 1 + \\\n  2\n\x0c\nUSED",
}
REFUSED = {  # where no Python that is supported reads it, or only one that does not run us
    "Python 2 print": "print 'a'\n",
    "Python 2 backquotes": "x = `a`\n",
    "Python 2 long": "x = 10L\n",
    "a starred result": "def show() -> *a: pass\n",
}


def program(middle: str) -> str:
    return f"{PREAMBLE}model = nn.Linear(2, 2)\n{MADE}{middle.replace('USED', USED)}{BUG}"


@pytest.mark.parametrize("middle", AROUND.values(), ids=AROUND)
def test_a_bug_is_found_and_mended_among(middle: str) -> None:
    text = program(middle)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert [one.code for one in optlint.lint(text)] == ["OPT101"]
        assert mended(text).document.code == text.replace(MADE, LISTED)
    assert heard == []


@pytest.mark.parametrize("middle", REFUSED.values(), ids=REFUSED)
def test_what_no_python_reads_is_told_once_where_it_stands(middle: str) -> None:
    text = program(middle)
    (told,) = optlint.lint(text)
    assert (told.code, told.span.row) == ("OPT900", text[: text.index(middle)].count("\n") + 1)
    assert mended(text).document.code == text


def test_what_only_python_itself_reads_is_linted_without_fixes() -> None:
    text = program(f"(x): int = 1\n{USED}")
    ast.parse(text)
    assert [(one.code, one.fix) for one in optlint.lint(text)] == [("OPT101", None)]
    assert mended(text).document.code == text


def test_t_strings_in_a_row_are_told_where_this_python_cannot_read_them() -> None:
    text = program(f"x = t'a' t'b'\n{USED}")
    (told,) = optlint.lint(text)
    try:
        ast.parse(text)
    except SyntaxError:
        assert (told.code, told.span.row) == ("OPT900", 5)
        assert "Logic" not in told.message
    else:
        assert told.code == "OPT101"
