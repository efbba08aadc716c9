"""Words by which the user's code chooses parameters by name, for a group that came out empty."""

from __future__ import annotations

import ast
import linecache
from typing import TYPE_CHECKING, NamedTuple

from optlint.auditing.memory.places import node_span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch.nn import Module

    from optlint.diagnostic import Span

    Scopes = Sequence[ast.AST]

COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp)


class Wording(NamedTuple):
    """The words and where they are asked for; `whole` says that a name must be one of them."""

    words: tuple[str, ...]
    whole: bool
    place: Span


def wording_at(span: Span, group: int, count: int) -> Wording | None:
    """The words that choose group `group` of `count` in the call at `span`, if they are written in that file."""
    try:
        tree = ast.parse("".join(linecache.getlines(span.filename)))
    except (SyntaxError, ValueError):
        return None
    call = next((node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_at(span, node)), None)
    scopes = _scopes(tree, span.row)
    given = _value_of(call.args[0], scopes) if call is not None and call.args else None
    if isinstance(given, (ast.List, ast.Tuple)) and len(given.elts) == count:
        given = _value_of(given.elts[group], scopes)
    if isinstance(given, ast.Dict):
        pairs = zip(given.keys, given.values, strict=True)
        given = next((value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "params"), None)
    chosen = _value_of(given, scopes)
    tests = [test for part in chosen.generators for test in part.ifs] if isinstance(chosen, COMPREHENSIONS) else []
    found = (_asked(test, scopes, span.filename) for test in tests)
    return next((one for one in found if one is not None), None)


def misses(wording: Wording, model: Module) -> bool:
    """Whether no name has the words, and some parameter was meant all the same: spelt otherwise, or by its class."""
    named = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    if any(name in wording.words if wording.whole else _has(name, wording.words) for name in named):
        return False
    loose = tuple(map(_loosened, wording.words))
    classes = {type(module).__name__ for module in model.modules() if next(module.parameters(False), None) is not None}
    return any(_has(_loosened(name), loose) for name in named) or any(
        word.partition(".")[0] in classes for word in wording.words
    )


def _has(name: str, words: Iterable[str]) -> bool:
    return any(word and word in name for word in words)


def _loosened(word: str) -> str:
    return word.lower().replace("_", "").replace(".", "")


def _asked(test: ast.expr, scopes: Scopes, filename: str) -> Wording | None:
    """Of `any(word in name for word in words)`, `"word" in name` and `name in words` the words."""
    match test:
        case ast.Call(
            func=ast.Name("any"),
            args=[
                ast.GeneratorExp(
                    elt=ast.Compare(left=ast.Name(word), ops=[ast.In()]),
                    generators=[ast.comprehension(target=ast.Name(bound), iter=words)],
                )
            ],
        ) if word == bound:
            whole, given = False, words
        case ast.Compare(left=ast.Constant(str()) as given, ops=[ast.In()]):
            whole = False
        case ast.Compare(left=ast.Name(), ops=[ast.In()], comparators=[given]):
            whole = True
        case _:
            return None
    values = tuple(_strings(given, scopes))
    return Wording(values, whole, node_span(test, filename)) if values else None


def _strings(node: ast.expr, scopes: Scopes) -> Iterator[str]:
    value = _value_of(node, scopes)
    parts = value.elts if isinstance(value, (ast.List, ast.Tuple, ast.Set)) else [value]
    for part in parts:
        if not (isinstance(part, ast.Constant) and isinstance(part.value, str)):
            return
        yield part.value


def _value_of(node: ast.expr | None, scopes: Scopes) -> ast.expr | None:
    """The expression itself, or for a name what its scope assigns to it, if it does so once."""
    if not isinstance(node, ast.Name):
        return node
    for scope in scopes:
        assigned = [one for one in ast.walk(scope) if isinstance(one, ast.Assign)]
        values = [
            one.value for one in assigned if any(isinstance(to, ast.Name) and to.id == node.id for to in one.targets)
        ]
        if values:
            return values[0] if len(values) == 1 else None
    return None


def _scopes(tree: ast.Module, row: int) -> Scopes:
    """The functions around a line from the inside out, and the file."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    around = [node for node in functions if node.lineno <= row <= (node.end_lineno or row)]
    return [*reversed(around), tree]


def _is_at(span: Span, node: ast.Call) -> bool:
    known = (span.row, span.column) != (span.end_row, span.end_column)  # before Python 3.11 only the line is
    return node_span(node, span.filename) == span if known else node.lineno == span.row
