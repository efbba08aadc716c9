"""Tensors of a module that should be trained and are no registered Parameters: plain ones, and those in containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import contents, fates, held
from optlint.flow.core.cells import InstanceCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import ClassValue, Ref, Value, options_of
from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

TOUCHED = ("gradient", "escaped", "registered")


def judge(machine: Machine, cls: ClassValue, ref: Ref, state: State) -> None:
    """Tell of the attributes of an object that hold trainable tensors which it does not register."""
    cell = state.get(ref, InstanceCell)
    if cell is None or not held.is_plain_module(cls) or held.registers_by_hand(machine, cls):
        return
    owners = held.owners(machine, cls)
    for name, value in cell.attrs:
        for option in options_of(value):
            kind = _kind_of_holder(option, ref, state)
            fate = _fate(machine, cls, name, kind) if kind is not None else None
            known = fate is None or (kind == "tensor" and _is_listed(option, state))
            if kind is not None and fate is not None and not known and not machine.uses_elsewhere(name, owners):
                site = machine.site(held.target_of(machine, fate, option))
                machine.emit(events.TensorHidden(site, site.text, kind, machine.site(fate.used[0])))
                break


def _kind_of_holder(value: Value, owner: Ref, state: State) -> str | None:
    """`tensor` for a loose tensor, or what kind of container holds some."""
    cell = state.cell(value)
    if isinstance(cell, TensorCell) and isinstance(value, Ref):
        return "tensor" if _is_loose(value, owner, state) and not _is_of_parameters(cell, state) else None
    if isinstance(cell, SequenceCell | MappingCell):
        kind = cell.kind if isinstance(cell, SequenceCell) else "dict"
        return kind if any(_is_loose(part, owner, state) for part in held.inside(value, state)) else None
    return None


def _is_loose(tensor: Ref, owner: Ref, state: State) -> bool:
    """Whether an object made this leaf for itself, to be trained, and does not register it.

    What it computed at once from such leaves is as loose: `torch.zeros(3, requires_grad=True).cuda()`.
    """
    cell = state.get(tensor, TensorCell)
    if cell is None or not cell.requires_grad or cell.registered or tensor.id < owner.id:
        return False
    if not cell.leaf:
        alone = cell.parameter is False and cell.mixed is False and not cell.escaped and bool(cell.bases)
        return alone and all(_is_out_of_reach(base, owner, state) for base in cell.bases or ())
    made_here = cell.parameter is False or cell.how == "`nn.Parameter`"
    return made_here and not cell.escaped and not any((tensor, word) in state.marks for word in TOUCHED)


def _is_out_of_reach(leaf: Ref, owner: Ref, state: State) -> bool:
    """Whether nothing refers to a leaf any more, but what was computed from it."""
    cell = state.get(leaf, TensorCell)
    made = cell is not None and cell.leaf is True
    return made and _is_loose(leaf, owner, state) and not tensor_uses.is_held(leaf, state)


def _is_of_parameters(product: TensorCell, state: State) -> bool:
    """Whether a tensor was computed from Parameters: where it is an attribute itself, that is told as such."""
    leaves = (state.get(leaf, TensorCell) for leaf in product.bases or ())
    return any(leaf is not None and leaf.parameter is not False for leaf in leaves)


def _is_listed(tensor: Value, state: State) -> bool:
    """Whether a variable has a list with the tensor: whoever made it may train what is in it."""
    values = dict.fromkeys(state.variables.values())
    lists = (value for value in values if isinstance(state.cell(value), SequenceCell | MappingCell))
    return any(part == tensor for value in lists for part in held.inside(value, state))


def _fate(machine: Machine, cls: ClassValue, name: str, kind: str) -> contents.Fate | None:
    """What the code does with the attribute, if it only computes with it, and sets it while the object is made."""
    early = _early(machine, cls)
    question = contents.Question(name, held.family(machine, cls), True, followed=early, single=kind == "tensor")
    fate = fates.fate_of(question, machine.block, machine.bodies, machine.mentions)
    if fate.handled or not fate.used or (fate.built and kind == "tensor"):
        return None
    values = [store for store in fate.stores if not _is_none(store.value)]
    return fate if values and all(_is_early(store, early) for store in values) else None


def _is_none(value: ir.Expression) -> bool:
    return isinstance(value, ir.Literal) and not isinstance(value.value, str)


def _is_early(store: contents.Store, early: frozenset[str]) -> bool:
    """Whether a statement runs while the object is made, and wraps nothing in a Parameter."""
    wraps = isinstance(store.value, ir.Call) and name_of(store.value.func) in held.REGISTERING
    return not wraps and store.function is not None and store.function.name in early


def _early(machine: Machine, cls: ClassValue) -> frozenset[str]:
    """The methods that run while an object is made: `__init__`, and those that it calls."""
    own = [node for related in held.family(machine, cls) for node in related.body if isinstance(node, ir.Function)]
    found, more = {"__init__"}, {"__init__"}
    while more:
        words = {word for node in own if node.name in more for word in machine.mentions(node)}
        more = {node.name for node in own if node.name in words and node.name not in found | {"forward"}}
        found |= more
    return frozenset(found)
