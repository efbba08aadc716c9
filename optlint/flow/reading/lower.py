"""From libcst to `ir`: the only place that knows libcst's node types.

A function body is lowered when `body_of` is first asked for it; `mentions` tells beforehand, by a walk over a table of
the meaningful fields, which identifiers a function or class contains at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from optlint.flow.reading import cst_expressions, ir

AUGMENTED = {
    cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*", cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//", cst.ModuloAssign: "%", cst.PowerAssign: "**", cst.MatrixMultiplyAssign: "@",
    cst.BitAndAssign: "&", cst.BitOrAssign: "|", cst.BitXorAssign: "^", cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
}  # fmt: skip


def lower_module(module: cst.Module) -> ir.Block:
    """The statements of a module; bodies of functions are left for `body_of`."""
    return _statements(module.body)


def body_of(function: ir.Function) -> ir.Block:
    """The statements of a function."""
    node = function.origin
    assert isinstance(node, cst.FunctionDef)
    return _suite(node.body)


def dotted(node: cst.BaseExpression) -> str:
    """The dotted name that a chain of attributes spells."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _suite(node: cst.BaseSuite) -> ir.Block:
    return _statements(node.body)


def _statements(nodes: Any) -> ir.Block:
    """Lower statements; one line may hold several small ones, and what says nothing is dropped."""
    lowered: list[ir.Statement] = []
    for node in nodes:
        small = node.body if isinstance(node, cst.SimpleStatementLine) else (node,)
        for statement in small:
            lower = STATEMENTS.get(type(statement))
            if lower:
                lowered.extend(lower(statement))
    return tuple(lowered)


def _evaluate(node: cst.Expr) -> Iterator[ir.Statement]:
    value = cst_expressions.expression(node.value)
    if not isinstance(value, ir.Literal):
        yield ir.Evaluate(node, value)


def _assign(node: cst.Assign) -> Iterator[ir.Statement]:
    yield ir.Assign(
        node,
        tuple(cst_expressions.expression(part.target) for part in node.targets),
        cst_expressions.expression(node.value),
        None,
    )


def _annotated(node: cst.AnnAssign) -> Iterator[ir.Statement]:
    annotation = cst_expressions.expression(node.annotation.annotation)
    yield ir.Assign(node, (cst_expressions.expression(node.target),), cst_expressions.optional(node.value), annotation)


def _augmented(node: cst.AugAssign) -> Iterator[ir.Statement]:
    yield ir.AugmentedAssign(
        node,
        cst_expressions.expression(node.target),
        AUGMENTED[type(node.operator)],
        cst_expressions.expression(node.value),
    )


def _delete(node: cst.Del) -> Iterator[ir.Statement]:
    target = cst_expressions.expression(node.target)
    yield ir.Delete(node, target.items if isinstance(target, ir.Display) else (target,))


def _if(node: cst.If) -> Iterator[ir.Statement]:
    orelse = tuple(_if(node.orelse)) if isinstance(node.orelse, cst.If) else _orelse(node.orelse)
    yield ir.If(node, cst_expressions.expression(node.test), _suite(node.body), orelse)


def _orelse(node: cst.Else | cst.Finally | None) -> ir.Block:
    return () if node is None else _suite(node.body)


def _for(node: cst.For) -> Iterator[ir.Statement]:
    target, iterable = cst_expressions.expression(node.target), cst_expressions.expression(node.iter)
    yield ir.For(node, target, iterable, _suite(node.body), _orelse(node.orelse))


def _while(node: cst.While) -> Iterator[ir.Statement]:
    yield ir.While(node, cst_expressions.expression(node.test), _suite(node.body), _orelse(node.orelse))


def _try(node: cst.Try | cst.TryStar) -> Iterator[ir.Statement]:
    handlers = tuple(map(_handler, node.handlers))
    yield ir.Try(node, _suite(node.body), handlers, _orelse(node.orelse), _orelse(node.finalbody))


def _handler(node: cst.ExceptHandler | cst.ExceptStarHandler) -> ir.Handler:
    name = node.name.name.value if node.name and isinstance(node.name.name, cst.Name) else None
    return ir.Handler(node, cst_expressions.optional(node.type), name, _suite(node.body))


def _with(node: cst.With) -> Iterator[ir.Statement]:
    items = (
        (cst_expressions.expression(part.item), cst_expressions.optional(part.asname and part.asname.name))
        for part in node.items
    )
    yield ir.With(node, tuple(items), _suite(node.body))


def _match(node: cst.Match) -> Iterator[ir.Statement]:
    yield ir.Match(node, cst_expressions.expression(node.subject), tuple(map(_case, node.cases)))


def _case(node: cst.MatchCase) -> ir.Case:
    wildcard = isinstance(node.pattern, cst.MatchAs) and node.pattern.pattern is None and node.guard is None
    guard = cst_expressions.optional(node.guard)
    return ir.Case(node, tuple(sorted(_bound(node.pattern))), guard, _suite(node.body), wildcard)


def _bound(pattern: cst.CSTNode) -> Iterator[str]:
    name = getattr(pattern, "name", None)
    if isinstance(pattern, cst.MatchAs | cst.MatchStar) and isinstance(name, cst.Name):
        yield name.value
    for child in pattern.children:
        yield from _bound(child)


def _return(node: cst.Return) -> Iterator[ir.Statement]:
    yield ir.Return(node, cst_expressions.optional(node.value))


def _raise(node: cst.Raise) -> Iterator[ir.Statement]:
    yield ir.Raise(node, cst_expressions.optional(node.exc))


def _assert(node: cst.Assert) -> Iterator[ir.Statement]:
    yield ir.Assert(node, cst_expressions.expression(node.test))


def _import(node: cst.Import) -> Iterator[ir.Statement]:
    for alias in node.names:
        path = dotted(alias.name)
        if alias.asname and isinstance(alias.asname.name, cst.Name):
            yield ir.Import(node, path, alias.asname.name.value)
        else:
            first = path.split(".")[0]
            yield ir.Import(node, first, first)


def _import_from(node: cst.ImportFrom) -> Iterator[ir.Statement]:
    module = dotted(node.module) if node.module else ""
    if isinstance(node.names, cst.ImportStar):
        yield ir.ImportFrom(node, module, len(node.relative), "*", "*")
        return
    for alias in node.names:
        path = dotted(alias.name)
        name = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else path
        yield ir.ImportFrom(node, module, len(node.relative), path, name)


def _declare(node: cst.Global | cst.Nonlocal) -> Iterator[ir.Statement]:
    yield ir.Declare(node, type(node).__name__.lower(), tuple(item.name.value for item in node.names))


def _function(node: cst.FunctionDef) -> Iterator[ir.Statement]:
    yield ir.Function(
        node,
        node.name.value,
        tuple(cst_expressions.parameters(node.params)),
        tuple(cst_expressions.expression(part.decorator) for part in node.decorators),
        cst_expressions.expression(node.returns.annotation) if node.returns else None,
        node.asynchronous is not None,
    )


def _class(node: cst.ClassDef) -> Iterator[ir.Statement]:
    bases = tuple(map(cst_expressions.argument, (*node.bases, *node.keywords)))
    decorators = tuple(cst_expressions.expression(part.decorator) for part in node.decorators)
    yield ir.Class(node, node.name.value, bases, decorators, _suite(node.body))


STATEMENTS: dict[type, Callable[[Any], Iterator[ir.Statement]]] = {
    cst.Expr: _evaluate,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Del: _delete,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.Match: _match,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Assert: _assert,
    cst.Break: lambda node: iter((ir.Break(node),)),
    cst.Continue: lambda node: iter((ir.Continue(node),)),
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Global: _declare,
    cst.Nonlocal: _declare,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
}
