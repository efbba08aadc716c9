"""Groups that are put into a list when an optimizer has taken what it held, or into another list that nobody gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import freezing, held, untrained
from optlint.flow.core.cells import InstanceCell, MappingCell, OptimizerCell, SequenceCell, TensorCell
from optlint.flow.core.values import Ref, Value
from optlint.flow.iterators import holdings
from optlint.flow.order import subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.cells import Cover
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


def given(machine: Machine, optimizer: Ref, params: Value | None, state: State) -> None:
    """An optimizer is built from a list: look once all was run whether that list holds more, or one like it."""
    before = state.get(params, SequenceCell) if isinstance(params, Ref) else None
    if before is not None and isinstance(params, Ref):
        machine.when_settled(lambda last: _settle(machine, optimizer, params, before, last))


def _settle(machine: Machine, optimizer: Ref, params: Ref, before: SequenceCell, state: State) -> None:
    cell = state.get(optimizer, OptimizerCell)
    covers = {cover.module: cover for cover in _added(params, before, state)}
    parts = {cover: subjects.reach((part,), state) for part, cover in covers.items() if _is_to_be_trained(part, state)}

    def verdict() -> None:
        ran = frozenset().union(*(subjects.reach((one,), state) for one in machine.owned.ran))
        left = (cover for cover, mine in parts.items() if cover.module in ran and _is_left(machine, optimizer, mine))
        lost = next(left, None)
        if cell is not None and lost is not None and lost.site is not None and untrained.steps(machine, optimizer):
            machine.emit(events.GroupTooLate(lost.site, cell.name, cell.made))

    if parts:
        machine.when_over(verdict)


def _added(params: Ref, before: SequenceCell, state: State) -> Iterator[Cover]:
    """The parts in what a list has got since, or in a list that has all of its groups and more."""
    after = state.get(params, SequenceCell)
    if after is not None and before.items is not None:
        yield from _more_in(after, before.items, state)
    elif after is not None and before.covers and after.covers:
        known = len(before.covers)
        yield from after.covers[known:] if after.covers[:known] == before.covers else ()
    groups = [item for item in before.items or () if state.get(item, MappingCell) is not None]
    for one in list(state.heap) if groups and before.items == tuple(groups) else ():
        other = state.get(Ref(one), SequenceCell)
        if other is not None and Ref(one) != params:
            yield from _more_in(other, tuple(groups), state)


def _more_in(cell: SequenceCell, known: tuple[Value, ...], state: State) -> Iterator[Cover]:
    """What is in the groups that a list has beside those that are known."""
    items = cell.items or ()
    if not known or not set(known) < set(items):
        return
    for item in items:
        entry = group.get("params") if item not in known and (group := state.get(item, MappingCell)) else None
        covers = holdings.covers_of(entry.value, state) if entry is not None else None
        yield from (cover for cover in covers or () if not cover.sliced and not cover.again)


def _is_to_be_trained(part: Ref, state: State) -> bool:
    """Whether a part surely has parameters that get gradients."""
    tensor = state.get(part, TensorCell)
    if tensor is not None:
        return tensor.requires_grad is True
    cells = [cell for one in subjects.reach((part,), state) if (cell := state.get(one, InstanceCell))]
    frozen = any(cell.frozen or cell.trainable is False for cell in cells) or freezing.SOMEWHERE in state.marks
    return not frozen and held.trains(part, state)


def _is_left(machine: Machine, optimizer: Ref, inside: frozenset[Ref]) -> bool:
    return untrained.is_nobodys(machine, optimizer, inside) and not machine.says_elsewhere(r"\badd_param_group\b")
