"""Tensors that an optimizer is given, judged when all of the program is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, TensorCell
from optlint.flow.core.values import Ref, Value, options_of
from optlint.flow.frozen import dataclass, replace
from optlint.flow.reading import ir
from optlint.flow.tensors import recipes
from optlint.flow.tensors.tensor_uses import held_by, is_from_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

WRITES_GRADIENT = r"\.grad\s*=(?!=)(?!\s*None\b)"


@dataclass(frozen=True, slots=True)
class Gift:
    """A tensor, or one of several, that an optimizer is given.

    `holder` is the list that holds it, `call` what builds the optimizer, and `strict` tells whether that refuses
    tensors which are no leaves.
    """

    tensors: tuple[Ref, ...]
    site: Site
    holder: Site
    call: Site
    optimizer: str
    strict: bool


def given(machine: Machine, gift: Gift, state: State) -> None:
    """An optimizer gets a tensor; several pieces of one parameter in the same list are told once."""
    no_grad = state.no_grad is True
    for tensor in gift.tensors:
        cell = state.get(tensor, TensorCell)
        assert cell is not None
        state.marks.add((tensor, "given"))
        for base in cell.bases or ():
            state.update(base, escaped=True)
        if cell.parameter and cell.registered is None:
            state.update(tensor, registered=True)
        if cell.piece_of is not None:
            key = ((cell.piece_of, gift.holder.origin), "given")
            if key in machine.flagged:
                return
            machine.flagged |= {key, (cell.made.origin, ".grad"), (cell.made.origin, "set")}

    def judge(last: State) -> None:
        if not any(last.get(tensor, TensorCell) for tensor in gift.tensors):
            something(machine, gift.call)  # given on paths that end before
            return
        event = _event(gift, no_grad, last)
        if not (event.requires_grad is False and _is_throwaway(machine, gift.tensors, last)):
            something(machine, gift.call)
        machine.when_over(lambda: _tell(machine, gift, event, last))

    machine.when_settled(judge)


def something(machine: Machine, call: Site) -> None:
    """Note that an optimizer gets more than tensors that nothing else refers to, or may do so."""
    machine.flagged.add((call.origin, "holds something"))


def _event(gift: Gift, no_grad: bool, state: State) -> events.GroupTensor:
    cells = [cell for tensor in gift.tensors if (cell := state.get(tensor, TensorCell))]
    leaf = _agreed([cell.leaf for cell in cells])
    return events.GroupTensor(
        gift.site,
        gift.optimizer,
        cells[0].how,
        leaf if gift.strict or leaf else None,
        _agreed([cell.requires_grad for cell in cells]),
        _agreed([cell.parameter for cell in cells]),
        "a parameter" if all(cell.piece_of is not None for cell in cells) else None,
        no_grad,
        any(cell.escaped for cell in cells),
        gift.strict and all(is_from_parameters(cell, state) for cell in cells),
    )


def _agreed(flags: list[Any]) -> Any:
    return flags[0] if all(flag is flags[0] for flag in flags) else None


def _is_throwaway(machine: Machine, tensors: tuple[Ref, ...], state: State) -> bool:
    """Whether tensors were made from scratch, and nothing was or can be computed with them."""
    cells = [state.get(tensor, TensorCell) for tensor in tensors]
    made = all(cell is not None and cell.how.startswith("`torch.") for cell in cells)
    return made and _reachable(state).isdisjoint(tensors) and not _is_used(machine, tensors)


def _is_used(machine: Machine, tensors: tuple[Ref, ...]) -> bool:
    """Whether a name stood for one of these tensors more often than once: where it was given away."""
    places = [origin for origin, value in machine.values.items() if isinstance(value, Ref) and value in tensors]
    return sum(isinstance(machine.nodes.get(origin), ir.Name) for origin in places) > 1


def _reachable(state: State) -> set[Value]:
    """All that variables lead to."""
    pending = [option for value in state.variables.values() for option in options_of(value)]
    found: set[Value] = set()
    while pending:
        value = pending.pop()
        if isinstance(value, Ref) and value not in found:
            found.add(value)
            pending += [option for inner in held_by(state.cell(value)) for option in options_of(inner)]
    return found


def _tell(machine: Machine, gift: Gift, event: events.GroupTensor, state: State) -> None:
    """Tell unless a gradient is written by hand somewhere, or all that the optimizer holds is thrown away."""
    if (gift.call.origin, "holds something") not in machine.flagged:
        return
    keys: list[object] = [*gift.tensors]
    if event.requires_grad is False and event.parameter is False:
        keys += [name for tensor in gift.tensors for name in _names_of(tensor, state)]
    by_hand = any((key, "gradient") in state.marks for key in (*keys, "param_groups"))
    by_hand |= event.requires_grad is False and machine.says_elsewhere(WRITES_GRADIENT)
    if by_hand or any(cell.gradient_set for tensor in gift.tensors if (cell := state.get(tensor, TensorCell))):
        return
    asked = event.escaped or any((key, word) in state.marks for key in keys for word in ("asked", "escaped"))
    recipe = recipes.of_constants if event.requires_grad is False else recipes.of_products
    machine.emit(replace(event, escaped=asked, recipes=() if asked else recipe(machine, gift.tensors, state)))


def _names_of(tensor: Ref, state: State) -> Iterator[str]:
    """The attributes that hold a tensor, or a container of it."""
    for cell in list(state.heap.values()):
        for name, value in cell.attrs if isinstance(cell, InstanceCell) else ():
            if value == tensor or tensor in held_by(state.cell(value)):
                yield name
