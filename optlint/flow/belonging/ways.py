"""What the names in code stand for, so that `feeding` can read it: in a `forward` that was not run, and in what was."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow.belonging import feeding
from optlint.flow.belonging.feeding import Flow, Part
from optlint.flow.core.cells import InstanceCell, TensorCell
from optlint.flow.core.values import NONE, UNKNOWN, Closure, Const, External, Ref, Value
from optlint.flow.frozen import dataclass
from optlint.flow.order import lightning_steps
from optlint.flow.python import classes
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Text

PARAMETER = "`nn.Parameter`"
COMPUTES = ("torch.", "einops.", "torch_scatter.", "torch_geometric.utils.")


class Run(NamedTuple):
    """What the code of a model computes, and the file of that; `alone` tells that Lightning runs its step, too."""

    read: feeding.Feeding
    file: Text
    alone: bool


def of_model(machine: Machine, cell: InstanceCell, state: State) -> Run | None:
    """What `forward` of a model computes, or the step that Lightning runs; None if that is not known."""
    alone = lightning_steps.BASE in classes.ancestry(cell.cls) and lightning_steps.trains_alone(machine)
    found = classes.find(cell.cls, lightning_steps.STEP if alone else "forward", state)
    method = found[0] if found is not None else None
    node = method.node if isinstance(method, Closure) else None
    if not isinstance(method, Closure) or not isinstance(node, ir.Function) or not node.parameters or node.decorators:
        return None
    scope = method.scopes[-1]
    names = OfClass(cell, state, scope, node.parameters[0].name)
    read = feeding.read(machine.bodies(node), names, machine.bodies)
    return Run(read, machine.unit_of(scope).file, alone)


@dataclass(frozen=True, slots=True)
class OfClass:
    """The names in the methods of an object, whose globals are in a `scope`."""

    cell: InstanceCell
    state: State
    scope: int
    me: str

    def part(self, node: ir.Expression) -> Flow | None:
        """The module or parameter that an attribute of the object is."""
        value = self._attribute(node)
        return None if value is None else _part(value, self.state)

    def function(self, node: ir.Call) -> ir.Function | None:
        """The method of the object, or function of its file, that a call runs."""
        func = node.func
        if isinstance(func, ir.Name) and not self._is_me(func):
            return _defined(self.state.look_up(self.scope, func.id), self.scope)
        name = "forward" if self._is_me(func) else ""
        name = func.attr if isinstance(func, ir.Attribute) and self._is_me(func.value) else name
        found = classes.find(self.cell.cls, name, self.state)
        return _defined(found[0], self.scope) if found is not None else None

    def is_torch(self, func: ir.Expression) -> bool:
        """Whether a function is one of torch: by its name, or as an attribute of the object."""
        value = self._attribute(func) or self.state.look_up(self.scope, _root(func))
        return _computes(value)

    def truth(self, test: ir.Expression) -> bool | None:
        """`if self.flag`, `if self.layer is not None`: what the object was made with decides."""
        if isinstance(test, ir.Unary) and test.op == "not":
            truth = self.truth(test.operand)
            return None if truth is None else not truth
        if isinstance(test, ir.Comparison):
            operator, other = test.rest[0]
            value, is_none = self._attribute(test.left), isinstance(other, ir.Literal) and other.value is None
            known = value == NONE or _part(value or UNKNOWN, self.state) is not None
            return (value == NONE) is (operator == "is") if known and is_none and operator in ("is", "is not") else None
        value = self._attribute(test)
        if isinstance(value, Const):
            return bool(value.value)
        return True if isinstance(_part(value or UNKNOWN, self.state), Part) else None

    def _attribute(self, node: ir.Expression) -> Value | None:
        mine = isinstance(node, ir.Attribute) and self._is_me(node.value)
        return self.cell.get(node.attr) if mine and isinstance(node, ir.Attribute) else None

    def _is_me(self, node: ir.Expression) -> bool:
        return isinstance(node, ir.Name) and node.id == self.me


@dataclass(frozen=True, slots=True)
class OfRun:
    """The names in code that was run: what calls ran, and what expressions were worth the last time."""

    machine: Machine
    state: State

    def part(self, node: ir.Expression) -> Flow | None:
        """The module that a call ran, or a parameter."""
        if isinstance(node, ir.Call):
            ran = self.machine.owned.answers.get(node.origin)
            return None if ran is None else Part(ran)
        value = self.machine.values.get(node.origin, UNKNOWN) if isinstance(node, ir.Name | ir.Attribute) else UNKNOWN
        return _part(value, self.state) if self.state.get(value, TensorCell) is not None else None

    def function(self, node: ir.Call) -> ir.Function | None:
        """The function that a call ran."""
        return self.machine.owned.helpers.get(node.origin)

    def is_torch(self, func: ir.Expression) -> bool:
        """Whether a function is one of torch, by its name in this file or in those that it uses."""
        scopes = (self.machine.home.scope, *self.machine.units)
        found = (self.state.look_up(scope, _root(func)) for scope in scopes)
        return _computes(next((value for value in found if value is not None), None))

    def truth(self, test: ir.Expression) -> bool | None:
        """What a test may be another time is not known."""
        del test
        return None


def _part(value: Value, state: State) -> Flow | None:
    cell = state.cell(value)
    if not isinstance(value, Ref):
        return None
    if isinstance(cell, TensorCell):
        return frozenset({value}) if cell.parameter and cell.how == PARAMETER else None
    return Part(value) if isinstance(cell, InstanceCell) and cell.is_module else None


def _defined(value: Value | None, scope: int) -> ir.Function | None:
    """A function that the same file defines."""
    plain = isinstance(value, Closure) and isinstance(value.node, ir.Function) and value.scopes[-1] == scope
    return value.node if plain and isinstance(value, Closure) and isinstance(value.node, ir.Function) else None


def _computes(value: Value | None) -> bool:
    return isinstance(value, External) and f"{value.path}.".startswith(COMPUTES)


def _root(node: ir.Expression) -> str:
    """The first name of a dotted name."""
    while isinstance(node, ir.Attribute):
        node = node.value
    return node.id if isinstance(node, ir.Name) else ""
