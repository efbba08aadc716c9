"""How the answer of a call comes to `backward`: in sums, by names, or by calls that make more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

# Calls that no gradient flows through, as far as their names tell.
CUTS = frozenset("detach item tolist numpy print append argmax max topk float log write update backward".split())


def goes_backward(call: ir.Call, parts: list[ir.Node], *, by_calls: bool) -> bool:
    """Whether `backward` is called on what a call gives, alone, in a sum, or by names; or on what calls make of it."""
    funcs = (part.func for part in parts if isinstance(part, ir.Call))
    losses = [func.value for func in funcs if isinstance(func, ir.Attribute) and func.attr == "backward"]
    if not losses:
        return False
    names = _names_of(call, parts, by_calls=by_calls)
    return any(_has(loss, call, names, by_calls=by_calls) for loss in losses)


def _names_of(call: ir.Call, parts: list[ir.Node], *, by_calls: bool) -> Set[str]:
    """The names that get what a call gives, and those that get what these have."""
    assigned = [(_bound(part), part.value) for part in parts if isinstance(part, ir.Assign | ir.AugmentedAssign)]
    names: frozenset[str] = frozenset()
    while True:
        gets = (bound for bound, value in assigned if _has(value, call, names, by_calls=by_calls))
        more = names.union(*gets)
        if more == names:
            return names
        names = more


def _bound(part: ir.Assign | ir.AugmentedAssign) -> frozenset[str]:
    return frozenset(names_in(part.targets if isinstance(part, ir.Assign) else (part.target,)))


def _has(value: ir.Expression | None, call: ir.Call, names: Set[str], *, by_calls: bool) -> bool:
    if isinstance(value, ir.Binary):
        return _has(value.left, call, names, by_calls=by_calls) or _has(value.right, call, names, by_calls=by_calls)
    if value is None or value.origin is call.origin:
        return value is not None
    if isinstance(value, ir.Name):
        return value.id in names
    if not by_calls or not isinstance(value, ir.Call) or name_of(value.func) in CUTS:
        return False
    given = [argument.value for argument in value.args]
    given += [value.func.value] if isinstance(value.func, ir.Attribute) else []
    return any(_has(one, call, names, by_calls=by_calls) for one in given)


def names_in(targets: tuple[ir.Expression, ...]) -> Iterator[str]:
    """The names that are bound, or changed, if these are assigned to."""
    for target in targets:
        yield from (part.id for part in ir.walk(target) if isinstance(part, ir.Name))
