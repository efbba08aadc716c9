"""What a module of the project gives when it is called: computed from its parameters and what it is given.

Its `forward` is not run. So that must use nothing but what the object has, keep nothing for later, and nobody may have
given the object parts of which nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Closure, Const, External, Ref, Value, options_of
from optlint.flow.order import subjects
from optlint.flow.python import classes
from optlint.flow.reading import ir
from optlint.flow.tensors import tensors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

KNOWN_BASES = ("torch.nn.", "lightning.", "pytorch_lightning.")


def called(machine: Machine, model: Ref, arguments: Arguments, how: str, state: State, site: Site) -> Value:
    """The tensor that a module of the project gives; unknown if anything unknown may go into it."""
    held = [cell for ref in subjects.reach((model,), state) if (cell := state.get(ref, InstanceCell))]
    if not all(_keeps_to_itself(machine, cell, state) for cell in held):
        return UNKNOWN
    weights = tensors.parameter_of_module(machine, state, site, model)
    made = tensors.computed(machine, (*arguments.all(), weights), how, state, site)
    given = state.get(made, TensorCell)
    return made if given is not None and given.mixed is False else UNKNOWN


def _keeps_to_itself(machine: Machine, cell: InstanceCell, state: State) -> bool:
    """Whether an object computes with nothing but its own parts, and these are known."""
    if isinstance(cell.cls, External):
        return True
    if not isinstance(cell.cls, ClassValue) or cell.vague or not all(map(_is_plain, cell.given)):
        return False
    if not all(isinstance(base, ClassValue) or _is_known(base) for base in classes.ancestry(cell.cls)):
        return False
    running = list(_running(machine, cell.cls, state))
    used = {name for method in running for name in _used_as_parts(machine, method.node)}
    unknown = {name for name, value in cell.attrs if not all(map(_is_plain, options_of(value)))}
    if not used.isdisjoint(unknown) or any(_sets_attributes(machine, method.node) for method in running):
        return False
    return not any(_may_train(value, state) for method in running for value in _found_outside(machine, method, state))


def _is_known(base: Value) -> bool:
    return isinstance(base, External) and f"{base.path}.".startswith((*KNOWN_BASES, "builtins.object."))


def _is_plain(value: Value) -> bool:
    return isinstance(value, Const | External | Closure | ClassValue | Ref)


def _running(machine: Machine, cls: ClassValue, state: State) -> Iterator[Closure]:
    """The methods that are run when an object of a class is called."""
    pending, seen = ["forward"], set()
    while pending:
        name = pending.pop()
        found = classes.find(cls, name, state) if name not in seen else None
        seen.add(name)
        if found is not None and isinstance(found[0], Closure):
            yield found[0]
            pending += machine.mentions(found[0].node)


def _used_as_parts(machine: Machine, method: ir.Function | ir.Lambda) -> Iterator[str]:
    """The attributes that a method calls, walks through or picks from: they may be modules."""
    for part in _inside(machine, method):
        if isinstance(part, ir.Call):
            yield subjects.name_of(part.func)
        elif isinstance(part, ir.For | ir.Clause):
            yield from (inner.attr for inner in ir.walk(part.iterable) if isinstance(inner, ir.Attribute))
        elif isinstance(part, ir.Subscript):
            yield subjects.name_of(part.value)


def _sets_attributes(machine: Machine, method: ir.Function | ir.Lambda) -> bool:
    """Whether a method keeps something, which may come back in the next call."""
    targets: list[ir.Expression] = []
    for part in _inside(machine, method):
        if isinstance(part, ir.Assign):
            targets += part.targets
        elif isinstance(part, ir.AugmentedAssign):
            targets.append(part.target)
    return any(isinstance(inner, ir.Attribute | ir.Subscript) for target in targets for inner in ir.walk(target))


def _found_outside(machine: Machine, method: Closure, state: State) -> Iterator[Value]:
    """What the names mean that a method uses, where they are not its own."""
    names = {part.id for part in _inside(machine, method.node) if isinstance(part, ir.Name)}
    names -= {parameter.name for parameter in method.node.parameters}
    values = (state.look_up(scope, name) for name in names for scope in method.scopes)
    return (option for value in values if value is not None for option in options_of(value))


def _may_train(value: Value, state: State) -> bool:
    cell = state.cell(value)
    return isinstance(cell, TensorCell) or (isinstance(cell, InstanceCell) and cell.is_module is not False)


def _inside(machine: Machine, method: ir.Function | ir.Lambda) -> Iterator[ir.Node]:
    return ir.walk_all(machine.bodies(method) if isinstance(method, ir.Function) else (method.body,), machine.bodies)
