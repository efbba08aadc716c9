"""Methods and functions of tensors that give values together with where they were found: `max`, `sort`, `topk`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, Const, Ref, Value
from optlint.flow.python import containers
from optlint.flow.pytorch import torch_tensors
from optlint.flow.tensors import tensors

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

FIELDS = ("values", "indices")


def found(machine: Machine, base: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """What such a method gives: one tensor, or values and indices; unknown if that can't be told.

    `arguments` are those behind the tensor itself.
    """
    first = arguments.pick(0, "dim")
    if name not in torch_tensors.RANKS and (first is None or tensors.is_tensor(first, state)):
        return tensors.computed(machine, (base, *arguments.all()), f"`.{name}()`", state, site)
    if name not in torch_tensors.RANKS and not isinstance(first, Const):
        return UNKNOWN
    values = tensors.computed(machine, (base,), f"`.{name}()`", state, site)
    indices = tensors.cut(machine, f"`.{name}()`", state, site, state.get(base, TensorCell))
    return containers.sequence(machine, state, "tuple", site, (values, indices))


def field(cell: SequenceCell, name: str) -> Value | None:
    """`.values` or `.indices` of such a pair; no other sequence has attributes of these names."""
    known = cell.items is not None and len(cell.items) == len(FIELDS) and name in FIELDS
    return cell.items[FIELDS.index(name)] if known and cell.items is not None else None
