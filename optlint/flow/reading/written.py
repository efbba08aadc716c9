"""How expressions are written, from libcst: what `remedies.py` builds fixes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from optlint.fixes.remedies import Argument, Written

if TYPE_CHECKING:
    from optlint.sources.spans import Positions

PRIMARY = (
    cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.ListComp, cst.Set, cst.SetComp, cst.Dict,
    cst.DictComp,
)  # fmt: skip
NEEDS_PARENTHESES = (cst.Tuple, cst.NamedExpr, cst.Yield)


def written(node: object, positions: Positions) -> Written | None:
    """How an expression is written; None for any other node."""
    if not isinstance(node, cst.BaseExpression):
        return None
    first, last = (node.lpar[0], node.rpar[-1]) if node.lpar else (node, node)
    start, end = positions.of(first), positions.of(last)
    return Written(
        positions.of(node),
        start._replace(end_row=end.end_row, end_column=end.end_column),
        positions.text(first, last),
        _form(node),
        positions.follows_word(first),
        tuple(_argument(one, positions) for one in node.args) if isinstance(node, cst.Call) else None,
    )


def _form(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.GeneratorExp):
        return "generator"
    if isinstance(node, NEEDS_PARENTHESES) and not node.lpar:
        return "bare"
    return "primary" if isinstance(node, PRIMARY) else "other"


def _argument(node: cst.Arg, positions: Positions) -> Argument:
    value = written(node.value, positions)
    assert value is not None
    end = value.whole
    span = positions.of(node)._replace(end_row=end.end_row, end_column=end.end_column)
    return Argument(node.keyword.value if node.keyword else None, node.star, span, value)
