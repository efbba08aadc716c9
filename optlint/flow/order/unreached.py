"""Losses whose gradients go to other parameters than those of the optimizer that steps next.

As in a GAN: the generator steps after a loss of what it made, taken out of its graph before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, CLEAR, HIDDEN, STEP, TOUCH, Act
from optlint.flow.core.cells import InstanceCell, TensorCell
from optlint.flow.core.values import Ref, Value
from optlint.flow.order import subjects, trace
from optlint.flow.order.trace import of_kinds

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

FARTHEST_UP = 20  # from a layer to the module that it is in


def reached_by(loss: Value, state: State) -> frozenset[Ref] | None:
    """All that gradients of a loss may get to: tensors, and what has them; None if anything unknown went into it."""
    cell = state.get(loss, TensorCell)
    if cell is None or cell.leaf or cell.requires_grad is False or not _is_known(cell):
        return None
    found = [_homes(leaf, state) for leaf in cell.bases or ()]
    known = [homes for homes in found if homes is not None]
    return frozenset().union(*known) if known and len(known) == len(found) else None


def computed_by(loss: Value, state: State) -> frozenset[Ref]:
    """The tensors and modules whose own values surely went into a loss, as far as they are known."""
    cell = state.get(loss, TensorCell)
    leaves = frozenset(cell.bases or ()) if cell is not None else frozenset()
    cells = [state.get(leaf, TensorCell) for leaf in leaves]
    return leaves | {leaf.owner for leaf in cells if leaf is not None and leaf.owner is not None}


def cut_off(loss: Value, state: State) -> Site | None:
    """Where the graph of a loss was cut off, or that of what went into it."""
    cell = state.get(loss, TensorCell)
    return cell.cut if cell is not None else None


def _is_known(cell: TensorCell) -> bool:
    return cell.mixed is False and not cell.escaped and cell.piece_of is None and cell.bases is not None


def _homes(leaf: Ref, state: State) -> frozenset[Ref] | None:
    """A leaf, the modules that it is in, and all that these hold, as that may be another name of the same."""
    cell = state.get(leaf, TensorCell)
    owner = cell.owner or (cell.parent[0] if cell.parent else None) if cell is not None else None
    if cell is None or cell.mixed is not False or (owner is None and cell.how == "group parameter"):
        return None
    if owner is None:
        return frozenset({leaf}) if cell.how != "parameter" else None
    above = _above(owner, state)
    return None if above is None else subjects.reach((leaf, owner), state) | above


def _above(module: Ref, state: State) -> frozenset[Ref] | None:
    """The modules that one is in, as far as they are known by name; None if it may be another one."""
    found: set[Ref] = set()
    for _ in range(FARTHEST_UP):
        cell = state.get(module, InstanceCell)
        if cell is None or not _is_itself(cell):
            return None
        if cell.parent is None:
            break
        module = cell.parent[0]
        found.add(module)
    return frozenset(found)


def _is_itself(cell: InstanceCell) -> bool:
    """Whether a module is no other name for one of several, or for a part of something else."""
    return not cell.vague and cell.listed_by is None and cell.part_of is None


def had_by(subject: Subject, state: State) -> frozenset[Ref] | None:
    """All that an optimizer has; None if part of it may have another name elsewhere."""
    if subject.kind != "optimizer" or subject.blind or not subject.parts:
        return None
    found = [_held(part, state) for part in subject.parts]
    known = [held for held in found if held is not None]
    return frozenset().union(*known) if len(known) == len(found) else None


def _held(part: Ref, state: State) -> frozenset[Ref] | None:
    cell = state.cell(part)
    if isinstance(cell, TensorCell):
        return _homes(part, state) if cell.leaf is not False else None  # a cast gives the leaf itself, or it raised
    return None if _above(part, state) is None else subjects.reach((part,), state)


def judge(machine: Machine, acts: list[Act]) -> None:
    """Tell of such losses, unless it was told that the model has other parameters than the optimizer."""
    if not any(isinstance(event, events.ModelReplaced) for event in machine.events):
        for event in _found(acts):
            machine.emit(event)


def _found(acts: list[Act]) -> Iterator[events.GraphBroken]:
    """Steps of optimizers whose gradients were cleared, and that no loss has given any since."""
    for step in of_kinds(acts, STEP):
        if step.subject is not None and step.reaches is not None:
            yield from _unreached(step, step.subject, step.reaches)


def _unreached(step: Act, subject: Subject, had: frozenset[Ref]) -> Iterator[events.GraphBroken]:
    last = trace.last_before(step, lambda act: _decides(act, subject, had))
    if last.open or not all(_clears(act, subject) for act in last.acts):
        return
    cleared = set(last.acts)
    backwards = trace.last_before(step, lambda act: act.kind == BACKWARD or act in cleared)
    if backwards.open or not cleared.isdisjoint(backwards.acts):
        return
    for backward in backwards.acts:
        if backward.site is not None:
            yield events.GraphBroken(backward.site, "other", backward.cut, subject.text)


def _clears(act: Act, subject: Subject) -> bool:
    return act.kind == CLEAR and act.subject is not None and bool(subjects.has(act.subject, subject))


def _decides(act: Act, subject: Subject, had: frozenset[Ref]) -> bool:
    """Whether an act gives gradients to an optimizer, or takes them from it, or may."""
    if act.kind in (CLEAR, STEP):
        return act.subject is None or subjects.has(act.subject, subject) is not False
    if act.kind == BACKWARD:
        return act.reaches is None or not act.reaches.isdisjoint(had)
    if act.kind == HIDDEN:
        return act.subject is None or subjects.is_within_reach(act.subject, subject)
    return act.kind == TOUCH
