"""From the standard library's `ast` to `ir`: ten times faster to parse than libcst, and all the engine needs.

Files that are read for what they define, and the first look at a file that is linted, go this way; the result is
the same as that of `lower.py`, which a test holds both to.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from optlint.flow.reading import ir

BINARY = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>",
}  # fmt: skip
UNARY = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
COMPARISON = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip

NAMED = frozenset({
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.keyword, ast.Yield, ast.YieldFrom, ast.Global,
    ast.Nonlocal, ast.ExceptHandler,
})  # fmt: skip
WITHOUT_NODES = frozenset(
    "ctx op ops names arg module level id attr kind type_comment conversion simple is_async".split()
)


def lower_module(module: ast.Module) -> ir.Block:
    """The statements of a module; bodies of functions are left for `body_of`."""
    return _block(module.body)


def body_of(function: ir.Function) -> ir.Block:
    """The statements of a function."""
    node = function.origin
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return _block(node.body)


def mentions(origin: ir.Origin) -> Iterator[str]:
    """Every identifier in a syntax node, names and attributes, and `yield`; of strings only `ir.GROUPS`."""
    pending: list[Any] = [origin]
    while pending:
        node = pending.pop()
        kind: Any = type(node)
        if kind is ast.Name:
            yield node.id
        elif kind is ast.Attribute:
            yield node.attr
            pending.append(node.value)
        elif kind is not ast.Constant:
            if kind in NAMED:
                yield from _named(node, kind)
            for field in _inner_fields(kind):
                value = getattr(node, field, None)
                if value.__class__ is list:
                    pending += value
                elif value is not None and value.__class__ is not str:
                    pending.append(value)
        elif node.value == ir.GROUPS:
            yield ir.GROUPS


@cache
def _inner_fields(kind: type) -> tuple[str, ...]:
    """The fields of a syntax node that hold other nodes, as far as identifiers may be in them."""
    if kind is ast.match_case:
        return "guard", "body"
    fields: tuple[str, ...] = getattr(kind, "_fields", ())
    return tuple(field for field in fields if field not in WITHOUT_NODES)


def _named(node: Any, kind: type) -> Iterator[str]:
    if kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        yield node.name
    elif kind in (ast.arg, ast.keyword) and node.arg:
        yield node.arg
    elif kind in (ast.Yield, ast.YieldFrom):
        yield "yield"
    elif kind in (ast.Global, ast.Nonlocal):
        yield from node.names
    elif kind is ast.ExceptHandler and node.name:
        yield node.name


def _expression(node: Any) -> ir.Expression:
    lower = EXPRESSIONS.get(type(node))
    return lower(node) if lower else ir.Literal(node, ...)


def _optional(node: Any) -> ir.Expression | None:
    return None if node is None else _expression(node)


def _constant(node: ast.Constant) -> ir.Expression:
    plain = isinstance(node.value, str | int | float) or node.value is None
    return ir.Literal(node, node.value if plain else ...)


def _call(node: ast.Call) -> ir.Expression:
    arguments = [ir.Argument(arg, *_starred_argument(arg)) for arg in node.args]
    arguments += [
        ir.Argument(keyword, _expression(keyword.value), keyword.arg, "" if keyword.arg else "**")
        for keyword in node.keywords
    ]
    return ir.Call(node, _expression(node.func), tuple(arguments))


def _starred_argument(node: ast.expr) -> tuple[ir.Expression, None, str]:
    if isinstance(node, ast.Starred):
        return _expression(node.value), None, "*"
    return _expression(node), None, ""


def _subscript(node: ast.Subscript) -> ir.Expression:
    return ir.Subscript(node, _expression(node.value), _expression(node.slice))


def _unary(node: ast.UnaryOp) -> ir.Expression:
    operand, op = _expression(node.operand), UNARY[type(node.op)]
    if op == "-" and isinstance(operand, ir.Literal) and isinstance(operand.value, int | float):
        return ir.Literal(node, -operand.value)
    return ir.Unary(node, op, operand)


def _boolean(node: ast.BoolOp) -> ir.Expression:
    op = "and" if isinstance(node.op, ast.And) else "or"
    result = _expression(node.values[0])
    for value in node.values[1:]:
        result = ir.Boolean(node, result, op, _expression(value))
    return result


def _comparison(node: ast.Compare) -> ir.Expression:
    pairs = zip(node.ops, node.comparators, strict=True)
    return ir.Comparison(
        node, _expression(node.left), tuple((COMPARISON[type(op)], _expression(value)) for op, value in pairs)
    )


def _display(kind: str) -> Callable[[Any], ir.Expression]:
    def lower(node: Any) -> ir.Expression:
        return ir.Display(node, kind, tuple(map(_expression, node.elts)))

    return lower


def _dict(node: ast.Dict) -> ir.Expression:
    items = zip(map(_optional, node.keys), map(_expression, node.values), strict=True)
    return ir.DictDisplay(node, tuple(items))


def _comprehension(kind: str) -> Callable[[Any], ir.Expression]:
    def lower(node: Any) -> ir.Expression:
        key = _expression(node.key) if kind == "dict" else None
        element = _expression(node.value if kind == "dict" else node.elt)
        return ir.Comprehension(node, kind, key, element, tuple(map(_clause, node.generators)))

    return lower


def _clause(node: ast.comprehension) -> ir.Clause:
    return ir.Clause(node, _expression(node.target), _expression(node.iter), tuple(map(_expression, node.ifs)))


def _formatted(node: ast.JoinedStr) -> ir.Expression:
    parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    return ir.Formatted(node, tuple(map(_expression, parts)))


def _parameters(node: ast.arguments) -> tuple[ir.Parameter, ...]:
    plain = [*node.posonlyargs, *node.args]
    defaults = [None] * (len(plain) - len(node.defaults)) + list(node.defaults)
    found = [_parameter(arg, default, "", False) for arg, default in zip(plain, defaults, strict=True)]
    if node.vararg:
        found.append(_parameter(node.vararg, None, "*", False))
    pairs = zip(node.kwonlyargs, node.kw_defaults, strict=True)
    found += [_parameter(arg, default, "", True) for arg, default in pairs]
    if node.kwarg:
        found.append(_parameter(node.kwarg, None, "**", False))
    return tuple(found)


def _parameter(node: ast.arg, default: ast.expr | None, star: str, keyword_only: bool) -> ir.Parameter:
    return ir.Parameter(node, node.arg, _optional(default), _optional(node.annotation), star, keyword_only)


EXPRESSIONS: dict[type, Callable[[Any], ir.Expression]] = {
    ast.Name: lambda node: ir.Name(node, node.id),
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Attribute: lambda node: ir.Attribute(node, _expression(node.value), node.attr),
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: lambda node: ir.Slice(node, _optional(node.lower), _optional(node.upper), _optional(node.step)),
    ast.BinOp: lambda node: ir.Binary(node, _expression(node.left), BINARY[type(node.op)], _expression(node.right)),
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _comparison,
    ast.IfExp: lambda node: ir.Conditional(
        node, _expression(node.test), _expression(node.body), _expression(node.orelse)
    ),
    ast.Tuple: _display("tuple"),
    ast.List: _display("list"),
    ast.Set: _display("set"),
    ast.Starred: lambda node: ir.Starred(node, _expression(node.value)),
    ast.Dict: _dict,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.DictComp: _comprehension("dict"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.NamedExpr: lambda node: ir.Walrus(node, _expression(node.target), _expression(node.value)),
    ast.Await: lambda node: ir.Await(node, _expression(node.value)),
    ast.Yield: lambda node: ir.Yield(node, _optional(node.value), False),
    ast.YieldFrom: lambda node: ir.Yield(node, _expression(node.value), True),
    ast.Lambda: lambda node: ir.Lambda(node, _parameters(node.args), _expression(node.body)),
}


def _block(nodes: list[ast.stmt]) -> ir.Block:
    """Lower statements; what says nothing is dropped."""
    lowered: list[ir.Statement] = []
    for node in nodes:
        kind = type(node)
        lower = _try if kind.__name__ == "TryStar" else STATEMENTS.get(kind)  # Python 3.10 has no ast.TryStar
        if lower:
            lowered.extend(lower(node))
    return tuple(lowered)


def _evaluate(node: ast.Expr) -> Iterator[ir.Statement]:
    value = _expression(node.value)
    if not isinstance(value, ir.Literal):
        yield ir.Evaluate(node, value)


def _assign(node: ast.Assign) -> Iterator[ir.Statement]:
    yield ir.Assign(node, tuple(map(_expression, node.targets)), _expression(node.value), None)


def _annotated(node: ast.AnnAssign) -> Iterator[ir.Statement]:
    yield ir.Assign(node, (_expression(node.target),), _optional(node.value), _expression(node.annotation))


def _augmented(node: ast.AugAssign) -> Iterator[ir.Statement]:
    yield ir.AugmentedAssign(node, _expression(node.target), BINARY[type(node.op)], _expression(node.value))


def _delete(node: ast.Delete) -> Iterator[ir.Statement]:
    yield ir.Delete(node, tuple(map(_expression, node.targets)))


def _if(node: ast.If) -> Iterator[ir.Statement]:
    yield ir.If(node, _expression(node.test), _block(node.body), _block(node.orelse))


def _for(node: ast.For | ast.AsyncFor) -> Iterator[ir.Statement]:
    yield ir.For(node, _expression(node.target), _expression(node.iter), _block(node.body), _block(node.orelse))


def _while(node: ast.While) -> Iterator[ir.Statement]:
    yield ir.While(node, _expression(node.test), _block(node.body), _block(node.orelse))


def _try(node: Any) -> Iterator[ir.Statement]:
    handlers = (ir.Handler(part, _optional(part.type), part.name, _block(part.body)) for part in node.handlers)
    yield ir.Try(node, _block(node.body), tuple(handlers), _block(node.orelse), _block(node.finalbody))


def _with(node: ast.With | ast.AsyncWith) -> Iterator[ir.Statement]:
    items = ((_expression(part.context_expr), _optional(part.optional_vars)) for part in node.items)
    yield ir.With(node, tuple(items), _block(node.body))


def _match(node: ast.Match) -> Iterator[ir.Statement]:
    yield ir.Match(node, _expression(node.subject), tuple(map(_case, node.cases)))


def _case(node: ast.match_case) -> ir.Case:
    pattern = node.pattern
    names = [part.name for part in ast.walk(pattern) if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name]
    catches_all = isinstance(pattern, ast.MatchAs) and pattern.pattern is None and node.guard is None
    return ir.Case(node, tuple(sorted(names)), _optional(node.guard), _block(node.body), catches_all)


def _import(node: ast.Import) -> Iterator[ir.Statement]:
    for alias in node.names:
        first = alias.name.split(".")[0]
        yield ir.Import(node, alias.name, alias.asname) if alias.asname else ir.Import(node, first, first)


def _import_from(node: ast.ImportFrom) -> Iterator[ir.Statement]:
    for alias in node.names:
        yield ir.ImportFrom(node, node.module or "", node.level, alias.name, alias.asname or alias.name)


def _declare(node: ast.Global | ast.Nonlocal) -> Iterator[ir.Statement]:
    yield ir.Declare(node, type(node).__name__.lower(), tuple(node.names))


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ir.Statement]:
    yield ir.Function(
        node,
        node.name,
        _parameters(node.args),
        tuple(map(_expression, node.decorator_list)),
        _optional(node.returns),
        isinstance(node, ast.AsyncFunctionDef),
    )


def _class(node: ast.ClassDef) -> Iterator[ir.Statement]:
    bases = [ir.Argument(base, *_starred_argument(base)) for base in node.bases]
    bases += [ir.Argument(part, _expression(part.value), part.arg, "" if part.arg else "**") for part in node.keywords]
    yield ir.Class(node, node.name, tuple(bases), tuple(map(_expression, node.decorator_list)), _block(node.body))


STATEMENTS: dict[type, Callable[[Any], Iterator[ir.Statement]]] = {
    ast.Expr: _evaluate,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.Try: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
    ast.Return: lambda node: iter((ir.Return(node, _optional(node.value)),)),
    ast.Raise: lambda node: iter((ir.Raise(node, _optional(node.exc)),)),
    ast.Assert: lambda node: iter((ir.Assert(node, _expression(node.test)),)),
    ast.Break: lambda node: iter((ir.Break(node),)),
    ast.Continue: lambda node: iter((ir.Continue(node),)),
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _declare,
    ast.Nonlocal: _declare,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
}
