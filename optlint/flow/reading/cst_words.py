"""Which identifiers a libcst tree contains, by a walk over a table of the meaningful fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import libcst as cst

from optlint.flow.reading import ir

CONSTANTS = {"True": True, "False": False, "None": None}


def mentions(origin: ir.Origin) -> Iterator[str]:
    """Every identifier in a syntax node, names and attributes, and `yield`; of strings only `ir.GROUPS`."""
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
        elif kind is cst.SimpleString and node.value.strip("\"'") == ir.GROUPS:
            yield ir.GROUPS
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
    cst.Raise: ("exc", "cause"),
    cst.Assert: ("test", "msg"),
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
    cst.FormattedStringExpression: ("expression", "format_spec"),
    cst.NamedExpr: ("target", "value"),
    cst.Await: ("expression",),
    cst.Yield: ("value",),
    cst.From: ("item",),
    cst.Global: ("names",),
    cst.Nonlocal: ("names",),
    cst.NameItem: ("name",),
}
