"""From libcst to `ir`: the only place that knows libcst's node types.

A function body is lowered when `body_of` is first asked for it; `mentions` tells beforehand, by a walk over a table of
the meaningful fields, which identifiers a function or class contains at all.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from optlint.flow import ir

BINARY = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//", cst.Modulo: "%",
    cst.Power: "**", cst.MatrixMultiply: "@", cst.BitAnd: "&", cst.BitOr: "|", cst.BitXor: "^",
    cst.LeftShift: "<<", cst.RightShift: ">>",
}  # fmt: skip
AUGMENTED = {
    cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*", cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//", cst.ModuloAssign: "%", cst.PowerAssign: "**", cst.MatrixMultiplyAssign: "@",
    cst.BitAndAssign: "&", cst.BitOrAssign: "|", cst.BitXorAssign: "^", cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
}  # fmt: skip
UNARY = {cst.Not: "not", cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~"}
COMPARISON = {
    cst.Equal: "==", cst.NotEqual: "!=", cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=", cst.In: "in", cst.NotIn: "not in", cst.Is: "is", cst.IsNot: "is not",
}  # fmt: skip


def lower_module(module: cst.Module) -> ir.Block:
    """The statements of a module; bodies of functions are left for `body_of`."""
    return _statements(module.body)


def body_of(function: ir.Function) -> ir.Block:
    """The statements of a function."""
    node = function.origin
    assert isinstance(node, cst.FunctionDef)
    return _suite(node.body)


def mentions(origin: ir.Origin) -> Iterator[str]:
    """Every identifier in a syntax node, names and attributes, and `yield`; strings are left out."""
    pending: list[Any] = [origin]
    while pending:
        node = pending.pop()
        kind = type(node)
        if kind is cst.Name:
            if node.value not in CONSTANTS:
                yield node.value
            continue
        if kind is cst.Yield:
            yield "yield"
        for field in FIELDS.get(kind, ()):
            value = getattr(node, field)
            if isinstance(value, tuple | list):
                pending.extend(value)
            elif value is not None:
                pending.append(value)


FIELDS: dict[type, tuple[str, ...]] = {
    cst.Module: ("body",),
    cst.SimpleStatementLine: ("body",),
    cst.SimpleStatementSuite: ("body",),
    cst.IndentedBlock: ("body",),
    cst.Expr: ("value",),
    cst.Assign: ("targets", "value"),
    cst.AssignTarget: ("target",),
    cst.AnnAssign: ("target", "annotation", "value"),
    cst.Annotation: ("annotation",),
    cst.AugAssign: ("target", "value"),
    cst.Del: ("target",),
    cst.Return: ("value",),
    cst.Raise: ("exc",),
    cst.Assert: ("test",),
    cst.If: ("test", "body", "orelse"),
    cst.Else: ("body",),
    cst.For: ("target", "iter", "body", "orelse"),
    cst.While: ("test", "body", "orelse"),
    cst.Try: ("body", "handlers", "orelse", "finalbody"),
    cst.TryStar: ("body", "handlers", "orelse", "finalbody"),
    cst.ExceptHandler: ("type", "name", "body"),
    cst.ExceptStarHandler: ("type", "name", "body"),
    cst.Finally: ("body",),
    cst.With: ("items", "body"),
    cst.WithItem: ("item", "asname"),
    cst.AsName: ("name",),
    cst.Match: ("subject", "cases"),
    cst.MatchCase: ("guard", "body"),
    cst.FunctionDef: ("name", "params", "decorators", "returns", "body"),
    cst.Decorator: ("decorator",),
    cst.Parameters: ("params", "star_arg", "kwonly_params", "star_kwarg", "posonly_params"),
    cst.Param: ("name", "annotation", "default"),
    cst.ClassDef: ("name", "bases", "keywords", "decorators", "body"),
    cst.Attribute: ("value", "attr"),
    cst.Call: ("func", "args"),
    cst.Arg: ("keyword", "value"),
    cst.Subscript: ("value", "slice"),
    cst.SubscriptElement: ("slice",),
    cst.Index: ("value",),
    cst.Slice: ("lower", "upper", "step"),
    cst.BinaryOperation: ("left", "right"),
    cst.BooleanOperation: ("left", "right"),
    cst.UnaryOperation: ("expression",),
    cst.Comparison: ("left", "comparisons"),
    cst.ComparisonTarget: ("comparator",),
    cst.IfExp: ("test", "body", "orelse"),
    cst.Lambda: ("params", "body"),
    cst.Tuple: ("elements",),
    cst.List: ("elements",),
    cst.Set: ("elements",),
    cst.Element: ("value",),
    cst.StarredElement: ("value",),
    cst.Dict: ("elements",),
    cst.DictElement: ("key", "value"),
    cst.StarredDictElement: ("value",),
    cst.GeneratorExp: ("elt", "for_in"),
    cst.ListComp: ("elt", "for_in"),
    cst.SetComp: ("elt", "for_in"),
    cst.DictComp: ("key", "value", "for_in"),
    cst.CompFor: ("target", "iter", "ifs", "inner_for_in"),
    cst.CompIf: ("test",),
    cst.ConcatenatedString: ("left", "right"),
    cst.FormattedString: ("parts",),
    cst.FormattedStringExpression: ("expression",),
    cst.NamedExpr: ("target", "value"),
    cst.Await: ("expression",),
    cst.Yield: ("value",),
    cst.From: ("item",),
    cst.Global: ("names",),
    cst.Nonlocal: ("names",),
    cst.NameItem: ("name",),
}


def dotted(node: cst.BaseExpression) -> str:
    """The dotted name that a chain of attributes spells."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _expression(node: Any) -> ir.Expression:
    lower = EXPRESSIONS.get(type(node))
    return lower(node) if lower else ir.Literal(node, ...)


def _optional(node: Any) -> ir.Expression | None:
    return None if node is None else _expression(node)


CONSTANTS = {"True": True, "False": False, "None": None}


def _name(node: cst.Name) -> ir.Expression:
    name = node.value
    return ir.Literal(node, CONSTANTS[name]) if name in CONSTANTS else ir.Name(node, name)


def _number(node: Any) -> ir.Expression:
    text = node.value
    return ir.Literal(node, int(text) if text.isdecimal() else literal_eval(text))


def _string(node: cst.SimpleString) -> ir.Expression:
    return ir.Literal(node, _text(node))


def _text(node: cst.SimpleString) -> object:
    text = node.value
    if text[0] in "'\"" and "\\" not in text and text[:3] not in ("'''", '"""'):
        return text[1:-1]
    try:
        value = literal_eval(node.value)
        return value if isinstance(value, str) else ...
    except (SyntaxError, ValueError):  # escapes that this Python refuses
        return ...


def _concatenated(node: cst.ConcatenatedString) -> ir.Expression:
    left, right = _expression(node.left), _expression(node.right)
    if isinstance(left, ir.Literal) and isinstance(right, ir.Literal):
        both = isinstance(left.value, str) and isinstance(right.value, str)
        return ir.Literal(node, f"{left.value}{right.value}" if both else ...)
    parts = (part.values for part in (left, right) if isinstance(part, ir.Formatted))
    return ir.Formatted(node, tuple(value for values in parts for value in values))


def _formatted(node: cst.FormattedString) -> ir.Expression:
    parts = [part.expression for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
    return ir.Formatted(node, tuple(map(_expression, parts)))


def _attribute(node: cst.Attribute) -> ir.Expression:
    return ir.Attribute(node, _expression(node.value), node.attr.value)


def _call(node: cst.Call) -> ir.Expression:
    return ir.Call(node, _expression(node.func), tuple(map(_argument, node.args)))


def _argument(node: cst.Arg) -> ir.Argument:
    keyword = node.keyword.value if node.keyword else None
    return ir.Argument(node, _expression(node.value), keyword, node.star)


def _subscript(node: cst.Subscript) -> ir.Expression:
    parts = tuple(_slice(element.slice) for element in node.slice)
    index = parts[0] if len(parts) == 1 else ir.Display(node, "tuple", parts)
    return ir.Subscript(node, _expression(node.value), index)


def _slice(node: cst.BaseSlice) -> ir.Expression:
    if isinstance(node, cst.Slice):
        return ir.Slice(node, _optional(node.lower), _optional(node.upper), _optional(node.step))
    assert isinstance(node, cst.Index)
    return _expression(node.value)


def _binary(node: cst.BinaryOperation) -> ir.Expression:
    return ir.Binary(node, _expression(node.left), BINARY[type(node.operator)], _expression(node.right))


def _unary(node: cst.UnaryOperation) -> ir.Expression:
    operand, op = _expression(node.expression), UNARY[type(node.operator)]
    if op == "-" and isinstance(operand, ir.Literal) and isinstance(operand.value, int | float):
        return ir.Literal(node, -operand.value)
    return ir.Unary(node, op, operand)


def _boolean(node: cst.BooleanOperation) -> ir.Expression:
    op = "and" if isinstance(node.operator, cst.And) else "or"
    return ir.Boolean(node, _expression(node.left), op, _expression(node.right))


def _comparison(node: cst.Comparison) -> ir.Expression:
    rest = tuple((COMPARISON[type(part.operator)], _expression(part.comparator)) for part in node.comparisons)
    return ir.Comparison(node, _expression(node.left), rest)


def _conditional(node: cst.IfExp) -> ir.Expression:
    return ir.Conditional(node, _expression(node.test), _expression(node.body), _expression(node.orelse))


def _display(kind: str) -> Callable[[Any], ir.Expression]:
    def lower(node: Any) -> ir.Expression:
        return ir.Display(node, kind, tuple(map(_element, node.elements)))

    return lower


def _element(node: cst.BaseElement) -> ir.Expression:
    value = _expression(node.value)
    return ir.Starred(node, value) if isinstance(node, cst.StarredElement) else value


def _starred(node: cst.StarredElement) -> ir.Expression:
    return ir.Starred(node, _expression(node.value))


def _dict(node: cst.Dict) -> ir.Expression:
    items = ((_optional(getattr(item, "key", None)), _expression(item.value)) for item in node.elements)
    return ir.DictDisplay(node, tuple(items))


def _comprehension(kind: str) -> Callable[[Any], ir.Expression]:
    def lower(node: Any) -> ir.Expression:
        key = _expression(node.key) if kind == "dict" else None
        element = _expression(node.value if kind == "dict" else node.elt)
        return ir.Comprehension(node, kind, key, element, tuple(_clauses(node.for_in)))

    return lower


def _clauses(node: cst.CompFor | None) -> Iterator[ir.Clause]:
    while node is not None:
        tests = tuple(_expression(test.test) for test in node.ifs)
        yield ir.Clause(node, _expression(node.target), _expression(node.iter), tests)
        node = node.inner_for_in


def _walrus(node: cst.NamedExpr) -> ir.Expression:
    return ir.Walrus(node, _expression(node.target), _expression(node.value))


def _await(node: cst.Await) -> ir.Expression:
    return ir.Await(node, _expression(node.expression))


def _yield(node: cst.Yield) -> ir.Expression:
    if isinstance(node.value, cst.From):
        return ir.Yield(node, _expression(node.value.item), True)
    return ir.Yield(node, _optional(node.value), False)


def _lambda(node: cst.Lambda) -> ir.Expression:
    return ir.Lambda(node, tuple(_parameters(node.params)), _expression(node.body))


def _parameters(node: cst.Parameters) -> Iterator[ir.Parameter]:
    for plain in (*node.posonly_params, *node.params):
        yield _parameter(plain, "", False)
    if isinstance(node.star_arg, cst.Param):
        yield _parameter(node.star_arg, "*", False)
    for keyword_only in node.kwonly_params:
        yield _parameter(keyword_only, "", True)
    if node.star_kwarg is not None:
        yield _parameter(node.star_kwarg, "**", False)


def _parameter(node: cst.Param, star: str, keyword_only: bool) -> ir.Parameter:
    annotation = _expression(node.annotation.annotation) if node.annotation else None
    return ir.Parameter(node, node.name.value, _optional(node.default), annotation, star, keyword_only)


EXPRESSIONS: dict[type, Callable[[Any], ir.Expression]] = {
    cst.Name: _name,
    cst.Integer: _number,
    cst.Float: _number,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Attribute: _attribute,
    cst.Call: _call,
    cst.Subscript: _subscript,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Tuple: _display("tuple"),
    cst.List: _display("list"),
    cst.Set: _display("set"),
    cst.StarredElement: _starred,
    cst.Dict: _dict,
    cst.ListComp: _comprehension("list"),
    cst.SetComp: _comprehension("set"),
    cst.DictComp: _comprehension("dict"),
    cst.GeneratorExp: _comprehension("generator"),
    cst.NamedExpr: _walrus,
    cst.Await: _await,
    cst.Yield: _yield,
    cst.Lambda: _lambda,
}


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
    value = _expression(node.value)
    if not isinstance(value, ir.Literal):
        yield ir.Evaluate(node, value)


def _assign(node: cst.Assign) -> Iterator[ir.Statement]:
    yield ir.Assign(node, tuple(_expression(part.target) for part in node.targets), _expression(node.value), None)


def _annotated(node: cst.AnnAssign) -> Iterator[ir.Statement]:
    annotation = _expression(node.annotation.annotation)
    yield ir.Assign(node, (_expression(node.target),), _optional(node.value), annotation)


def _augmented(node: cst.AugAssign) -> Iterator[ir.Statement]:
    yield ir.AugmentedAssign(node, _expression(node.target), AUGMENTED[type(node.operator)], _expression(node.value))


def _delete(node: cst.Del) -> Iterator[ir.Statement]:
    target = _expression(node.target)
    yield ir.Delete(node, target.items if isinstance(target, ir.Display) else (target,))


def _if(node: cst.If) -> Iterator[ir.Statement]:
    if isinstance(node.orelse, cst.If):
        orelse = tuple(_if(node.orelse))
    else:
        orelse = _orelse(node.orelse)
    yield ir.If(node, _expression(node.test), _suite(node.body), orelse)


def _orelse(node: cst.Else | cst.Finally | None) -> ir.Block:
    return () if node is None else _suite(node.body)


def _for(node: cst.For) -> Iterator[ir.Statement]:
    target, iterable = _expression(node.target), _expression(node.iter)
    yield ir.For(node, target, iterable, _suite(node.body), _orelse(node.orelse))


def _while(node: cst.While) -> Iterator[ir.Statement]:
    yield ir.While(node, _expression(node.test), _suite(node.body), _orelse(node.orelse))


def _try(node: cst.Try | cst.TryStar) -> Iterator[ir.Statement]:
    handlers = tuple(map(_handler, node.handlers))
    yield ir.Try(node, _suite(node.body), handlers, _orelse(node.orelse), _orelse(node.finalbody))


def _handler(node: cst.ExceptHandler | cst.ExceptStarHandler) -> ir.Handler:
    name = node.name.name.value if node.name and isinstance(node.name.name, cst.Name) else None
    return ir.Handler(node, _optional(node.type), name, _suite(node.body))


def _with(node: cst.With) -> Iterator[ir.Statement]:
    items = ((_expression(part.item), _optional(part.asname and part.asname.name)) for part in node.items)
    yield ir.With(node, tuple(items), _suite(node.body))


def _match(node: cst.Match) -> Iterator[ir.Statement]:
    yield ir.Match(node, _expression(node.subject), tuple(map(_case, node.cases)))


def _case(node: cst.MatchCase) -> ir.Case:
    wildcard = isinstance(node.pattern, cst.MatchAs) and node.pattern.pattern is None and node.guard is None
    return ir.Case(node, tuple(_bound(node.pattern)), _optional(node.guard), _suite(node.body), wildcard)


def _bound(pattern: cst.CSTNode) -> Iterator[str]:
    name = getattr(pattern, "name", None)
    if isinstance(pattern, cst.MatchAs | cst.MatchStar) and isinstance(name, cst.Name):
        yield name.value
    for child in pattern.children:
        yield from _bound(child)


def _return(node: cst.Return) -> Iterator[ir.Statement]:
    yield ir.Return(node, _optional(node.value))


def _raise(node: cst.Raise) -> Iterator[ir.Statement]:
    yield ir.Raise(node, _optional(node.exc))


def _assert(node: cst.Assert) -> Iterator[ir.Statement]:
    yield ir.Assert(node, _expression(node.test))


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
        tuple(_parameters(node.params)),
        tuple(_expression(part.decorator) for part in node.decorators),
        _expression(node.returns.annotation) if node.returns else None,
        node.asynchronous is not None,
    )


def _class(node: cst.ClassDef) -> Iterator[ir.Statement]:
    bases = tuple(map(_argument, (*node.bases, *node.keywords)))
    decorators = tuple(_expression(part.decorator) for part in node.decorators)
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
