"""Attributes that are set: on tensors, on modules, on other objects; and what such a line says of `requires_grad`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import frozen, stale
from optlint.flow.core.cells import InstanceCell, IteratorCell, OptimizerCell, SequenceCell, TensorCell
from optlint.flow.core.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    Const,
    External,
    Method,
    Ref,
    Union,
    Unknown,
    Value,
    options_of,
)
from optlint.flow.frozen import replace
from optlint.flow.groups import group_writes
from optlint.flow.iterators import consumption
from optlint.flow.python import classes, shown_around
from optlint.flow.pytorch import torch_api
from optlint.flow.rates import hyperparameters
from optlint.flow.reading import ir
from optlint.flow.tensors import recipes, tensor_methods, tensor_uses, tensors

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

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
    frozen.assigned(machine, target, receiver, value, state)
    if isinstance(cell, OptimizerCell):
        hyperparameters.set_on_optimizer(machine, cell, target.attr, machine.site(target), state)
        if target.attr == "param_groups" and isinstance(receiver, Ref):
            group_writes.replaced(receiver, state)
    elif torch_api.is_about_gradients(target.attr):
        _tell(machine, receiver, target, value, source, state)
    if isinstance(receiver, Ref) and isinstance(cell, TensorCell):
        _set_on_tensor(machine, receiver, cell, target, value, state)
    elif isinstance(receiver, Ref) and isinstance(cell, InstanceCell):
        if value == Const(True) and _is_blank_object(cell) and shown_around.goes_backward(machine, target):
            state.put(receiver, tensors.told_to_require(machine.site(target)))
        else:
            _set_on_instance(machine, receiver, cell, target, value, state, source)
    elif isinstance(receiver, Union) and all(state.get(option, OptimizerCell) for option in receiver.options):
        hyperparameters.set_on_one_of(machine, receiver, target.attr, machine.site(target), state)
    elif isinstance(receiver, Union) and tensors.is_one_of_tensors(receiver, state):
        tensor_methods.on_each(
            receiver, state, lambda option, branch: set_attribute(machine, option, target, value, branch, source)
        )
    else:
        if target.attr in ("grad", "requires_grad") and value != NONE:
            tensor_uses.mark(receiver, "gradient" if target.attr == "grad" else "asked", state)
        consumption.escape(value, state)


def set_by_name(machine: Machine, receiver: Value, named: tuple[str, ir.Call], value: Value, state: State) -> None:
    """`setattr(receiver, "requires_grad", False)`: on a tensor as by an assignment, on a module without effect."""
    name, call = named
    target = ir.Attribute(call.origin, call.args[0].value, name)
    if isinstance(state.cell(receiver), TensorCell):
        set_attribute(machine, receiver, target, value, state, call.args[2].value)
    elif isinstance(state.cell(receiver), InstanceCell) and torch_api.is_about_gradients(name):
        _tell(machine, receiver, target, value, call.args[2].value, state)
    elif name == "param_groups" and isinstance(receiver, Ref):
        group_writes.replaced(receiver, state)


def _tell(
    machine: Machine, receiver: Value, target: ir.Attribute, value: Value, source: ir.Expression, state: State
) -> None:
    """Tell on what the attribute is set, if all that the receiver may be are of one kind."""
    options = receiver.options if isinstance(receiver, Union) else (receiver,)
    owners = {_owner(option, state) for option in options if option != NONE}
    if len(owners) != 1:
        return
    verdicts = {_defines(machine, option, target.attr, state) for option in options if option != NONE}
    defined = True if True in verdicts else None if None in verdicts else False
    site, owner = machine.site(target), owners.pop()
    cells = [state.get(option, TensorCell) for option in options]
    idle = isinstance(value, Const) and all(cell is not None and cell.requires_grad is value.value for cell in cells)
    told = events.AttributeSet(site, owner, machine.site(target.value).text, target.attr, defined, idle=idle)
    if isinstance(machine.assignment, ir.Assign) and machine.assignment.targets == (target,):
        told = replace(told, value=machine.site(source))

    called = owner == "unknown" and isinstance(value, Const) and shown_around.is_used_as_module(machine, target.value)

    def tell(last: State) -> None:
        known = replace(told, owner=_owner(receiver, last)) if owner == "unknown" else told
        if called and known.owner == "unknown":
            known = replace(known, owner="module")
        tensors_only = tuple(option for option in options if tensors.is_tensor(option, state))
        by_name = isinstance(machine.nodes.get(target.origin), ir.Call)
        machine.when_over(
            lambda: machine.emit(
                replace(known, fits=not by_name and recipes.can_require(machine, tensors_only, value, state))
            )
        )

    machine.when_settled(tell)


def _is_blank_object(cell: InstanceCell) -> bool:
    made = cell.parent is not None or cell.part_of is not None
    return cell.cls is UNKNOWN and cell.is_module is None and not cell.attrs and not made


def _owner(value: Value, state: State) -> str:
    """What kind of thing an attribute is set on."""
    cell = state.cell(value)
    if isinstance(cell, InstanceCell) and cell.is_module is None and cell.part_of is not None:
        return "module"
    if isinstance(cell, TensorCell):
        return "parameter" if cell.parameter else "tensor"
    if isinstance(cell, InstanceCell) and cell.is_module is not None:
        return "module" if cell.is_module else "object"
    return "optimizer" if isinstance(cell, OptimizerCell) else "unknown"


def _defines(machine: Machine, value: Value, name: str, state: State) -> bool | None:
    """Whether what an attribute is set on knows it, or some code reads it back."""
    cell, read = state.cell(value), machine.readings()
    if name not in REAL and name in (read.beside_self if isinstance(cell, TensorCell) else read.attributes):
        return True
    if name not in REAL and isinstance(cell, TensorCell) and machine.says_elsewhere(rf"\bself\.{name}\s*[:=]"):
        return True
    if not isinstance(cell, InstanceCell) or not isinstance(cell.cls, ClassValue):
        return False
    if value == machine.frame.bound or classes.is_own_attribute(machine, cell.cls, name, state):
        return True
    foreign = [base for base in classes.ancestry(cell.cls) if not isinstance(base, ClassValue)]
    return False if all(classes.is_module(base) is not None for base in foreign) else None


def _set_on_tensor(
    machine: Machine, receiver: Ref, cell: TensorCell, target: ir.Attribute, value: Value, state: State
) -> None:
    if target.attr == "requires_grad" and value == Const(False) and cell.piece_of is None:
        _freeze(receiver, state)
    if (
        cell.leaf is None
        and cell.parameter is False
        and value == Const(True)
        and shown_around.goes_backward(machine, target)
    ):
        state.put(receiver, tensors.told_to_require(machine.site(target)))
    tensor_methods.set_attribute(machine, receiver, target, value, state)


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
        if cell.parent is not None:
            part = cell.parent[0]
        elif cell.part_of is not None:
            part = cell.part_of.module
        else:
            return


def _set_on_instance(
    machine: Machine, receiver: Ref, cell: InstanceCell, target: ir.Attribute, value: Value, state: State,
    source: ir.Expression,
) -> None:  # fmt: skip
    name = target.attr
    stale.put(machine, receiver, name, value, machine.site(target), state)
    if name == "grad_fn":
        state.marks.add((name, "own"))  # a class with graphs of its own
    if isinstance(cell.cls, External) and name in ("weight", "bias"):
        state.put(receiver, replace(cell, frozen=True))  # tied: whoever owns the other one trains it
    for option in options_of(value):
        tensor = state.get(option, TensorCell)
        if tensor is not None and isinstance(option, Ref) and tensor_uses.registers(cell, state):
            stored = tensor_uses.Stored(receiver, name, machine.site(target).text, machine.site(source))
            tensor_uses.stored_on_module(machine, option, tensor, stored, state)
    if isinstance(source, ir.Name) and isinstance(value, Unknown):
        scope = next((scope for scope in machine.frame.scopes if (scope, source.id) in state.variables), 0)
        machine.stored.setdefault((scope, source.id), []).append((receiver, name))
    store(receiver, name, value, state)


def store(receiver: Ref, name: str, value: Value, state: State) -> None:
    """Set an attribute of an instance and tell nobody."""
    cell = state.get(receiver, InstanceCell)
    assert cell is not None
    if any(known == name for known, _ in cell.children or ()):
        children = tuple((known, value if known == name else child) for known, child in cell.children or ())
        state.put(receiver, replace(cell, children=children))
        return
    changed = replace(cell, attrs=_with(cell.attrs, name, value))
    if isinstance(value, Const) and value != NONE:
        state.put(receiver, changed)
    else:
        state.put(receiver, replace(changed, layout=None, names=None, trainable=None))


def _with(attrs: tuple[tuple[str, Value], ...], name: str, value: Value) -> tuple[tuple[str, Value], ...]:
    """The attributes with one set; all others stay the same pairs, which makes it quick to compare paths."""
    place = next((n for n, pair in enumerate(attrs) if pair[0] == name), len(attrs))
    return (*attrs[:place], (name, value), *attrs[place + 1 :])
