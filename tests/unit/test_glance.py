"""The first look at a file, over `ast`, must see what the pass over libcst sees."""

from __future__ import annotations

import ast
from pathlib import Path

import libcst
import pytest

from optlint.diagnostic import Diagnostic
from optlint.flow.files.project import Project
from optlint.flow.reading import cst_words, ir, lower, lower_ast, texts
from optlint.flow.settings import Settings
from optlint.linting import judging
from optlint.own_rules import all_rules
from tests.pages.page import read_page

ROOT = Path(__file__).parents[2]
OURS = [*sorted((ROOT / "optlint").rglob("*.py")), *sorted((ROOT / "tests" / "unit").glob("*.py"))]
PAGES = [*sorted((ROOT / "rules").glob("OPT*.md")), *sorted((ROOT / "tests" / "cases").rglob("*.md"))]
SYNTAX = """\
import a.b, c.d as e
from . import f
from ..g import h as i, j
@deco(1)
async def k(p, /, q=1, *args, r, s: int = 2, **rest) -> str:
    global t
    async with u(v) as (w, x), y: pass
    async for z in aa: continue
    else: return [*bb, cc := 1, -2, "a" "b", f"{dd!r:>{ee}}" "c", b"d", ...]
class L(M, metaclass=N):
    o: int
    o2: int = yield_
    def gen(self): yield; yield 1; x = yield from y
try: pass
except (A, B) as c: raise
except C: raise D from E
else: del f[1:2, ::3], g
finally: assert h, "i"
match n:
    case [1, *rest]: pass
    case {"k": v, **kw} if v: pass
    case P(x=q) | q: pass
    case _: break_
lam = lambda a, *b, c=1, **d: (a if b else c, not d, a < b <= c is not d, a @ b // 2 ** -c, await_)
x = y = {**a, "k": v}, {i for i in j if k if l}, {k: v for k, v in m}, (n async for n in o)
while a and b and c or d: x[1], (y.z, *w) = a.b(*c, d=e, **f)[1:, ...]
"""


def same(left: object, right: object) -> bool:
    if isinstance(left, ir.Node):
        fields = [name for base in type(left).__mro__ for name in getattr(base, "__slots__", ()) if name != "origin"]
        return type(left) is type(right) and all(same(getattr(left, name), getattr(right, name)) for name in fields)
    if isinstance(left, tuple):
        return isinstance(right, tuple) and len(left) == len(right) and all(map(same, left, right))
    return left == right


def functions(block: ir.Block, body_of) -> list[tuple[ir.Function, ir.Block]]:
    found = [node for node in ir.walk_all(block, body_of) if isinstance(node, ir.Function)]
    return [(node, body_of(node)) for node in found]


def assert_lowered_alike(source: str) -> None:
    fast, slow = lower_ast.lower_module(ast.parse(source)), lower.lower_module(libcst.parse_module(source))
    assert same(fast, slow)
    pairs = list(zip(functions(fast, lower_ast.body_of), functions(slow, lower.body_of), strict=True))
    for (function, body), (other, other_body) in pairs:
        assert same(body, other_body), function.name
        assert set(lower_ast.mentions(function.origin)) == set(cst_words.mentions(other.origin)), function.name


def test_all_syntax_is_lowered_alike():
    assert_lowered_alike(SYNTAX)


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_real_files_are_lowered_alike(path):
    assert_lowered_alike(path.read_text(encoding="utf-8"))


def test_a_difference_is_seen():
    one = lower_ast.lower_module(ast.parse("a = b + 1"))
    assert not same(one, lower.lower_module(libcst.parse_module("a = b - 1")))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_first_look_never_changes_a_result(page):
    registry = all_rules()
    for case in read_page(page):
        for file in case.files:
            seen = judging.glanced(question(file.text, registry))
            assert seen is not None or not parses(file.text), case.row
            assert seen is None or said(seen) == said(by_libcst(file.text, registry)), case.row


def parses(code: str) -> bool:
    """Whether this Python knows the syntax."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        return False
    return True


def question(code: str, registry) -> judging.Question:
    return judging.Question(code, "a.py", registry, frozenset(registry.rules), Settings(), Project())


def by_libcst(code: str, registry) -> list[Diagnostic]:
    events = judging._events(question(code, registry))
    return [diagnostic for event in events for diagnostic in registry.judge(event)]


def said(found: list[Diagnostic]) -> list[Diagnostic]:
    """What is told of them and where; fixes need libcst."""
    return [diagnostic._replace(fix=None) for diagnostic in found]


PLACES = """\
total = sum((p.numel()) for p in ps if (p.grad) )  # )
rows = [( a , b ), ((c), d), (e,), (f), (g), h]
pairs = (a), (b)
triple = ((a), b,)
@deco
async def  fetch(x: int = 1, *rest, **more): return ((y) for y in ( # (
    x # )
) )
"é😀", call(ä, (b := 1), (yield_ for yield_ in c)), (lambda z: (z))(1)
\f
late = (i // 3)
"""


def places(block: ir.Block, text: texts.Parsed) -> list[object]:
    """Where the nodes that events point at stand, and how they are quoted."""
    nodes = [node for node in ir.walk_all(block, texts.body_of) if isinstance(node, POINTED_AT)]
    return [(type(node).__name__, text.span_of(node.origin), text.text_of(node.origin)) for node in nodes]


POINTED_AT = (ir.Call, ir.Name, ir.Attribute, ir.Comprehension, ir.Function, ir.Parameter, ir.Binary)


@pytest.mark.parametrize(
    "code", [PLACES, PLACES.replace("\n", "\r\n"), SYNTAX, Path(__file__).read_text(encoding="utf-8")]
)
def test_both_parsers_put_nodes_in_the_same_places(code):
    fast, slow = texts.AstText(code, "a.py"), texts.from_libcst(libcst.parse_module(code), "a.py")
    found = places(texts.statements_of(fast), fast)
    assert found == places(texts.statements_of(slow), slow)
    assert len(found) > 30
