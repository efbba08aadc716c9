"""Where the parameters of a group came from: iterators and what they have lost, the user's words for them."""

from __future__ import annotations

import ast
import gc
import inspect
import linecache
import re
from itertools import chain, islice
from types import GeneratorType
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.nn import Module

from optlint.auditing.memory.places import code_points
from optlint.auditing.memory.watched import WatchedIterator
from optlint.diagnostic import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

RELEASING = (chain, islice)  # at their end they let go of what they walked
OPAQUE_ITERATORS = (filter, map, zip, *RELEASING)
TUPLE_ITERATOR = type(iter(()))
DEPTH = 4
LONGEST = 60  # lines of a call


class Source(NamedTuple):
    """What one group was given; `state` is "fresh", "partly used", "used up", or None for what is no iterator."""

    state: str | None = None
    module: Module | None = None  # whose `parameters()` it walks; only held while the optimizer is being built
    filtered: bool = False


def read_source(given: object) -> Source:
    """What can be told of the raw argument before torch walks through it."""
    given = given.inner if isinstance(given, WatchedIterator) else given
    if type(given) in RELEASING and not _held_by(given):
        return Source("used up", None, filtered=True)
    generators = list(generators_in(given))
    if not generators:
        return Source()
    state = _state({inspect.getgeneratorstate(generator) for generator in generators})
    module = next((module for module in map(_module_of, generators) if module is not None), None)
    filtered = not (isinstance(given, GeneratorType) and _is_torchs(given))
    return Source(state, module if len(generators) == 1 or state == "partly used" else None, filtered)


def _state(states: Set[str]) -> str:
    if states == {inspect.GEN_CREATED}:
        return "fresh"
    return "used up" if states == {inspect.GEN_CLOSED} else "partly used"


def generators_in(given: object, depth: int = DEPTH) -> Iterator[GeneratorType[Any, Any, Any]]:
    """The generator itself, or those that a filter, map or zip walks."""
    if isinstance(given, WatchedIterator):
        given = given.inner
    if isinstance(given, GeneratorType):
        inner = _source_of_expression(given)
        yield from [given] if inner is None else generators_in(inner, depth - 1)
    elif type(given) in OPAQUE_ITERATORS and depth:
        for inner in _held_by(given):
            for one in _left_in(inner) if type(inner) is TUPLE_ITERATOR else [inner]:
                yield from generators_in(one, depth - 1)


def _held_by(iterator: object) -> list[Any]:
    """What an iterator refers to; since Python 3.12 that may be its own type, too."""
    return [one for one in gc.get_referents(iterator) if one is not type(iterator)]


def _left_in(iterator: Any) -> tuple[object, ...]:
    """What the arguments of `chain` still hold, without taking anything out."""
    _, (held, *_), *position = iterator.__reduce__()
    return held[position[0] :] if position else ()


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
    call = call_at(span)
    if call is None:
        return None
    argument = next(iter(call.node.args), None) or next(
        (keyword.value for keyword in call.node.keywords if keyword.arg in ("params", "param_group")), None
    )
    if isinstance(argument, (ast.List, ast.Tuple)) and len(argument.elts) == count:
        argument = argument.elts[group] if isinstance(argument.elts[group], ast.Dict) or count > 1 else argument
    elif count > 1 or isinstance(argument, ast.ListComp):
        return None  # a list that was made elsewhere
    return _given(argument, call, span.filename) if argument is not None else None


def _given(node: ast.expr, call: _Call, filename: str) -> Given:
    words = node
    if isinstance(node, ast.Dict):
        words = next((value for key, value in _items(node) if key == "params"), node)
    return Given(ast.unparse(words), _span_of(node, call, filename))


def key_span(span: Span, key: str) -> Span | None:
    """Where `key` is written in the dict of a group, or as a keyword of the call."""
    call = call_at(span)
    for node in ast.walk(call.node) if call else ():
        if isinstance(node, ast.Constant) and node.value == key and call is not None:
            return _span_of(node, call, span.filename)
    return None


def _items(node: ast.Dict) -> Iterator[tuple[object, ast.expr]]:
    pairs = zip(node.keys, node.values, strict=True)
    return ((key.value, value) for key, value in pairs if isinstance(key, ast.Constant))


class _Call(NamedTuple):
    """A call and where its text begins: what to add to the rows and columns of its nodes."""

    node: ast.Call
    rows: int
    columns: int


def call_at(span: Span) -> _Call | None:
    """The call at `span`, parsed from its own text alone, so that the file need not be Python as a whole."""
    if (span.row, span.column) == (span.end_row, span.end_column):
        return _call_in_statement(span)
    lines = [linecache.getline(span.filename, row) for row in range(span.row, span.end_row + 1)]
    if not all(lines):
        return None
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = " " * (span.column - 1) + lines[0][span.column - 1 :]
    try:
        tree = ast.parse("(\n" + "".join(lines) + ")", mode="eval")
    except SyntaxError:
        return None
    return _Call(tree.body, span.row - 2, 0) if isinstance(tree.body, ast.Call) else None  # one line was put above


def _call_in_statement(span: Span) -> _Call | None:
    """Before Python 3.11 only the first line of a call is known: the outermost one there that writes out groups."""
    first = linecache.getline(span.filename, span.row)
    indent = len(first) - len(first.lstrip())
    text = ""
    for row in range(span.row, span.row + LONGEST):
        text += linecache.getline(span.filename, row)[indent:] or "\n"
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _has_groups(node))
        found = next(calls, None)
        return _Call(found, span.row - 1, indent) if found is not None else None
    return None


def _has_groups(call: ast.Call) -> bool:
    given = next(iter(call.args), None)
    return isinstance(given, ast.Dict) or (
        isinstance(given, ast.List) and all(isinstance(item, ast.Dict) for item in given.elts)
    )


def _span_of(node: ast.expr, call: _Call, filename: str) -> Span:
    row, end_row = node.lineno + call.rows, (node.end_lineno or node.lineno) + call.rows
    start = code_points(linecache.getline(filename, row), node.col_offset + call.columns)
    end = code_points(linecache.getline(filename, end_row), (node.end_col_offset or 0) + call.columns)
    return Span(filename, row, start + 1, end_row, end + 1)
