"""What it means to write a key of a dict that belongs to an optimizer: of a group, of its defaults, of a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import MappingCell, OptimizerCell, SequenceCell
from optlint.flow.core.values import Const, Ref, Value
from optlint.flow.groups import group_keys, indices
from optlint.flow.rates import first_group, hyperparameters
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State


def assigned(
    machine: Machine, mapping: MappingCell, key: Value, value: Value, target: ir.Subscript, state: State
) -> None:
    """`mapping[key] = value`."""
    if mapping.role in ("defaults", "copy"):
        hyperparameters.set_in_dict(machine, mapping, key, target, machine.site(target), state)
    elif mapping.role == "group":
        _params_set(mapping, (key,), state)
        group_keys.judge_written(machine, mapping, key, value, machine.site(target.index), state)
        first_group.written(machine, mapping, key, machine.site(target), state)
        if key == Const("lr"):
            indices.judge_rate(machine, value)


def updated(machine: Machine, group: MappingCell, arguments: Arguments, node: ir.Call, state: State) -> None:
    """`group.update(lr=…)`."""
    _params_set(group, (*map(Const, arguments.keywords), *arguments.values), state)
    for name, value in arguments.keywords.items():
        group_keys.judge_written(machine, group, Const(name), value, arguments.keyword_sites[name], state)
        first_group.written(machine, group, Const(name), machine.site(node), state)


def set_or_removed(receiver: Value, state: State) -> None:
    """`optimizer.param_groups[:] = …`, `del group["params"][0]`: nobody knows what the optimizer has now."""
    cell = state.get(receiver, SequenceCell)
    if cell is not None and cell.owner is not None:
        replaced(cell.owner, state)


def replaced(optimizer: Ref, state: State) -> None:
    """The optimizer has other groups now, or groups of other parameters, nobody knows which."""
    if state.get(optimizer, OptimizerCell) is not None:
        state.update(optimizer, groups=None, count=None)


def _params_set(group: MappingCell, keys: tuple[Value, ...], state: State) -> None:
    if group.owner is not None and any(not isinstance(key, Const) or key.value == "params" for key in keys):
        replaced(group.owner, state)
