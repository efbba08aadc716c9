"""Where the parameters of a group came from: iterators and what they have lost, the user's words for them."""

from __future__ import annotations

import ast
import gc
import inspect
import linecache
import re
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.nn import Module

from optlint.auditing.places import code_points
from optlint.auditing.strict import WatchedIterator
from optlint.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

OPAQUE_ITERATORS = (filter, map, zip)
DEPTH = 4


class Source(NamedTuple):
    """What one group was given; `state` is "fresh", "partly used", "used up", or None for what is no iterator."""

    state: str | None = None
    module: Module | None = None  # whose `parameters()` it walks; only held while the optimizer is being built
    filtered: bool = False


def read_source(given: object) -> Source:
    """What can be told of the raw argument before torch walks through it."""
    given = given.inner if isinstance(given, WatchedIterator) else given
    generators = list(_generators(given, DEPTH))
    if not generators:
        return Source()
    states = {inspect.getgeneratorstate(generator) for generator in generators}
    module = next(filter(None, map(_module_of, generators)), None)
    filtered = not (isinstance(given, GeneratorType) and _is_torchs(given))
    return Source(_state(states), module, filtered)


def _state(states: Set[str]) -> str:
    if states == {inspect.GEN_CREATED}:
        return "fresh"
    return "used up" if states == {inspect.GEN_CLOSED} else "partly used"


def _generators(given: object, depth: int) -> Iterator[GeneratorType[Any, Any, Any]]:
    """The generator itself, or those that a filter, map or zip walks."""
    if isinstance(given, WatchedIterator):
        given = given.inner
    if isinstance(given, GeneratorType):
        inner = _source_of_expression(given)
        yield from [given] if inner is None else _generators(inner, depth - 1)
    elif type(given) in OPAQUE_ITERATORS and depth:
        for inner in gc.get_referents(given):
            yield from _generators(inner, depth - 1)


def _source_of_expression(generator: GeneratorType[Any, Any, Any]) -> object:
    """Of a generator expression that has not started: what it walks."""
    if generator.gi_frame is None or inspect.getgeneratorstate(generator) != inspect.GEN_CREATED:
        return None
    source = generator.gi_frame.f_locals.get(".0")
    return source if isinstance(source, GeneratorType) or type(source) in OPAQUE_ITERATORS else None


def _is_torchs(generator: GeneratorType[Any, Any, Any]) -> bool:
    return generator.__qualname__ in ("Module.parameters", "Module.named_parameters")


def _module_of(generator: GeneratorType[Any, Any, Any]) -> Module | None:
    if generator.gi_frame is None:
        return None
    owner = generator.gi_frame.f_locals.get("self")
    whole = generator.gi_frame.f_locals.get("recurse", True)
    return owner if _is_torchs(generator) and isinstance(owner, Module) and whole else None


class Given(NamedTuple):
    """The user's words for what one group was given, and where they stand."""

    words: str
    span: Span


def variable_at(span: Span) -> str | None:
    """The name that the value made at `span` is assigned to, if its line says so."""
    line = linecache.getline(span.filename, span.row)
    before = line[: span.column - 1] if span.column > 1 else line.partition("(")[0]
    found = re.search(r"(?:^|[;:])\s*([A-Za-z_][\w.]*(?:\[[^\]]*\])?)\s*(?::[^=]+)?=(?!=)[^=;]*$", before)
    return found[1] if found else _of_tuple(line, span.column)


def _of_tuple(line: str, column: int) -> str | None:
    """The name in `first, second = …, …` for the value at a column."""
    indent = len(line) - len(line.lstrip())
    try:
        (statement,) = ast.parse(line.strip()).body
    except (SyntaxError, ValueError):
        return None
    match statement:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
            at = (name for name, value in zip(names, values, strict=True) if value.col_offset + indent + 1 == column)
            name = next(at, None)
            return ast.unparse(name) if name is not None else None
    return None


def given_at(span: Span, group: int, count: int) -> Given | None:
    """Words and place of group `group` of `count` in the call at `span`, where it is written out there."""
    call = _call_at(span)
    if call is None:
        return None
    argument = next(iter(call.args), None) or next(
        (keyword.value for keyword in call.keywords if keyword.arg in ("params", "param_group")), None
    )
    if isinstance(argument, (ast.List, ast.Tuple)) and len(argument.elts) == count:
        argument = argument.elts[group] if isinstance(argument.elts[group], ast.Dict) or count > 1 else argument
    elif count > 1 or isinstance(argument, ast.ListComp):
        return None  # a list that was made elsewhere
    return _given(argument, span) if argument is not None else None


def _given(node: ast.expr, call: Span) -> Given:
    words = node
    if isinstance(node, ast.Dict):
        words = next((value for key, value in _items(node) if key == "params"), node)
    return Given(ast.unparse(words), _span_of(node, call))


def key_span(span: Span, key: str) -> Span | None:
    """Where `key` is written in the dict of a group, or as a keyword of the call."""
    call = _call_at(span)
    for node in ast.walk(call) if call else ():
        if isinstance(node, ast.Constant) and node.value == key:
            return _span_of(node, span)
    return None


def _items(node: ast.Dict) -> Iterator[tuple[object, ast.expr]]:
    pairs = zip(node.keys, node.values, strict=True)
    return ((key.value, value) for key, value in pairs if isinstance(key, ast.Constant))


def _call_at(span: Span) -> ast.Call | None:
    """The call at `span`, parsed from its own text alone, so that the file need not be Python as a whole."""
    lines = [linecache.getline(span.filename, row) for row in range(span.row, span.end_row + 1)]
    if (span.row, span.column) == (span.end_row, span.end_column) or not all(lines):
        return None
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = " " * (span.column - 1) + lines[0][span.column - 1 :]
    try:
        tree = ast.parse("(\n" + "".join(lines) + ")", mode="eval")
    except SyntaxError:
        return None
    return tree.body if isinstance(tree.body, ast.Call) else None


def _span_of(node: ast.expr, call: Span) -> Span:
    shift = call.row - 2  # one line was put above, and rows are 1-based
    row, end_row = node.lineno + shift, (node.end_lineno or node.lineno) + shift
    start = code_points(linecache.getline(call.filename, row), node.col_offset)
    end = code_points(linecache.getline(call.filename, end_row), node.end_col_offset or node.col_offset)
    return Span(call.filename, row, start + 1, end_row, end + 1)
