"""Branches that are taken again: whether what happened on one path must have happened before on another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.machine import Fork
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.values import Path

PLAIN = (ir.Name, ir.Attribute, ir.Literal, ir.Comparison, ir.Boolean, ir.Unary)


def leads_through(machine: Machine, earlier: Path, now: Path) -> bool:
    """Whether whoever gets here came along the earlier path, too, or will when this branch is taken again."""
    pairs = list(zip(earlier, now, strict=False))
    return len(earlier) >= len(now) and all(
        one == other or _is_same_branch(machine, one, other, now[:place]) for place, (one, other) in enumerate(pairs)
    )


def _is_same_branch(machine: Machine, one: object, other: object, before: Path) -> bool:
    """Whether one `if` was met twice and gives the same answer each time."""
    if not isinstance(one, tuple) or not isinstance(other, tuple) or one[1] != other[1]:
        return False
    first, again = one[0], other[0]
    if not isinstance(first, Fork) or not isinstance(again, Fork) or first.test.origin is not again.test.origin:
        return False
    test = machine.nodes.get(again.test.origin)
    return test is not None and again.test.file is machine.home.file and is_settled(machine, test, before)


def is_settled(machine: Machine, test: ir.Node, before: Path) -> bool:
    """Whether the answer of a test can't change from round to round.

    No loop around it binds its names, and no function but `__init__` sets its attributes; outside of a loop, it asks
    for attributes of `self` alone.
    """
    parts = list(ir.walk(test))
    if not all(isinstance(part, PLAIN) for part in parts) or any(map(_counts, parts)):
        return False
    loops = [part[0] for part in before if isinstance(part, tuple) and isinstance(part[0], ir.For | ir.While)]
    around = [loop for loop in loops if any(part is test for part in ir.walk(loop))]
    names = {part.id for part in parts if isinstance(part, ir.Name)}
    bound = {name for loop in around for part in ir.walk(loop) for name in _bound_by(part)}
    if not names.isdisjoint(bound | _shared_names(machine)) or not (around or names == {"self"}):
        return False
    own = {part.attr for part in parts if isinstance(part, ir.Attribute) and _is_of_self(part)}
    read = {part.attr for part in parts if isinstance(part, ir.Attribute)}
    made, changed = _attributes_set(machine)
    return own <= made and read.isdisjoint(bound | changed | machine.own_methods)


def _counts(node: ir.Node) -> bool:
    """Whether an attribute is compared for equality with anything but a word, as counters are."""
    if not isinstance(node, ir.Comparison) or not isinstance(node.left, ir.Attribute):
        return False
    operands = (operand for operator, operand in node.rest if operator in ("==", "!="))
    return not all(isinstance(operand, ir.Literal) and isinstance(operand.value, str) for operand in operands)


def _is_of_self(node: ir.Attribute) -> bool:
    return isinstance(node.value, ir.Name) and node.value.id == "self"


def _shared_names(machine: Machine) -> set[str]:
    """The names that functions of the file set for others."""
    nodes = ir.walk_all(machine.block, machine.bodies)
    return {name for node in nodes if isinstance(node, ir.Declare) for name in node.names}


def _attributes_set(machine: Machine) -> tuple[set[str], set[str]]:
    """The attributes that `__init__` of some class of the file sets, and those that other functions set."""
    made: set[str] = set()
    changed: set[str] = set()
    for node in ir.walk_all(machine.block, machine.bodies):
        if isinstance(node, ir.Function):
            names = made if node.name == "__init__" else changed
            for statement in machine.bodies(node):
                names.update(name for part in ir.walk(statement) for name in _bound_by(part))
    return made, changed


def _bound_by(node: ir.Node) -> Iterator[str]:
    """The names and attributes that a node gives another value."""
    if isinstance(node, ir.Assign | ir.Delete):
        targets = node.targets
    elif isinstance(node, ir.With):
        targets = tuple(target for _, target in node.items if target is not None)
    else:
        targets = (node.target,) if isinstance(node, ir.AugmentedAssign | ir.For | ir.Walrus) else ()
    for part in (part for target in targets for part in ir.walk(target)):
        if isinstance(part, ir.Name):
            yield part.id
        elif isinstance(part, ir.Attribute):
            yield part.attr
