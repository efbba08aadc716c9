"""State that one optimizer saved and another one loads: it goes to the parameters by position."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, OptimizerCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Method, Ref, Value
from optlint.flow.pytorch import torch_api

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.reading import ir

# Optimizers that keep the same state and hyperparameters.
ALIKE = (frozenset({"torch.optim.Adam", "torch.optim.AdamW"}),)


def called(machine: Machine, node: ir.Call, function: Value, arguments: Arguments, value: Value, state: State) -> None:
    """`optimizer.state_dict()` gives a state, `optimizer.load_state_dict(state)` takes one."""
    if not isinstance(function, Method) or not isinstance(function.receiver, Ref):
        return
    if function.name == "state_dict" and isinstance(value, Ref):
        machine.owned.states[value] = function.receiver
    elif function.name == "load_state_dict":
        given = arguments.pick(0, "state_dict") or UNKNOWN
        saved = machine.owned.states.get(given) if isinstance(given, Ref) else None
        mine, theirs = state.get(function.receiver, OptimizerCell), saved and state.get(saved, OptimizerCell)
        if mine is not None and theirs and saved != function.receiver:
            why = _difference(mine, theirs, state)
            if why is not None and (node.origin, "loaded") not in machine.flagged:
                machine.flagged.add((node.origin, "loaded"))
                machine.emit(events.StateOfOther(machine.site(node), mine.name, theirs.name, why, theirs.made))


def _difference(mine: OptimizerCell, theirs: OptimizerCell, state: State) -> str | None:
    """What surely does not fit: the class, or the order of the same parameters."""
    known = mine.cls in torch_api.OPTIMIZERS and theirs.cls in torch_api.OPTIMIZERS
    if known and mine.cls != theirs.cls and not any({mine.cls, theirs.cls} <= alike for alike in ALIKE):
        return "class"
    parts, others = _order(mine), _order(theirs)
    twins = set(parts).isdisjoint(others)
    here, there = (_places(parts, state), _places(others, state)) if twins else (parts, others)
    return "order" if here and there and here != there and Counter(here) == Counter(there) else None


def _order(cell: OptimizerCell) -> list[Ref]:
    """The modules and tensors that an optimizer has, in order; nothing where that is not known."""
    covers = [cover for group in cell.groups or () for cover in group.covers or ()]
    known = cell.groups is not None and all(group.covers for group in cell.groups)
    return [cover.module for cover in covers] if known and not any(cover.sliced for cover in covers) else []


def _places(parts: list[Ref], state: State) -> list[str]:
    """Under which names an object has its parts, and its class; nothing where it does not have all of them."""
    cells = (cell for cell in state.heap.values() if isinstance(cell, InstanceCell))
    for cell in cells:
        names = {value: name for name, value in (*cell.attrs, *(cell.children or ())) if isinstance(value, Ref)}
        if parts and names.keys() >= set(parts) and isinstance(cell.cls, ClassValue):
            return [f"{cell.cls.node.name}.{names[part]}" for part in parts]
    return []
