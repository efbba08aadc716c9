"""`with`: the body runs in between what the project's own context managers do, at the `yield` of a generator function.

Where the body may be left in the middle, or a function yields in several places, a manager is taken as any other call.
"""

from __future__ import annotations

from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import NONE, UNKNOWN, ClassValue, Closure, Value
from optlint.flow.frozen import dataclass, replace
from optlint.flow.python import assignment, claims, classes, objects
from optlint.flow.reading import ir, relevance
from optlint.flow.tensors import grad_mode

if TYPE_CHECKING:
    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.state import State

NOTHING_RAISED = (NONE, NONE, NONE)  # what `__exit__` is told


def run(machine: Machine, node: ir.With, state: State) -> None:
    """A `with` statement."""
    no_grad, recording, claiming = state.no_grad, state.recording, machine.claiming
    statement = _Statement(machine, node, machine.frame)
    statement.enter(0, state)
    if statement.switches_off and recording is None:
        recording = True  # whoever switches gradients off for a part believes them to be on
    state.no_grad, state.recording, machine.claiming = no_grad, recording, claiming


@dataclass(slots=True)
class _Statement:
    """A `with` statement that is being run; `begun` is how many of its contexts have let the rest run."""

    machine: Machine
    node: ir.With
    frame: Frame
    begun: int = 0
    switches_off: bool = False
    is_left: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_left = _is_left(self.node.body)

    def enter(self, place: int, state: State) -> None:
        """Enter the contexts from one on, run the body, and leave them."""
        if place == len(self.node.items):
            self.machine.execute(self.node.body, state)
            return
        context = self.node.items[place][0]
        if isinstance(context, ir.Call) and not self.is_left:
            self.machine.suites[context] = partial(self._resume, place)
        value = self.machine.evaluate(context, state)
        self.machine.suites.pop(context, None)
        if self.begun <= place:
            self._around(place, value, state)

    def _resume(self, place: int, value: Value, state: State) -> None:
        """A generator function yields: run the rest in the frame of the statement, not as a part of that function."""
        machine, inner, self.begun = self.machine, self.machine.frame, place + 1
        steps = machine.steps
        machine.frame = self.frame
        self._bind(place, value, state)
        self.enter(place + 1, state)
        machine.frame = inner
        if inner.unit.scope in machine.units and self.frame.unit.scope not in machine.units:
            machine.foreign_steps -= machine.steps - steps

    def _around(self, place: int, value: Value, state: State) -> None:
        """A context of another kind; of one that has to do with training, also what its class does."""
        machine, context = self.machine, self.node.items[place][0]
        machine.claiming = machine.claiming or claims.expects_error(machine, context, state)
        self.switches_off |= grad_mode.enter(machine, context, value, state)
        enters, leaves = (_method(machine, value, name, state) for name in ("__enter__", "__exit__"))
        known = enters is not None and leaves is not None and not self.is_left
        given = self._call(enters, (), place, state) if enters is not None and known else UNKNOWN
        self._bind(place, objects.entered(value, state) if given is UNKNOWN else given, state)
        self.enter(place + 1, state)
        if leaves is not None and known and state.live:
            self._call(leaves, NOTHING_RAISED, place, state)

    def _bind(self, place: int, value: Value, state: State) -> None:
        context, target = self.node.items[place]
        if target is not None:
            assignment.bind(self.machine, target, value, state, context)

    def _call(self, method: Closure, values: tuple[Value, ...], place: int, state: State) -> Value:
        """Call a method of a context, as if that were written where the context is."""
        machine, context = self.machine, self.node.items[place][0]
        site = machine.site(context)
        call = ir.Call(context.origin, context, ())
        given = machine.call(method, Arguments(values, {}, (site,) * len(values), {}), call, state)
        machine.nodes[context.origin] = context
        return given


def _method(machine: Machine, value: Value, name: str, state: State) -> Closure | None:
    """A method of an object of the project, if its class has to do with training."""
    cell = state.get(value, InstanceCell)
    if cell is None or not isinstance(cell.cls, ClassValue):
        return None
    if not relevance.names_training(machine.mentions(cell.cls.node)):
        return None
    found = classes.find(cell.cls, name, state)
    method = found[0] if found is not None else None
    return replace(method, bound=value) if isinstance(method, Closure) else None


def _is_left(block: ir.Block) -> bool:
    """Whether `return`, or `break` and `continue` of a loop around, may end a block before its end."""
    pending = list(block)
    while pending:
        node = pending.pop()
        if isinstance(node, ir.Return | ir.Break | ir.Continue):
            return True
        if isinstance(node, ir.For | ir.While):
            pending += [part for part in ir.walk(node) if isinstance(part, ir.Return)]
        elif not isinstance(node, ir.Function | ir.Lambda | ir.Class):
            pending += ir.children(node)
    return False
