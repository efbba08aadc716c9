"""Attributes that are set: on tensors, on modules, on other objects; and what such a line says of `requires_grad`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow import classes, consumption, events, ir, readings, tensors
from optlint.flow.values import (
    NONE,
    ClassValue,
    Const,
    External,
    InstanceCell,
    IteratorCell,
    Method,
    OptimizerCell,
    Ref,
    SequenceCell,
    TensorCell,
    Union,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Machine
    from optlint.flow.state import State

REAL = frozenset({"requires_grad", "requires_grad_"})  # what a tensor or module has itself


def is_blank(value: Value, state: State) -> bool:
    """Whether nothing is known of a value but, perhaps, how it was reached."""
    if isinstance(value, Unknown):
        return True
    return isinstance(value, Method) and is_blank(value.receiver, state)


def set_attribute(
    machine: Machine, receiver: Value, target: ir.Attribute, value: Value, state: State, source: ir.Expression
) -> None:
    """`receiver.attr = value`."""
    cell = state.cell(receiver)
    if "grad" in target.attr.lower() or isinstance(cell, OptimizerCell):
        _tell(machine, receiver, target, state)
    if isinstance(receiver, Ref) and isinstance(cell, TensorCell):
        _set_on_tensor(machine, receiver, cell, target, value, state)
    elif isinstance(receiver, Ref) and isinstance(cell, InstanceCell):
        _set_on_instance(machine, receiver, cell, target, value, state, source)
    else:
        if isinstance(receiver, Union) and target.attr == "requires_grad":
            for option in receiver.options:
                if isinstance(option, Ref):
                    tensors.set_requires_grad(option, None, state)
        consumption.escape(value, state)


def _tell(machine: Machine, receiver: Value, target: ir.Attribute, state: State) -> None:
    """Tell on what the attribute is set, if all that the receiver may be are of one kind."""
    options = receiver.options if isinstance(receiver, Union) else (receiver,)
    owners = {_owner(option, state) for option in options if option != NONE}
    if len(owners) != 1:
        return
    verdicts = {_defines(machine, option, target.attr, state) for option in options if option != NONE}
    defined = True if True in verdicts else None if None in verdicts else False
    site = machine.site(target)
    machine.emit(events.AttributeSet(site, owners.pop(), machine.site(target.value).text, target.attr, defined))


def _owner(value: Value, state: State) -> str:
    """What kind of thing an attribute is set on."""
    cell = state.cell(value)
    if isinstance(cell, TensorCell):
        return "parameter" if cell.parameter else "tensor"
    if isinstance(cell, InstanceCell) and cell.is_module is not None:
        return "module" if cell.is_module else "object"
    return "optimizer" if isinstance(cell, OptimizerCell) else "unknown"


def _defines(machine: Machine, value: Value, name: str, state: State) -> bool | None:
    """Whether what an attribute is set on knows it, or some code reads it back."""
    if name not in REAL and name in machine.readings().attributes:
        return True
    cell = state.cell(value)
    if not isinstance(cell, InstanceCell) or not isinstance(cell.cls, ClassValue):
        return False
    if value == machine.frame.bound or _is_own(machine, cell.cls, name, state):
        return True
    foreign = [base for base in classes.ancestry(cell.cls) if not isinstance(base, ClassValue)]
    return False if all(classes.is_module(base) is not None for base in foreign) else None


def _is_own(machine: Machine, cls: ClassValue, name: str, state: State) -> bool:
    """Whether a class of the project, or a base of it, has an attribute of this name or catches all of them."""
    if classes.find(cls, name, state) is not None or classes.find(cls, "__setattr__", state) is not None:
        return True
    own = (base for base in classes.ancestry(cls) if isinstance(base, ClassValue))
    return any(
        name in machine.mentions(base.node) and name in readings.attributes_of_self(base.node, machine.bodies)
        for base in own
    )


def _set_on_tensor(
    machine: Machine, receiver: Ref, cell: TensorCell, target: ir.Attribute, value: Value, state: State
) -> None:
    site = machine.site(target)
    if target.attr == "requires_grad":
        wanted = value.value if isinstance(value, Const) and isinstance(value.value, bool) else None
        if wanted is False:
            _freeze(receiver, state)
        elif cell.how == "piece":
            tensors.piece_used(machine, cell, site, "set", state)
        tensors.set_requires_grad(receiver, wanted, state)
    elif target.attr == "grad":
        state.update(receiver, gradient_set=True)


def _freeze(tensor: Ref, state: State) -> None:
    """Note which modules a parameter that is switched off belongs to."""
    for cell in list(state.heap.values()):
        if isinstance(cell, IteratorCell) and cell.covers and _stands_for(cell.item, tensor, state):
            for cover in cell.covers:
                freeze(cover.module, state)


def _stands_for(item: Value, tensor: Ref, state: State) -> bool:
    pair = state.get(item, SequenceCell)
    return item == tensor or (pair is not None and pair.items is not None and tensor in pair.items)


def freeze(part: Ref, state: State) -> None:
    """Note that the program switches off gradients in a module, and so in part of the modules around it."""
    for _ in range(8):
        cell = state.get(part, InstanceCell)
        if cell is None:
            return
        state.put(part, replace(cell, frozen=True))
        if cell.parent is None:
            return
        part = cell.parent[0]


def _set_on_instance(
    machine: Machine, receiver: Ref, cell: InstanceCell, target: ir.Attribute, value: Value, state: State,
    source: ir.Expression,
) -> None:  # fmt: skip
    name = target.attr
    tensor = state.get(value, TensorCell)
    if isinstance(cell.cls, External) and name in ("weight", "bias"):
        state.put(receiver, replace(cell, frozen=True))  # tied: whoever owns the other one trains it
    if tensor is not None and isinstance(value, Ref) and cell.is_module:
        _tensor_on_module(machine, value, tensor, target, source, state)
    store(receiver, name, value, state)


def _tensor_on_module(
    machine: Machine, value: Ref, tensor: TensorCell, target: ir.Attribute, source: ir.Expression, state: State
) -> None:
    """A tensor becomes an attribute of a module: a Parameter is registered, what was computed from one is lost."""
    if tensor.parameter:
        state.update(value, registered=True)
        return
    base = tensor.base
    if tensor.leaf is not False or base is None:
        return
    site, text = machine.site(source), machine.site(target).text
    machine.when_settled(lambda last: _tell_lost(machine, last, base, site, text, tensor.how))


def _tell_lost(machine: Machine, state: State, base: Ref, site: Site, attribute: str, how: str) -> None:
    cell = state.get(base, TensorCell)
    if cell is not None and cell.parameter and not cell.registered and not cell.escaped:
        machine.emit(events.ParameterLost(site, attribute, how))


def store(receiver: Ref, name: str, value: Value, state: State) -> None:
    """Set an attribute of an instance and tell nobody."""
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    if any(known == name for known, _ in cell.children or ()):
        children = tuple((known, value if known == name else child) for known, child in cell.children or ())
        state.put(receiver, replace(cell, children=children))
        return
    attrs = dict(cell.attrs)
    attrs[name] = value
    layout = cell.layout if isinstance(value, Const) and value != NONE else None
    state.put(receiver, replace(cell, attrs=tuple(attrs.items()), layout=layout))
