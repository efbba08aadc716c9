"""Expressions, from libcst to `ir`."""

from __future__ import annotations

import warnings
from ast import literal_eval
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from optlint.flow.reading import ir
from optlint.flow.reading.cst_words import CONSTANTS

BINARY = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//", cst.Modulo: "%",
    cst.Power: "**", cst.MatrixMultiply: "@", cst.BitAnd: "&", cst.BitOr: "|", cst.BitXor: "^",
    cst.LeftShift: "<<", cst.RightShift: ">>",
}  # fmt: skip
UNARY = {cst.Not: "not", cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~"}
COMPARISON = {
    cst.Equal: "==", cst.NotEqual: "!=", cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=", cst.In: "in", cst.NotIn: "not in", cst.Is: "is", cst.IsNot: "is not",
}  # fmt: skip


def expression(node: Any) -> ir.Expression:
    """Any expression; one of no interest becomes a literal without a value."""
    lower = EXPRESSIONS.get(type(node))
    return lower(node) if lower else ir.Literal(node, ...)


def optional(node: Any) -> ir.Expression | None:
    """An expression that may be missing."""
    return None if node is None else expression(node)


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that the linted file gets wrong
            value = literal_eval(node.value)
        return value if isinstance(value, str) else ...
    except (SyntaxError, ValueError):  # escapes that this Python refuses
        return ...


def _concatenated(node: cst.ConcatenatedString) -> ir.Expression:
    left, right = expression(node.left), expression(node.right)
    if isinstance(left, ir.Literal) and isinstance(right, ir.Literal):
        both = isinstance(left.value, str) and isinstance(right.value, str)
        return ir.Literal(node, f"{left.value}{right.value}" if both else ...)
    parts = (part.values for part in (left, right) if isinstance(part, ir.Formatted))
    return ir.Formatted(node, tuple(value for values in parts for value in values))


def _formatted(node: cst.FormattedString) -> ir.Expression:
    parts = [part.expression for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
    return ir.Formatted(node, tuple(map(expression, parts)))


def _attribute(node: cst.Attribute) -> ir.Expression:
    return ir.Attribute(node, expression(node.value), node.attr.value)


def _call(node: cst.Call) -> ir.Expression:
    return ir.Call(node, expression(node.func), tuple(map(argument, node.args)))


def argument(node: cst.Arg) -> ir.Argument:
    """An argument of a call."""
    keyword = node.keyword.value if node.keyword else None
    return ir.Argument(node, expression(node.value), keyword, node.star)


def _subscript(node: cst.Subscript) -> ir.Expression:
    parts = tuple(_slice(element.slice) for element in node.slice)
    index = parts[0] if len(parts) == 1 else ir.Display(node, "tuple", parts)
    return ir.Subscript(node, expression(node.value), index)


def _slice(node: cst.BaseSlice) -> ir.Expression:
    if isinstance(node, cst.Slice):
        return ir.Slice(node, optional(node.lower), optional(node.upper), optional(node.step))
    assert isinstance(node, cst.Index)
    return expression(node.value)


def _binary(node: cst.BinaryOperation) -> ir.Expression:
    return ir.Binary(node, expression(node.left), BINARY[type(node.operator)], expression(node.right))


def _unary(node: cst.UnaryOperation) -> ir.Expression:
    operand, op = expression(node.expression), UNARY[type(node.operator)]
    if op == "-" and isinstance(operand, ir.Literal) and isinstance(operand.value, int | float):
        return ir.Literal(node, -operand.value)
    return ir.Unary(node, op, operand)


def _boolean(node: cst.BooleanOperation) -> ir.Expression:
    op = "and" if isinstance(node.operator, cst.And) else "or"
    return ir.Boolean(node, expression(node.left), op, expression(node.right))


def _comparison(node: cst.Comparison) -> ir.Expression:
    rest = tuple((COMPARISON[type(part.operator)], expression(part.comparator)) for part in node.comparisons)
    return ir.Comparison(node, expression(node.left), rest)


def _conditional(node: cst.IfExp) -> ir.Expression:
    return ir.Conditional(node, expression(node.test), expression(node.body), expression(node.orelse))


def _display(kind: str) -> Callable[[Any], ir.Expression]:
    def lower(node: Any) -> ir.Expression:
        return ir.Display(node, kind, tuple(map(_element, node.elements)))

    return lower


def _element(node: cst.BaseElement) -> ir.Expression:
    value = expression(node.value)
    return ir.Starred(node, value) if isinstance(node, cst.StarredElement) else value


def _starred(node: cst.StarredElement) -> ir.Expression:
    return ir.Starred(node, expression(node.value))


def _dict(node: cst.Dict) -> ir.Expression:
    items = ((optional(getattr(item, "key", None)), expression(item.value)) for item in node.elements)
    return ir.DictDisplay(node, tuple(items))


def _comprehension(kind: str) -> Callable[[Any], ir.Expression]:
    def lower(node: Any) -> ir.Expression:
        key = expression(node.key) if kind == "dict" else None
        element = expression(node.value if kind == "dict" else node.elt)
        return ir.Comprehension(node, kind, key, element, tuple(_clauses(node.for_in)))

    return lower


def _clauses(node: cst.CompFor | None) -> Iterator[ir.Clause]:
    while node is not None:
        tests = tuple(expression(test.test) for test in node.ifs)
        yield ir.Clause(node, expression(node.target), expression(node.iter), tests)
        node = node.inner_for_in


def _walrus(node: cst.NamedExpr) -> ir.Expression:
    return ir.Walrus(node, expression(node.target), expression(node.value))


def _await(node: cst.Await) -> ir.Expression:
    return ir.Await(node, expression(node.expression))


def _yield(node: cst.Yield) -> ir.Expression:
    if isinstance(node.value, cst.From):
        return ir.Yield(node, expression(node.value.item), True)
    return ir.Yield(node, optional(node.value), False)


def _lambda(node: cst.Lambda) -> ir.Expression:
    return ir.Lambda(node, tuple(parameters(node.params)), expression(node.body))


def parameters(node: cst.Parameters) -> Iterator[ir.Parameter]:
    """The parameters of a function, in order."""
    for plain in (*node.posonly_params, *node.params):
        yield _parameter(plain, "", False)
    if isinstance(node.star_arg, cst.Param):
        yield _parameter(node.star_arg, "*", False)
    for keyword_only in node.kwonly_params:
        yield _parameter(keyword_only, "", True)
    if node.star_kwarg is not None:
        yield _parameter(node.star_kwarg, "**", False)


def _parameter(node: cst.Param, star: str, keyword_only: bool) -> ir.Parameter:
    annotation = expression(node.annotation.annotation) if node.annotation else None
    return ir.Parameter(node, node.name.value, optional(node.default), annotation, star, keyword_only)


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
