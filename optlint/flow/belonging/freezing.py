"""Which parts of a model can be trained: gradients that the program switches off, and on again.

Where it can't be seen which parameter a line switches, `State.marks` notes `SOMEWHERE`, and nothing is known any more;
a module that unknown code gets hold of is marked `switched`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cover, InstanceCell, IteratorCell, SequenceCell, TensorCell
from optlint.flow.core.values import Ref, Value
from optlint.flow.frozen import replace
from optlint.flow.groups import modules

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

SOMEWHERE = ("requires_grad", "somewhere")
DEEPEST = 12


def is_trainable(part: Ref, state: State, depth: int = 0) -> bool | None:
    """Whether all parameters of a part of a model get gradients; False if none does, None if that can't be told."""
    cell = state.cell(part)
    if SOMEWHERE in state.marks or (part, "switched") in state.marks or depth > DEEPEST:
        return None
    if isinstance(cell, TensorCell):
        return cell.requires_grad
    if not isinstance(cell, InstanceCell):
        return None
    children = modules.children_of(part, state)
    if cell.trainable is None and cell.part_of is not None and not cell.part_of.sliced:
        return is_trainable(cell.part_of.module, state, depth + 1)
    if children is None or cell.layout is not None:
        return cell.trainable
    inner = (*modules.own_parameters(part, state), *children)
    verdicts = {is_trainable(one, state, depth + 1) for one in inner if modules.has_parameters(one, state) is not False}
    return verdicts.pop() if len(verdicts) == 1 else None


def covers_trainable(covers: tuple[Cover, ...] | None, state: State) -> bool | None:
    """The same of several parts together."""
    if not covers or any(cover.sliced for cover in covers):
        return None
    verdicts = {is_trainable(cover.module, state) for cover in covers}
    return verdicts.pop() if len(verdicts) == 1 else None


def switch(part: Ref, wanted: bool | None, state: State, depth: int = 0) -> None:
    """Switch gradients of a part of a model on or off; None if it is not known which of the two."""
    cell = state.cell(part)
    if depth > DEEPEST:
        return
    if isinstance(cell, TensorCell):
        state.put(part, replace(cell, requires_grad=wanted))
    elif isinstance(cell, InstanceCell):
        state.put(part, replace(cell, trainable=wanted))
        for _, value in (*cell.attrs, *(cell.children or ())):
            inner = state.cell(value)
            if isinstance(value, Ref) and (_is_part(inner)):
                switch(value, wanted, state, depth + 1)
    if depth == 0:
        _tell_parents(part, wanted, state)


def _is_part(cell: object) -> bool:
    if isinstance(cell, TensorCell):
        return cell.parameter is True
    return isinstance(cell, InstanceCell) and cell.is_module is True


def _tell_parents(part: Ref, wanted: bool | None, state: State) -> None:
    """Modules around a part are neither all on nor all off any more, unless they were as it is now."""
    for _ in range(DEEPEST):
        cell = state.cell(part)
        if not isinstance(cell, InstanceCell | TensorCell):
            return
        if isinstance(cell, InstanceCell) and cell.part_of is not None:
            switch(cell.part_of.module, None, state, DEEPEST - 2)
        if cell.parent is None:
            return
        part = cell.parent[0]
        above = state.get(part, InstanceCell)
        if above is not None and above.trainable is not wanted:
            state.put(part, replace(above, trainable=None))


def switched(machine: Machine, tensor: Ref, wanted: bool | None, state: State) -> None:
    """`p.requires_grad = wanted`: of a layer's own parameter, or in a loop over those of a module."""
    cell = state.get(tensor, TensorCell)
    if cell is None or cell.piece_of is not None or cell.parameter is not True:
        return
    if cell.parent is not None:
        _tell_parents(tensor, wanted, state)
        return
    loops = machine.frame.loops
    covers = covers_of_item(loops[-1].source, tensor, state) if loops else None
    whole = covers is not None and not any(cover.sliced for cover in covers)
    if (
        covers is not None
        and whole
        and loops[-1].inside == state.path
        and not (loops[-1].continues or loops[-1].breaks)
    ):
        for cover in covers:
            switch(cover.module, wanted, state)
    elif covers is not None:
        for cover in covers:
            switch(cover.module, None, state)
    elif not _is_own(tensor, state):
        state.marks.add(SOMEWHERE)


def covers_of_item(source: Value | None, tensor: Ref, state: State) -> tuple[Cover, ...] | None:
    """The parts of models that a loop goes through, if its items are these tensors."""
    cell = state.cell(source) if source is not None else None
    if not isinstance(cell, IteratorCell | SequenceCell):
        return None
    pair = state.get(cell.item, SequenceCell)
    same = cell.item == tensor or (pair is not None and pair.items is not None and tensor in pair.items)
    return cell.covers if same else None


def _is_own(tensor: Ref, state: State) -> bool:
    """Whether a parameter was made here, and so is known one by one."""
    cell = state.get(tensor, TensorCell)
    return cell is not None and cell.how == "nn.Parameter"


def filtered(kept: bool | None, covers: tuple[Cover, ...] | None, state: State) -> bool | None:
    """Whether such a test lets all through (True) or nothing (False)."""
    trainable = covers_trainable(covers, state)
    return None if kept is None or trainable is None else kept is trainable
