"""Acts that take place in some rounds of a loop only: in each n-th, in the first, where something was raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.machine import Fork
from optlint.flow.iterators import branches
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.acts import Act
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.values import Path


def every(machine: Machine, act: Act) -> str | None:
    """The divisor in the condition under which an act runs in some rounds only: `(i + 1) % every == 0`."""
    test = _condition(machine, act)
    if isinstance(test, ir.Name):
        found = {_divisor(value) for value in _values_of(machine, test.id)}
        return found.pop() if len(found) == 1 else None
    return _divisor(test) if test is not None else None


def awaited(machine: Machine, act: Act, earlier: Act) -> frozenset[str]:
    """What is compared between two acts, so that the later takes place in some rounds only: `if count < n: return`."""
    test = _condition(machine, act)
    tests = [test] if test is not None else []
    for function in act.functions:
        block = machine.bodies(function) if isinstance(function, ir.Function) else ()
        inside = [part for statement in block for part in ir.walk(statement)]
        since = inside.index(earlier.node) if earlier.node in inside else 0
        tests += [part.test for part in inside[since:] if isinstance(part, ir.If) and _leaves(part.body)]
    compared = (part for test in tests for part in ir.walk(test) if isinstance(part, ir.Comparison))
    sides = (side for part in compared for side in (part.left, *(right for _, right in part.rest)))
    return frozenset(name for side in sides if (name := words(side)) is not None)


def _leaves(block: ir.Block) -> bool:
    """Whether a branch ends the function or the round."""
    return bool(block) and isinstance(block[-1], ir.Return | ir.Continue)


def _condition(machine: Machine, act: Act) -> ir.Node | None:
    """The innermost condition around an act that is true there, within the loop."""
    for key, *taken in reversed([part for part in act.path if isinstance(part, tuple)]):
        if isinstance(key, ir.For | ir.While):
            return None  # what is around the loop does not matter
        if isinstance(key, ir.If | Fork) and taken == [True]:
            return key.test if isinstance(key, ir.If) else machine.nodes.get(key.test.origin)
    return None


def _values_of(machine: Machine, name: str) -> Iterator[ir.Expression]:
    """All that the file assigns to variables of this name."""
    for part in ir.walk_all(machine.block, machine.bodies):
        if isinstance(part, ir.Assign) and part.value is not None:
            yield from (part.value for target in part.targets if isinstance(target, ir.Name) and target.id == name)


def _divisor(test: ir.Node) -> str | None:
    """The divisor of `x % divisor == 0`, perhaps `or` in the last round."""
    if isinstance(test, ir.Boolean):
        return _divisor(test.left) or _divisor(test.right)
    test = test.left if isinstance(test, ir.Comparison) else test
    test = test.operand if isinstance(test, ir.Unary) else test
    return words(test.right) if isinstance(test, ir.Binary) and test.op == "%" else None


def words(node: ir.Node) -> str | None:
    """A dotted name, an item of one, or a number, as text."""
    if isinstance(node, ir.Subscript):
        inner, index = words(node.value), words(node.index)
        return None if inner is None or index is None else f"{inner}[{index}]"
    if isinstance(node, ir.Attribute):
        inner = words(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    if isinstance(node, ir.Literal):
        return repr(node.value)
    return node.id if isinstance(node, ir.Name) else None


def is_seldom(machine: Machine, act: Act, head: Act) -> bool:
    """Whether an act takes place in the first round of a loop only, or where something was raised in it."""
    keys = [part[0] for part in act.path if isinstance(part, tuple)]
    inner = keys[max((place for place, key in enumerate(keys) if key is head.node), default=-1) + 1 :]
    return any(isinstance(key, ir.Handler) for key in inner) or (
        act.loops[-1] is head and _is_first(_condition(machine, act), head.node)
    )


def _is_first(test: ir.Node | None, loop: ir.Node | None) -> bool:
    """`i == 0`, where that is what a loop counts."""
    if not isinstance(test, ir.Comparison) or not isinstance(loop, ir.For) or not isinstance(test.left, ir.Name):
        return False
    (operator, number), *more = test.rest
    counts = isinstance(loop.iterable, ir.Call) and words(loop.iterable.func) in ("enumerate", "range")
    target = loop.target.items[0] if isinstance(loop.target, ir.Display) else loop.target
    counted = isinstance(target, ir.Name) and target.id == test.left.id
    return counts and counted and operator == "==" and isinstance(number, ir.Literal) and not more


def are_apart(machine: Machine, one: Act, other: Act) -> bool:
    """Whether two acts of a loop never take place in the same run: an option that stays as it is chooses one."""
    answers = {fork.test.origin: taken for _, fork, taken in _forks(other.path)}
    return any(
        answers.get(fork.test.origin, taken) != taken and is_settled(machine, fork, before)
        for before, fork, taken in _forks(one.path)
    )


def _forks(path: Path) -> Iterator[tuple[Path, Fork, object]]:
    """The questions on a path, each with what is before it and its answer."""
    for place, part in enumerate(path):
        if isinstance(part, tuple) and isinstance(part[0], Fork):
            yield path[:place], part[0], part[1]


def is_settled(machine: Machine, fork: Fork, before: Path) -> bool:
    """Whether a question inside a loop has one answer in all rounds, and the loop gives nothing that it asks away."""
    nodes = [part[0] for part in before if isinstance(part, tuple)]
    loop = next((node for node in reversed(nodes) if isinstance(node, ir.For | ir.While)), None)
    test = machine.nodes.get(fork.test.origin)
    if test is None or loop is None or not branches.is_settled(machine, test, before):
        return False
    asked = {
        part.value.id for part in ir.walk(test) if isinstance(part, ir.Attribute) and isinstance(part.value, ir.Name)
    }
    calls = (part for part in ir.walk(loop) if isinstance(part, ir.Call))
    used = {part.id for call in calls for part in ir.walk(call) if isinstance(part, ir.Name)}
    return asked.isdisjoint(used)
