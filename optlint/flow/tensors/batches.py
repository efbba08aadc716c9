"""What data loaders give: tensors of which nothing is known but that no gradients flow into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, SequenceCell, TensorCell
from optlint.flow.core.values import DATA, UNKNOWN, Const, External, Method, Value
from optlint.flow.frozen import replace
from optlint.flow.order import subjects
from optlint.flow.python import objects
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

LOADER = re.compile(r"loader|(^|_)dl(_|$)|dataset")
LOADERS = frozenset({"torch.utils.data.DataLoader"})
# What is still data after it: casts, moves, other shapes, items of what holds a batch.
KEEPS = torch_tensors.PERHAPS_SAME | torch_tensors.PIECES | torch_tensors.VIEWS | frozenset(
    "items keys values get pop clone argmax repeat unsqueeze squeeze flatten numpy tolist".split()
)  # fmt: skip


def item(machine: Machine, iterable: ir.Expression, value: Value, state: State) -> Value:
    """What a loop gets, where what it goes through is named or made as a data loader is."""
    pair = state.get(value, SequenceCell)
    numbered = pair.items if pair is not None and pair.kind == "tuple" else None
    if value is not UNKNOWN and UNKNOWN not in (numbered or ()):
        return value
    if not any(_is_loader(machine, part, state) for part in ir.walk(iterable)):
        return value
    items = tuple(DATA if one is UNKNOWN else one for one in numbered or ())
    return machine.new(state, replace(pair, items=items)) if pair is not None else DATA


def is_data(value: Value, state: State) -> bool:
    """Whether a value is a number, a tensor that is not trained, or several of these."""
    if isinstance(value, Const) or value is DATA:
        return True
    cell = state.cell(value)
    if isinstance(cell, SequenceCell) and cell.items:
        return all(is_data(item, state) for item in cell.items)
    return isinstance(cell, TensorCell) and cell.requires_grad is False and not cell.parameter


def _is_loader(machine: Machine, node: ir.Node, state: State) -> bool:
    if not isinstance(node, ir.Name | ir.Attribute):
        return False
    cell = state.get(machine.values.get(node.origin, UNKNOWN), InstanceCell)
    known = cell is not None and isinstance(cell.cls, External) and cell.cls.path in LOADERS
    return known or LOADER.search(subjects.name_of(node).lower()) is not None


def called(machine: Machine, method: Method, value: Value, state: State) -> Value:
    """What a method of data gives; who asks for its gradients gets them."""
    if method.name == "requires_grad_" and isinstance(method.node, ir.Attribute):
        if isinstance(method.node.value, ir.Name):
            objects.rename(machine, method.node.value.id, UNKNOWN, state)
        return UNKNOWN
    return DATA if value is UNKNOWN and method.name in KEEPS else value
