"""Assignments: to names, attributes, items, or several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.belonging import stale
from optlint.flow.core.cells import InstanceCell, MappingCell, SequenceCell
from optlint.flow.core.machine import Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, UNKNOWN, Const, Ref, Value
from optlint.flow.groups import group_writes, growth, indices
from optlint.flow.iterators import changes, consumption
from optlint.flow.order import gradients
from optlint.flow.python import attributes, containers, copies, kinds, objects
from optlint.flow.rates import orphans
from optlint.flow.reading import ir
from optlint.flow.tensors import leaves, rebinding, tensors

if TYPE_CHECKING:
    pass


def assign(machine: Machine, node: ir.Assign, state: State) -> None:
    """`target = value`, with or without an annotation."""
    if node.value is None:
        if isinstance(node.targets[0], ir.Name) and node.annotation is not None:
            _declare_type(machine, node.targets[0], node.annotation, state)
        return
    value = machine.evaluate(node.value, state)
    if value is UNKNOWN and node.annotation is not None:
        value = kinds.of_annotation(machine, node.annotation, state)
    if machine.frame.loops:
        rebinding.assigned(machine, node, value, state)
    machine.assignment = node if node.annotation is None else None
    for target in node.targets:
        before = orphans.held_before(machine, target, value, state)
        bind(machine, target, value, state, node.value)
        orphans.replaced(machine, before, value, state)
        gradients.assigned(machine, target, node.value, value, state)


def _declare_type(machine: Machine, target: ir.Name, annotation: ir.Expression, state: State) -> None:
    value = kinds.of_annotation(machine, annotation, state)
    if value is not UNKNOWN:
        state.variables.setdefault((machine.frame.scopes[0], target.id), value)


def bind(machine: Machine, target: ir.Expression, value: Value, state: State, source: ir.Expression) -> None:
    """Assign a value to a name, an attribute, an item, or several of them."""
    if isinstance(target, ir.Name):
        stale.rebound(machine, target, value, state)
        bind_name(machine, target.id, value, state)
    elif isinstance(target, ir.Attribute):
        if target.attr == "requires_grad" and isinstance(target.value, ir.Name):
            receiver = objects.identify(machine, target.value, state)  # what follows may show that it is a module
        else:
            receiver = machine.evaluate(target.value, state)
        changes.attribute_set(machine, receiver, target.attr, value, state)
        if target.attr == "grad":
            gradients.gradient_set(machine, target, receiver, value, state)
        attributes.set_attribute(machine, receiver, target, value, state, source)
    elif isinstance(target, ir.Subscript):
        receiver = machine.evaluate(target.value, state)
        index = machine.evaluate(target.index, state)
        changes.item_set(machine, target, receiver, state)
        if isinstance(receiver, Ref) and tensors.is_tensor(receiver, state):
            leaves.changed(machine, receiver, target.value, (source,), "an assignment to its items", state)
            tensors.changed_in_place(receiver, (value,), state)
            return
        if isinstance(receiver, Ref) and growth.is_container(state.get(receiver, InstanceCell)):
            key = str(index.value) if isinstance(index, Const) else "?"
            stale.put(machine, receiver, key, value, machine.site(target), state)
            growth.put(receiver, index, value, state)
            return
        if state.get(value, InstanceCell) is not None:
            stale.replaced(machine, _held_under(receiver, index, state), value, machine.site(target), state)
        key_site = machine.site(target.index)
        containers.set_item(machine, receiver, index, value, state, machine.site(source), key_site)
        group_writes.set_or_removed(receiver, state)
        group = state.get(receiver, MappingCell)
        if group is not None:
            group_writes.assigned(machine, group, index, value, target, state)
    elif isinstance(target, ir.Display):
        _unpack(machine, target, value, state, source)
    elif isinstance(target, ir.Starred):
        bind(machine, target.value, value, state, source)


def _held_under(receiver: Value, index: Value, state: State) -> Value | None:
    """What a dict has under a key, if that is known."""
    cell = state.get(receiver, MappingCell)
    entry = cell.get(index.value) if cell is not None and isinstance(index, Const) else None
    return entry.value if entry is not None else None


def bind_name(machine: Machine, name: str, value: Value, state: State) -> None:
    """Assign to a variable of the scope that the name belongs to."""
    frame = machine.frame
    kind = frame.declared.get(name)
    scope = frame.scopes[0]
    if kind == "global":
        scope = frame.unit.scope
    elif kind == "nonlocal":
        scope = next((outer for outer in frame.scopes[1:] if (outer, name) in state.variables), scope)
    if (scope, name) in state.variables:
        changes.changed(machine, changes.bound(name))
    state.variables[scope, name] = value
    machine.stored.pop((scope, name), None)
    machine.trace.versions[scope, name] = machine.trace.versions.get((scope, name), 0) + 1


def _unpack(machine: Machine, target: ir.Display, value: Value, state: State, source: ir.Expression) -> None:
    items = containers.unpacked(machine, value, len(target.items), state, machine.site(source))
    starred = next((place for place, item in enumerate(target.items) if isinstance(item, ir.Starred)), None)
    if starred is not None:
        items = containers.with_rest(machine, items, starred, len(target.items), state, machine.site(source))
    written = source.items if isinstance(source, ir.Display) else ()
    for place, item in enumerate(target.items):
        origin = written[place] if len(written) == len(target.items) else source
        bind(machine, item, items[place] if place < len(items) else UNKNOWN, state, origin)


def augmented(machine: Machine, node: ir.AugmentedAssign, state: State) -> None:
    """`target op= value`."""
    read_before = frozenset(machine.read_back)
    current = machine.evaluate(node.target, state)
    rebinding.only_changed(machine, current, read_before)
    value = machine.evaluate(node.value, state)
    changes.changed(machine, changes.name_of(node.target))
    if node.op == "+":
        here = machine.site(node.target)
        consumption.as_sequence(machine, current, here, here, "`+=`", state)
    sequence = state.get(current, SequenceCell)
    if sequence is not None and node.op in "+|" and isinstance(current, Ref):
        group_writes.set_or_removed(current, state)
        containers.extend(machine, current, value, state, machine.site(node.value))
        return
    if node.op == "|" and (both := copies.merged(machine, current, value, state, machine.site(node.value))) is not None:
        bind(machine, node.target, both, state, node.value)
        return
    if isinstance(node.target, ir.Attribute) and node.target.attr == "grad":
        return  # there was one before
    if isinstance(current, Ref) and growth.is_container(state.get(current, InstanceCell)):
        growth.forget(current, state)
        return
    if isinstance(current, Ref) and tensors.is_tensor(current, state):
        leaves.changed(machine, current, node.target, (node.value,), f"`{node.op}=`", state)
        tensors.changed_in_place(current, (value,), state)
        return
    if indices.concerns((current, value)):
        result = indices.operated(machine, node, current, value, node.op)
    else:
        result = tensors.of_operator(machine, node, current, value, node.op, state)
    bind(machine, node.target, result, state, node.value)


def delete(machine: Machine, node: ir.Delete, state: State) -> None:
    """`del target`."""
    for target in node.targets:
        changes.changed(machine, changes.PARTS)
        if isinstance(target, ir.Attribute) and target.attr == "grad":
            gradients.gradient_set(machine, target, machine.evaluate(target.value, state), NONE, state)
        if isinstance(target, ir.Name):
            state.variables.discard((machine.frame.scopes[0], target.id))
        elif isinstance(target, ir.Attribute | ir.Subscript):
            owner = machine.evaluate(target.value, state)
            if isinstance(owner, Ref) and state.get(owner, InstanceCell) is not None:
                if isinstance(target, ir.Attribute):
                    stale.taken_out(machine, owner, target.attr, state)
                growth.removed(owner, target, state)
            elif isinstance(owner, Ref) and isinstance(target, ir.Subscript):
                group_writes.set_or_removed(owner, state)
                containers.removed(machine, owner, machine.evaluate(target.index, state), state, machine.site(target))
