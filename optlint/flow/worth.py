"""Which methods of an object are worth running: those that may have to do with training, and what these need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell
from optlint.flow.core.values import ClassValue, Closure, External, Ref, Value, options_of
from optlint.flow.order import lightning_steps, uncalled
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir, nesting, relevance

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

CUTS = frozenset({"no_grad", "inference_mode", "detach"})  # what may leave a loss without a graph


def running(machine: Machine, methods: Mapping[str, Closure], known: frozenset[str]) -> frozenset[str]:
    """The names of the methods that have to do with training, or use one that does or anything `known` to."""
    words = {name: machine.mentions(function.node) for name, function in methods.items()}
    stems = {name for name, found in words.items() if relevance.names_training(found)}
    if lightning_steps.STEP in words and any(not CUTS.isdisjoint(found) for found in words.values()):
        stems.add(lightning_steps.STEP)
    return relevance.spread_over(words, known | stems) & words.keys()


def tells(machine: Machine, function: Closure, ref: Ref, state: State) -> bool:
    """Whether a method uses an attribute that holds something of training: an iterator, an optimizer, a tensor.

    Or an object that trains, or a module that the method makes a part for.
    """
    cell = state.get(ref, InstanceCell)
    words = machine.mentions(function.node)
    used = [value for name, value in cell.attrs if name in words] if cell is not None else []
    if any(_trains(value, state) for value in used) or uncalled.is_in(machine, function.node):
        return True
    objects = [known for value in used for option in options_of(value) if (known := state.get(option, InstanceCell))]
    return any(_object_trains(machine, known, words) for known in objects)


def _object_trains(machine: Machine, cell: InstanceCell, words: frozenset[str]) -> bool:
    """Whether an object of the project trains, scales gradients, or is a module that gets parts from torch."""
    if isinstance(cell.cls, ClassValue) and not cell.is_module:
        return relevance.concerns_training(machine.mentions(cell.cls.node))
    scales = isinstance(cell.cls, External) and torch_api.is_scaler(cell.cls.path)
    return scales or (cell.is_module is True and "nn" in words)


def setting(
    machine: Machine, setters: Mapping[str, Closure], running: frozenset[str], methods: Mapping[str, Closure]
) -> dict[str, Closure]:
    """Those of the methods that set attributes which are worth it, or set what a method uses that is."""
    used = {word for name in running for word in machine.mentions(methods[name].node)}
    return {
        name: setter
        for name, setter in setters.items()
        if name in running or not used.isdisjoint(attributes_set(machine, setter))
    }


def attributes_set(machine: Machine, method: Closure) -> frozenset[str]:
    """The attributes of its first parameter that a method assigns to."""
    node = method.node
    if not isinstance(node, ir.Function) or not node.parameters:
        return frozenset()
    me = node.parameters[0].name
    assigned = (part for part in nesting.statements(machine.bodies(node)) if isinstance(part, ir.Assign))
    targets = (target for part in assigned for target in part.targets)
    flat = (one for target in targets for one in (target.items if isinstance(target, ir.Display) else (target,)))
    return frozenset(
        target.attr
        for target in flat
        if isinstance(target, ir.Attribute) and isinstance(target.value, ir.Name) and target.value.id == me
    )


def _trains(value: Value, state: State) -> bool:
    return any(not isinstance(cell, InstanceCell) for cell in state.within(value))
