"""What `backward` is called on, and whether gradients reach anything from there.

A tensor that was cut out of its graph reaches nothing, or only a leaf of its own: made from a number, detached and then
told to require gradients. Such a leaf may be meant, so it must not be looked at, kept, or given away; and the
optimizer has to step next, as if there were gradients.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import Begun, SequenceCell, TensorCell
from optlint.flow.core.values import Const, Method, Ref, Value
from optlint.flow.frozen import replace
from optlint.flow.order import lightning
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from optlint.flow.core.cells import Cell
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site
    from optlint.flow.reading import ir

WAITING = (0, "<gradients>")  # a variable that no code can name: whether gradients of something else wait for a step
ALIVE = "alive"  # notes of a `backward` that it may have had a graph at least once
# What may be done to a leaf somewhere by who means it.
DOUBTS = ("escaped", "gradient", "looked at", "given", "used elsewhere", "registered")


def went_backward(machine: Machine, loss: Value, site: Site, state: State) -> None:
    """`loss.backward()`: told at once if there is no graph, at the optimizer's step if it ends in leaves of its own."""
    alone = state.variables.get(WAITING) in (None, Const(False))
    forget(machine, state)
    cell = state.get(loss, TensorCell)
    known = cell is not None and cell.mixed is False and not cell.escaped
    if cell is not None and known and cell.requires_grad is False and cell.cut is not None:
        blamed = (loss, "of given") in state.marks  # a tensor in a group can have no gradient: that is told there
        if not blamed and not machine.claiming and not _is_one_of_several(state):
            _tell_cut(machine, site, cell.cut, state)
        return
    if cell is not None or state.no_grad is not True:
        machine.flagged.add((site.origin, ALIVE))
    if cell is not None and known and alone and isinstance(loss, Ref) and _ends_in_leaves(loss, cell, state):
        for leaf in (loss,) if cell.leaf else cell.bases or ():
            _begin(machine, leaf, Begun(site, "leaf" if leaf == loss else "no path", state.path, cell.cut), state)
    else:
        state.variables[WAITING] = Const(True)


def returned(machine: Machine, node: ir.Return, value: Value, state: State) -> None:
    """Lightning goes backward from what `training_step` returns, and steps."""
    if node.value is not None and lightning.goes_backward(machine):
        went_backward(machine, value, machine.site(node.value), state)
        optimizer_stepped(machine, state)


def _tell_cut(machine: Machine, site: Site, cut: Site, state: State) -> None:
    """Without gradients the program may not get to `backward`, if it does so with gradients at other times."""
    if state.no_grad is not True:
        tell(machine, site, "no graph", cut)
        return
    alive = (site.origin, ALIVE)
    machine.when_over(lambda: None if alive in machine.flagged else tell(machine, site, "no graph", cut))


def _begin(machine: Machine, leaf: Ref, begun: Begun, state: State) -> None:
    state.update(leaf, begun=begun)
    machine.lone_leaves.append(leaf)


def _is_one_of_several(state: State) -> bool:
    """Whether this is what happens to one of several values that a variable may have."""
    last = state.path[-1] if state.path else None
    return isinstance(last, tuple) and isinstance(last[1], Method)


def _ends_in_leaves(loss: Ref, cell: TensorCell, state: State) -> bool:
    """Whether a graph ends in new leaves, and something that was computed before was cut off."""
    leaves = [state.get(base, TensorCell) for base in ((loss,) if cell.leaf else cell.bases or ())]
    known = all(leaf is not None and _is_new(leaf) for leaf in leaves)
    return bool(cell.requires_grad and leaves) and known and cell.cut is not None


def _is_new(leaf: TensorCell) -> bool:
    own = leaf.parameter is False and not leaf.registered and not leaf.escaped
    return own and leaf.leaf is True and leaf.mixed is False


def forget(machine: Machine, state: State) -> None:
    """Gradients are cleared or used, or others are computed: what began before is of no interest any more."""
    state.variables[WAITING] = Const(False)
    for leaf in machine.lone_leaves:
        cell = state.get(leaf, TensorCell)
        if cell is not None and cell.begun is not None:
            state.put(leaf, replace(cell, begun=None))


def optimizer_stepped(machine: Machine, state: State) -> None:
    """An optimizer steps on gradients that `backward` did not compute."""
    for leaf in machine.lone_leaves:
        cell = state.get(leaf, TensorCell)
        begun = cell.begun if cell is not None else None
        if begun is None or begun.path != state.path[: len(begun.path)] or _is_kept(leaf, state):
            continue
        machine.when_over(partial(_judge, machine, leaf, begun, state.marks))
    forget(machine, state)


def _judge(machine: Machine, leaf: Ref, begun: Begun, marks: set[tuple[object, str]]) -> None:
    if begun.cut is not None and not any((leaf, word) in marks for word in DOUBTS):
        tell(machine, begun.site, begun.what, begun.cut)


def _is_kept(leaf: Ref, state: State) -> bool:
    """Whether more than variables refer to a leaf, so that its gradient may be read elsewhere."""
    holders = [(Ref(address), cell) for address, cell in list(state.heap.items()) if leaf in tensor_uses.held_by(cell)]
    return any(not _is_let_go(holder, cell, state) for holder, cell in holders)


def _is_let_go(holder: Ref, cell: Cell, state: State) -> bool:
    """Whether a tuple was taken apart and nothing refers to it any more, as to what a function returned."""
    return isinstance(cell, SequenceCell) and cell.kind == "tuple" and not tensor_uses.is_held(holder, state)


def tell(machine: Machine, site: Site, what: str, cut: Site) -> None:
    """Tell once for each `backward`."""
    if (site.origin, "no path") not in machine.flagged:
        machine.flagged.add((site.origin, "no path"))
        machine.emit(events.GraphBroken(site, what, cut))
