"""Leaves that are changed in place while gradients are recorded, which autograd refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import freezing
from optlint.flow.core.cells import TensorCell
from optlint.flow.core.values import Method, Ref
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir
from optlint.flow.tensors import recipes

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


def method_called(machine: Machine, base: Ref, called: Method, node: ir.Call, state: State) -> None:
    """`tensor.add_(…)` and its like."""
    if called.name in torch_tensors.CHANGES and isinstance(called.node, ir.Attribute):
        values = tuple(argument.value for argument in node.args)
        changed(machine, base, called.node.value, values, f"`.{called.name}()`", state)


def changed(
    machine: Machine, base: Ref, target: ir.Expression, values: tuple[ir.Expression, ...], operation: str, state: State
) -> None:
    """Tell if a tensor that is changed in place is a leaf that surely requires gradients, or a view of one."""
    cell = state.get(base, TensorCell)
    memory = base if cell is None else cell.piece_of or cell.shows or base
    leaf = state.get(memory, TensorCell)
    if state.no_grad is not True:
        recipes.note(machine, cell, "written")
        recipes.note(machine, leaf, "written")
    if state.no_grad is not False or state.recording is False:
        return
    if leaf is None or not leaf.leaf or leaf.escaped or not _needs_gradients(machine, memory, leaf, values, state):
        return
    site = machine.site(target)
    if (site.origin, "changed") not in machine.flagged:
        machine.flagged.add((site.origin, "changed"))
        machine.emit(events.LeafChanged(site, site.text, operation))


def _needs_gradients(
    machine: Machine, leaf: Ref, cell: TensorCell, values: tuple[ir.Expression, ...], state: State
) -> bool:
    """Whether a leaf requires gradients: it says so, its module is trained, or its gradient is what it is changed by.

    Where the callers are not known, only a leaf that says so and that is changed by its gradient will do.
    """
    stepped = any(_reads_gradient(machine, node, leaf, state) for node in values)
    if state.recording is None:
        return stepped and cell.requires_grad is True
    if cell.requires_grad is not None:
        return cell.requires_grad
    module = cell.owner or (cell.parent[0] if cell.parent is not None else None)
    return stepped or (module is not None and freezing.is_trainable(module, state) is True)


def _reads_gradient(machine: Machine, node: ir.Expression, leaf: Ref, state: State) -> bool:
    reads = (part for part in ir.walk(node) if isinstance(part, ir.Attribute) and part.attr == "grad")
    return any(machine.evaluate(part.value, state) == leaf for part in reads)
