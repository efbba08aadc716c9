"""Programs that nobody wrote: statements of the pages and cases, mixed, renamed and nested at random."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from tests.pages.page import read_page

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "rules").glob("OPT*.md")), *sorted((ROOT / "tests" / "cases").rglob("*.md"))]
NAMES = ("model", "optimizer", "params", "loss", "p", "x", "self")
LONGEST = 40  # statements of one block: longer ones only make failures hard to read


@functools.cache
def blocks() -> tuple[str, ...]:
    """The Python of all pages and cases that this Python can parse, one source a block."""
    texts = (file.text for page in PAGES for case in read_page(page) for file in case.files)
    return tuple(text for text in texts if text.count("\n") < LONGEST and _statements(text))


def _statements(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError):
        return []


def programs() -> st.SearchStrategy[str]:
    """Sources that parse: two or three blocks, their statements shuffled, nested and renamed."""
    return st.builds(_program, st.lists(st.sampled_from(blocks()), min_size=1, max_size=3), st.randoms())


def _program(chosen: list[str], random: Random) -> str:
    body = [statement for text in chosen for statement in _statements(text)]
    for _ in range(random.randint(0, 4)):
        body = random.choice((_swap, _repeat, _drop, _nest, _rename))(body, random)
    module = ast.Module(body=body, type_ignores=[])
    return ast.unparse(ast.fix_missing_locations(module)) + "\n"


def _swap(body: list[ast.stmt], random: Random) -> list[ast.stmt]:
    mixed = list(body)
    first, second = random.randrange(len(mixed)), random.randrange(len(mixed))
    mixed[first], mixed[second] = mixed[second], mixed[first]
    return mixed


def _repeat(body: list[ast.stmt], random: Random) -> list[ast.stmt]:
    start = random.randrange(len(body))
    return [*body, *body[start : start + 3]]


def _drop(body: list[ast.stmt], random: Random) -> list[ast.stmt]:
    gone = random.randrange(len(body))
    return [*body[:gone], *body[gone + 1 :]] or body


def _nest(body: list[ast.stmt], random: Random) -> list[ast.stmt]:
    """Put a run of statements into a block of its own: a loop, a branch, a function that is called."""
    start = random.randrange(len(body))
    inner = body[start : start + random.randint(1, 6)]
    wrapper = ast.parse(random.choice(WRAPPERS)).body
    holder = wrapper[0]
    assert isinstance(holder, ast.For | ast.While | ast.If | ast.Try | ast.With | ast.FunctionDef | ast.ClassDef)
    holder.body = inner
    return [*body[:start], *wrapper, *body[start + len(inner) :]]


WRAPPERS = (
    "for epoch in range(3): pass",
    "while True: pass",
    "if flag: pass\nelse: params = []",
    "try: pass\nexcept ValueError: raise\nfinally: done = True",
    "with torch.no_grad(): pass",
    "def helper(model, *args, params=None, **options): pass\nhelper(model, params)",
    "class Trainer(nn.Module): pass\nTrainer()",
)


def _rename(body: list[ast.stmt], random: Random) -> list[ast.stmt]:
    """Let two names be one: what was said of either may hold for the other no more."""
    known = {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name)}
    change = _Renamer(random.choice(sorted(known) or NAMES), random.choice(NAMES))
    return [change.visit(statement) for statement in body]


class _Renamer(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.new, node.ctx), node) if node.id == self.old else node
