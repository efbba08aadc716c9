"""Loops over parameters that assign to their variable: what reads the new value, if anything does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import TensorCell
from optlint.flow.core.values import UNKNOWN, Ref, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.iterators import mendable
from optlint.flow.reading import ir
from optlint.flow.tensors import tensors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


NO_METHOD = "no method"


def names_in(target: ir.Expression) -> frozenset[str]:
    """The names that a loop binds."""
    return frozenset(node.id for node in ir.walk(target) if isinstance(node, ir.Name))


def names_of(node: ir.For) -> frozenset[str]:
    """The names that a loop binds, and those that each round gets out of a container: `p = params[name]`."""
    branches = (part for one in node.body if isinstance(one, ir.If) for part in (*one.body, *one.orelse))
    assigned = (one for one in (*node.body, *branches) if isinstance(one, ir.Assign))
    picks = (one for one in assigned if isinstance(one.value, ir.Subscript))
    return names_in(node.target) | {part.id for one in picks for part in one.targets if isinstance(part, ir.Name)}


def assigned(machine: Machine, node: ir.Assign, value: Value, state: State) -> None:
    """`p = value`, where a loop gives `p` the parameters of a model."""
    target = node.targets[0]
    if len(node.targets) > 1 or not isinstance(target, ir.Name) or target.id in machine.frame.declared:
        return
    if not any(target.id in loop.names for loop in machine.frame.loops):
        return
    variable = (machine.frame.scopes[0], target.id)
    before = options_of(state.variables.get(variable, UNKNOWN))
    if before == (UNKNOWN,):
        return  # a function that was run without its callers
    if node.value is None or not all(_is_trained(node.value, target.id, option, state) for option in before):
        machine.read_back.add(node)
        return
    method = None if node.annotation is not None else mendable.written_back(machine, target.id, node.value, state)
    machine.flagged.add((node, method or NO_METHOD))
    if isinstance(value, Ref) and state.get(value, TensorCell) is not None and value not in before:
        machine.rebound.setdefault(value, (node, variable))
        if (node, "rebound") not in machine.flagged:
            machine.flagged.add((node, "rebound"))
            average = _is_average(machine, node, target.id, state)
            event = events.ParameterRebound(machine.site(target), target.id, machine.site(node.value), None, average)
            machine.when_over(
                lambda: None if node in machine.read_back else machine.emit(_with_method(machine, node, event))
            )
    elif value not in before:
        machine.read_back.add(node)


def _with_method(machine: Machine, node: ir.Assign, event: events.ParameterRebound) -> events.ParameterRebound:
    """The event with what would write the value into the parameter, on all paths."""
    methods = [method for method in mendable.WRITES if (node, method) in machine.flagged]
    return event if (node, NO_METHOD) in machine.flagged else replace(event, method=methods[0])


def _is_average(machine: Machine, node: ir.Assign, name: str, state: State) -> bool:
    """Whether a value is computed from the old one and from another parameter that the same loop gives."""
    loop = next(loop for loop in reversed(machine.frame.loops) if name in loop.names)
    used = names_in(node.value) if node.value is not None else frozenset()
    others = (state.variables.get((machine.frame.scopes[0], other)) for other in (used & loop.names) - {name})
    mixed = any(value is not None and all(_is_parameter(one, state) for one in options_of(value)) for value in others)
    return mixed and name in used


def _is_trained(assigned: ir.Expression, name: str, value: Value, state: State) -> bool:
    """Whether a value is a parameter, or a leaf that requires gradients and is changed by its own: `t.grad`."""
    cell = state.get(value, TensorCell)
    if _is_parameter(value, state) or cell is None or not (cell.leaf and cell.requires_grad):
        return _is_parameter(value, state)
    reads = (part for part in ir.walk(assigned) if isinstance(part, ir.Attribute) and part.attr == "grad")
    return any(isinstance(part.value, ir.Name) and part.value.id == name for part in reads)


def _is_parameter(value: Value, state: State) -> bool:
    """Whether a value is a parameter, or the tensor that shares its memory in a `state_dict()`."""
    cell = state.get(value, TensorCell)
    return cell is not None and (cell.parameter is True or cell.how == tensors.OF_STATE)


def read(machine: Machine, variable: tuple[int, str], value: Value) -> None:
    """A variable is read: a value that is not known may be any that it was bound to."""
    options = options_of(value)
    for option in options:
        node, bound = machine.rebound.get(option, (None, variable)) if isinstance(option, Ref) else (None, variable)
        if node is not None and (variable == bound or not _is_another_name(node)):
            machine.read_back.add(node)
    if UNKNOWN in options:
        machine.read_back.update(node for node, known in machine.rebound.values() if known == variable)


def _is_another_name(node: ir.Node) -> bool:
    """Whether an assignment only gives a second name to a value, which is read by its first without it."""
    return isinstance(node, ir.Assign) and isinstance(node.value, ir.Name)


def only_changed(machine: Machine, value: Value, read_before: frozenset[ir.Node]) -> None:
    """`p += …` reads `p` only to change it in place; if it has memory of its own, that helps nobody."""
    node = machine.rebound[value][0] if isinstance(value, Ref) and value in machine.rebound else None
    if isinstance(node, ir.Assign) and node not in read_before and isinstance(node.value, ir.Binary):
        machine.read_back.discard(node)


def captured(machine: Machine, names: Iterable[str], state: State) -> None:
    """A function that is run later reads what it names."""
    if not machine.rebound:
        return
    for name in names:
        for scope in machine.frame.scopes:
            value = state.variables.get((scope, name))
            if value is not None:
                read(machine, (scope, name), value)
                break
