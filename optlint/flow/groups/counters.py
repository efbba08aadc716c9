"""Variables that a loop counts up by hand: `index += 1` once in each round."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow.core.values import UNKNOWN, Const, Count, Value
from optlint.flow.groups import indices
from optlint.flow.python.assignment import bind_name
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


class Counter(NamedTuple):
    """A variable, and what it is worth in each round."""

    name: str
    inside: Value


def of_for(machine: Machine, node: ir.For, iterable: Value, state: State) -> tuple[Counter, ...]:
    """The variables that count the parameters of a model which a loop goes through."""
    layers = indices.layers_of(iterable, state)
    return () if layers is None else _found(machine, node, layers, state)


def of_while(machine: Machine, node: ir.While, state: State) -> tuple[Counter, ...]:
    """The same of `while index < len(params)`."""
    test = node.test
    if not isinstance(test, ir.Comparison) or not isinstance(test.left, ir.Name) or test.rest[0][0] != "<":
        return ()
    stop = machine.values.get(test.rest[0][1].origin)
    found = _found(machine, node, stop.layers, state) if isinstance(stop, Count) else ()
    return tuple(counter for counter in found if counter.name == test.left.id)


def _found(machine: Machine, node: ir.For | ir.While, layers: tuple[int, ...], state: State) -> tuple[Counter, ...]:
    inside = [part for statement in node.body for part in ir.walk(statement)]
    if any(isinstance(part, ir.Continue) for part in inside):
        return ()
    names = [name for statement in node.body if (name := _counted(statement)) is not None]
    found = []
    for name in names:
        start = next((value for scope in machine.frame.scopes if (value := state.look_up(scope, name))), None)
        first = start.value if isinstance(start, Const) else None
        if isinstance(first, int) and first >= 0 and sum(_binds(part, name) for part in inside) == 1:
            rest = layers if isinstance(node, ir.For) else layers[first:]
            found.append(Counter(name, indices.counted(rest, start)))
    return tuple(found)


def _counted(node: ir.Node) -> str | None:
    """The variable in `index += 1` and `index = index + 1`."""
    if isinstance(node, ir.AugmentedAssign):
        one = node.op == "+" and isinstance(node.value, ir.Literal) and node.value.value == 1
        return node.target.id if one and isinstance(node.target, ir.Name) else None
    if not isinstance(node, ir.Assign) or len(node.targets) != 1 or not isinstance(node.value, ir.Binary):
        return None
    target, value = node.targets[0], node.value
    same = isinstance(target, ir.Name) and isinstance(value.left, ir.Name) and target.id == value.left.id
    one = value.op == "+" and isinstance(value.right, ir.Literal) and value.right.value == 1
    return target.id if same and one and isinstance(target, ir.Name) else None


def _binds(node: ir.Node, name: str) -> bool:
    """Whether a statement binds a variable."""
    targets = node.targets if isinstance(node, ir.Assign) else (getattr(node, "target", None),)
    flat = (inner for target in targets if target is not None for inner in ir.walk(target))
    return any(isinstance(inner, ir.Name) and inner.id == name for inner in flat)


def begin(machine: Machine, counters: tuple[Counter, ...], state: State) -> None:
    """A round begins."""
    for counter in counters:
        bind_name(machine, counter.name, counter.inside, state)


def end(machine: Machine, counters: tuple[Counter, ...], state: State) -> None:
    """The loop is over."""
    for counter in counters:
        bind_name(machine, counter.name, UNKNOWN, state)
