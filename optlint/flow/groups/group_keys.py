"""Keys of param groups: which an optimizer knows, which the project's code reads, and which nobody does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import MappingCell, OptimizerCell
from optlint.flow.core.values import ClassValue, Const, External, Value
from optlint.flow.frozen import replace
from optlint.flow.iterators import mendable
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

SEVERAL = 2


def known_to(machine: Machine, cls: Value) -> frozenset[str] | None:
    """The keys that an optimizer of this class reads; None if that can't be told."""
    if cls == External(torch_api.OPTIMIZER_BASE):  # one of those of torch, it can't be told which
        return frozenset().union(*(torch_api.OPTIMIZERS[path] for path in torch_api.OPTIMIZERS if _is_of_torch(path)))
    if isinstance(cls, External):
        return torch_api.OPTIMIZERS.get(cls.path)
    keys: set[str] = set()
    for base in classes.ancestry(cls):
        if isinstance(base, ClassValue):
            words = _words_of(machine, base.node)
            if words is None:
                return None
            keys |= words
        elif isinstance(base, External) and base.path in torch_api.OPTIMIZERS:
            keys |= torch_api.OPTIMIZERS[base.path]
        elif base != External(torch_api.OPTIMIZER_BASE):
            return None
    return frozenset(keys | {"params"})


def _is_of_torch(path: str) -> bool:
    return path.startswith("torch.optim.")


def _words_of(machine: Machine, cls: ir.Class) -> set[str] | None:
    """The strings and keywords in a class; None if it hands on whole dicts, whose keys may be read elsewhere."""
    words: set[str] = set()
    for node in ir.walk_all(cls.body, machine.bodies):
        if isinstance(node, ir.Literal) and isinstance(node.value, str):
            words.add(node.value)
        elif isinstance(node, ir.Argument):
            if node.star == "**":
                return None
            words.add(node.keyword or "")
    return words


def judge(machine: Machine, known: frozenset[str] | None, optimizer: str, group: MappingCell, built: Site) -> None:
    """Tell of keys in a group that its optimizer, `built` at a place, does not know."""
    for key, entry in group.entries:
        if isinstance(key, str) and entry.certain:
            told = events.GroupKeyUnknown(entry.key_site or entry.site, optimizer, key, read=False, label=False)
            _tell(machine, known, told, entry.value, group, built)


def judge_written(machine: Machine, group: MappingCell, key: Value, value: Value, site: Site, state: State) -> None:
    """`group[key] = value` on a group that an optimizer has."""
    owner = state.get(group.owner, OptimizerCell) if group.owner is not None else None
    if owner is not None and isinstance(key, Const) and isinstance(key.value, str):
        told = events.GroupKeyUnknown(site, owner.name, key.value, read=False, label=False)
        _tell(machine, owner.keys, told, value, group, owner.made)


def _tell(
    machine: Machine, known: frozenset[str] | None, told: events.GroupKeyUnknown, value: Value, group: MappingCell,
    built: Site,
) -> None:  # fmt: skip
    key = told.key
    if known is None or key in known or key in torch_api.SCHEDULER_KEYS | machine.settings.known_group_keys:
        return
    label = key in torch_api.GROUP_LABELS or (isinstance(value, Const) and isinstance(value.value, str | bool | None))
    others = frozenset(name for name, _ in group.entries if isinstance(name, str) and name != key)
    read = label or _may_be_read(machine, key, others | known) or machine.reads_elsewhere(key)
    meant = None if read else mendable.meant_key(key, known, value, others)
    told = replace(told, read=read, label=label, meant=meant)
    if read or meant:
        machine.emit(told)
    else:
        machine.when_settled(lambda last: machine.emit(replace(told, read=_is_given_away(machine, built, last))))


def _is_given_away(machine: Machine, built: Site, last: State) -> bool:
    """Whether code that can't be seen has the optimizer, and may read keys that no optimizer of torch has."""
    return (machine.values.get(built.origin), "escaped") in last.marks


def _may_be_read(machine: Machine, key: str, of_groups: frozenset[str]) -> bool:
    """Whether code reads a key from what may be a param group."""
    readings = machine.readings()
    holders = {holder for name, holder in readings.held if name == key} if key in readings.keys else ()
    return not all(_are_settings(machine, holder, of_groups | {key}) for holder in holders)


def _are_settings(machine: Machine, holder: str, of_groups: frozenset[str]) -> bool:
    """Whether a dict is read for several things that are in no param group: `config["epochs"]`, `config["dataset"]`."""
    keys = {name for name, other in machine.readings().held if other == holder}
    strange = keys - of_groups - torch_api.SCHEDULER_KEYS - torch_api.GROUP_LABELS - torch_api.HYPERPARAMETERS
    if not holder or "group" in holder or "params" in keys or len(strange) < SEVERAL:
        return False
    loops = (node for node in ir.walk_all(machine.block, machine.bodies) if isinstance(node, ir.For | ir.Clause))
    return not any(part.id == holder for loop in loops for part in ir.walk(loop.target) if isinstance(part, ir.Name))
