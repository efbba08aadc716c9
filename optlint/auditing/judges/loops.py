"""Loops in source that average one module's tensors with another's, asked for where a run has walked through both."""

from __future__ import annotations

import ast
import linecache
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from optlint.auditing.memory.places import node_span
from optlint.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = 6  # lines
WALKS = ("parameters", "named_parameters", "state_dict", "buffers", "named_buffers")


class AveragingLoop(NamedTuple):
    """`for a, b in zip(first.parameters(), second.parameters())` whose body makes something of `a` and `b`."""

    rows: range  # of what it walks through
    receivers: tuple[str, ...]  # in words of the code, such as `first` and `second`
    rebound: int | None  # which of them is averaged into a name that nothing reads
    name: str  # this name
    place: Span  # of that assignment, or of the loop


def averaging_loop_at(filename: str, row: int) -> AveragingLoop | None:
    """The loop whose header stands on a line, or on the few lines up to it, if it is such a one."""
    for first in range(row, max(0, row - HEADER), -1):
        if linecache.getline(filename, first).lstrip().startswith("for "):
            loop = _loop_from(filename, first)
            found = _averaging(loop, filename) if loop is not None else None
            return found if found is not None and row in found.rows else None
    return None


def second_name(filename: str, receivers: tuple[str, ...]) -> Span | None:
    """Where one of these words is given what the other one means."""
    for row, line in enumerate(linecache.getlines(filename), start=1):
        found = re.fullmatch(r"(\s*)([\w.]+)\s*=\s*([\w.]+)\s*(?:#.*)?\n?", line)
        if found and len(set(receivers)) > 1 and {found[2], found[3]} == set(receivers):
            return Span(os.path.abspath(filename), row, found.start(2) + 1, row, found.end(3) + 1)
    return None


def _loop_from(filename: str, first: int) -> ast.For | None:
    """The loop that begins on a line, parsed from its own text alone: the file need not be Python as a whole."""
    header = linecache.getline(filename, first)
    indent = len(header) - len(header.lstrip())
    try:
        tree = ast.parse(("if True:\n" if indent else "") + "".join(_block(filename, first, indent)))
    except (SyntaxError, ValueError):
        return None
    ast.increment_lineno(tree, first - (2 if indent else 1))
    return next((node for node in ast.walk(tree) if isinstance(node, ast.For)), None)


def _block(filename: str, first: int, indent: int) -> Iterator[str]:
    """The lines of a statement and its body."""
    depth = 0
    for row, line in enumerate(linecache.getlines(filename)[first - 1 :]):
        outside = line.strip() and len(line) - len(line.lstrip()) <= indent
        if row and outside and not depth:
            return
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        yield line


def _averaging(loop: ast.For, filename: str) -> AveragingLoop | None:
    zipped = isinstance(loop.iter, ast.Call) and isinstance(loop.iter.func, ast.Name) and loop.iter.func.id == "zip"
    given = loop.iter.args if zipped and isinstance(loop.iter, ast.Call) else [loop.iter]
    targets = loop.target.elts if zipped and isinstance(loop.target, ast.Tuple) else [loop.target]
    receivers = [_receiver(one) for one in given]
    names = [_value_name(target) for target in targets]
    if len(names) != len(receivers) or None in receivers or None in names:
        return None
    rows = range(loop.iter.lineno, (loop.iter.end_lineno or loop.iter.lineno) + 1)
    words = tuple(filter(None, receivers))
    known = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    for number, name in enumerate(filter(None, names)):
        forgotten = _forgotten(loop.body, name, known)
        if forgotten is not None:
            return AveragingLoop(rows, words, number, name, node_span(forgotten, filename))
    written = len(words) > 1 and any(_is_written(loop, name) for name in filter(None, names))
    return AveragingLoop(rows, words, None, "", node_span(loop.iter, filename)) if written else None


def _receiver(given: ast.expr) -> str | None:
    """Of `first.parameters()`, or of what is made of it, `first`."""
    for node in ast.walk(given):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WALKS:
            return ast.unparse(node.func.value)
    return None


def _value_name(target: ast.expr) -> str | None:
    """The name of the tensor in `p`, or in `name, p`."""
    last = target.elts[-1] if isinstance(target, ast.Tuple) and target.elts else target
    return last.id if isinstance(last, ast.Name) else None


def _forgotten(body: list[ast.stmt], name: str, known: set[str]) -> ast.Assign | None:
    """The last assignment of an average to the loop's own name, after which nothing reads that name."""
    found: ast.Assign | None = None
    for statement in (node for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)):
        reads = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and _is_read(node)}
        if isinstance(statement, ast.Assign) and [ast.unparse(target) for target in statement.targets] == [name]:
            mixed = name in reads and len(reads & known) > 1
            found = statement if mixed else None
        elif not isinstance(statement, (ast.If, ast.With)) and name in reads:
            return None
    return found


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_written(loop: ast.For, name: str) -> bool:
    """Whether the tensor behind a name is changed in place."""
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.endswith("_"):
            if name in {inner.id for inner in ast.walk(node.func.value) if isinstance(inner, ast.Name)}:
                return True
        elif isinstance(node, ast.Assign) and f"{name}.data" in map(ast.unparse, node.targets):
            return True
    return False
