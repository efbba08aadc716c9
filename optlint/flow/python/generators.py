"""Generator functions: what they yield, one by one where that is certain, and the iterator that a call of one gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import IteratorCell
from optlint.flow.core.values import UNKNOWN, Closure, Ref, Value, union
from optlint.flow.iterators import changes, consumption
from optlint.flow.iterators.draws import Purpose
from optlint.flow.python import containers
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.state import State

MAKERS = frozenset({"contextmanager", "asynccontextmanager"})


def yields(body: ir.Block) -> bool:
    """Whether a function with this body is a generator function."""
    return any(isinstance(node, ir.Yield) for part in body for node in ir.walk(part))


def suite_of(machine: Machine, function: Closure, call: ir.Call) -> Callable[[Value, State], None] | None:
    """What runs where a function yields, if a `with` statement enters it here and it yields once, and in no loop."""
    suite, node = machine.suites.get(call), function.node
    if suite is None or not isinstance(node, ir.Function) or not _yields_once(machine.bodies(node)):
        return None
    return suite


def is_closed(machine: Machine, function: Closure, call: ir.Call) -> bool:
    """Whether a function makes a context, and what runs where it yields is not known."""
    decorators = getattr(function.node, "decorators", ())
    return not MAKERS.isdisjoint(map(changes.name_of, decorators)) and suite_of(machine, function, call) is None


def _yields_once(body: ir.Block) -> bool:
    inside = [part for statement in body for part in ir.walk(statement)]
    found = [part for part in inside if isinstance(part, ir.Yield)]
    loops = (part for part in inside if isinstance(part, ir.For | ir.While | ir.Comprehension))
    return len(found) == 1 and not any(found[0] in ir.walk(loop) for loop in loops)


def called(machine: Machine, node: ir.Function, body: ir.Block, state: State) -> Value:
    """A generator runs when it is drawn from: its effects on its arguments become its sources."""
    frame, later = machine.frame, state.copy()
    frame.start = state.path
    machine.trace.deferring += 1
    machine.execute(body, later)
    machine.trace.deferring -= 1
    drawn = tuple(ref for ref in frame.given if _differs(ref, state, later))
    item = union(tuple(frame.yields)) if frame.yields else UNKNOWN
    items = tuple(frame.yields) if frame.yields and frame.start is not None else None
    state.adopt(later)
    return machine.new(
        state, IteratorCell("generator", machine.site(node), item, drawn, depth=state.depth, items=items)
    )


def _differs(ref: Ref, before: State, after: State) -> bool:
    one, two = before.get(ref, IteratorCell), after.get(ref, IteratorCell)
    return one is not None and two is not None and one.use is not two.use


def yielded(machine: Machine, node: ir.Yield, state: State) -> Value:
    """`yield value`, or `yield from values`; what the caller sends back is not known."""
    if machine.frame.suite is not None:
        machine.frame.suite(UNKNOWN if node.value is None else machine.evaluate(node.value, state), state)
        return UNKNOWN
    if node.value is None:
        return UNKNOWN
    value = machine.evaluate(node.value, state)
    items: tuple[Value, ...] | None = (value,)
    if node.delegates:
        items = containers.exact_items(value, state)
        value = consumption.walk(machine, value, state, machine.site(node.value), Purpose("yield from"))
    if items is None or not _comes_for_sure(machine.frame, state):
        machine.frame.start = None
    machine.frame.yields.extend((value,) if items is None else items)
    changes.changed(machine, changes.ANYTHING)
    return UNKNOWN


def _comes_for_sure(frame: Frame, state: State) -> bool:
    """Whether each call gets here, and in each round of loops that are run item by item."""
    path = frame.start
    for loop in frame.loops:
        if not loop.unrolled or loop.inside[:-1] != path or loop.breaks or loop.continues:
            return False
        path = loop.inside
    return path == state.path and not frame.returns
