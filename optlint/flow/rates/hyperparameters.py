"""Hyperparameters that are written beside the param groups: on the optimizer, in its defaults, in a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import Entry, MappingCell, OptimizerCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, External, Ref, Union, Value
from optlint.flow.order import subjects
from optlint.flow.python import classes, containers
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from typing import TypeGuard

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

DEEPEST = 4
TELLING = frozenset(
    "print append write log log_dict info debug warning error add_scalar add_scalars set_postfix".split()
)


def defaults(machine: Machine, optimizer: Ref, state: State, site: Site) -> Ref:
    """`optimizer.defaults`."""
    return machine.new(state, MappingCell(site, open=True, role="defaults", owner=optimizer))


def defaults_of_unknown(machine: Machine, node: ir.Attribute, state: State) -> Ref | None:
    """`optimizer.defaults` of what its name and its step show to be an optimizer."""
    name = subjects.name_of(node.value)
    if not subjects.means_optimizer(name):
        return None
    calls = (part.func for part in ir.walk_all(_around(machine), machine.bodies) if isinstance(part, ir.Call))
    steps = (func for func in calls if isinstance(func, ir.Attribute) and func.attr == "step")
    stepped = any(subjects.name_of(func.value) == name for func in steps)
    return machine.new(state, MappingCell(machine.site(node), open=True, role="defaults")) if stepped else None


def state_dict(machine: Machine, optimizer: Ref, state: State, site: Site) -> Ref:
    """`optimizer.state_dict()`: a dict of its own, with copies of the groups."""
    groups = _copied_groups(machine, optimizer, state, site)
    return machine.new(state, MappingCell(site, ((ir.GROUPS, Entry(groups, site)),), open=True))


def copied_groups_of_unknown(
    machine: Machine, node: ir.Subscript, key: Value, saved: Value, state: State
) -> Ref | None:
    """`….state_dict()["param_groups"]` of what nothing is known of: nobody but an optimizer has groups."""
    call, mapping = node.value, state.get(saved, MappingCell)
    blank = saved is UNKNOWN or (mapping is not None and mapping.open and not mapping.entries)
    if key != Const(ir.GROUPS) or not blank or not isinstance(call, ir.Call):
        return None
    saves = isinstance(call.func, ir.Attribute) and call.func.attr == "state_dict"
    return _copied_groups(machine, None, state, machine.site(node)) if saves else None


def _copied_groups(machine: Machine, optimizer: Ref | None, state: State, site: Site) -> Ref:
    group = machine.new(state, MappingCell(site, open=True, role="copy", owner=optimizer))
    return containers.sequence(machine, state, "list", site, None, group)


def set_on_optimizer(machine: Machine, optimizer: OptimizerCell, name: str, site: Site, state: State) -> None:
    """`optimizer.lr = …`; a class of the project may read it."""
    if name in torch_api.HYPERPARAMETERS and _reads_no_attributes(machine, optimizer.kind, name, state):
        read = name in machine.readings().of_optimizers or _is_set_in_groups(machine, name)
        machine.emit(events.HyperparameterSet(site, "attribute", name, optimizer.name, read))


def set_on_one_of(machine: Machine, receiver: Union, name: str, site: Site, state: State) -> None:
    """The same on one of several optimizers, told of once if none of them reads it."""
    cells = [cell for option in receiver.options if (cell := state.get(option, OptimizerCell))]
    if all(_reads_no_attributes(machine, cell.kind, name, state) for cell in cells):
        set_on_optimizer(machine, cells[0], name, site, state)


def _reads_no_attributes(machine: Machine, cls: Value, name: str, state: State) -> bool:
    """Whether the class of an optimizer is known to take no notice of an attribute."""
    if isinstance(cls, External):
        return cls.path in torch_api.OPTIMIZERS or cls.path == torch_api.OPTIMIZER_BASE
    if not isinstance(cls, ClassValue) or classes.is_own_attribute(machine, cls, name, state):
        return False
    return all(isinstance(base, ClassValue) or _reads_no_attributes(machine, base, name, state)
               for base in classes.ancestry(cls))  # fmt: skip


def set_in_dict(
    machine: Machine, mapping: MappingCell, key: Value, target: ir.Subscript, site: Site, state: State
) -> None:
    """`optimizer.defaults["lr"] = …`, or the same in a copy of the groups."""
    owner = state.get(mapping.owner, OptimizerCell) if mapping.owner is not None else None
    if not isinstance(key, Const) or key.value not in torch_api.HYPERPARAMETERS:
        return
    name, optimizer = str(key.value), owner.name if owner is not None else "optimizer"
    if mapping.role == "defaults":
        read = _reads_defaults(machine, name) or _is_set_in_groups(machine, name)
        machine.emit(events.HyperparameterSet(site, "defaults", name, optimizer, read))
    elif mapping.role == "copy" and _stays_here(machine, target.value, 0):
        machine.emit(events.HyperparameterSet(site, "copy", name, optimizer, read=False))


def _reads_defaults(machine: Machine, name: str) -> bool:
    """Whether code reads a key of some `defaults`, or adds groups.

    What only serves to compute what it is set to, or to log it, does not count.
    """
    found = machine.readings()
    if "add_param_group" in found.attributes:
        return True
    nodes = [*ir.walk_all(machine.block, machine.bodies)]
    mine = [node for node in nodes if _is_key(node, name) and subjects.name_of(node.value) == "defaults"]
    sets = [node for node in nodes if isinstance(node, ir.Assign | ir.AugmentedAssign)]
    idle = [*(node for node in sets if not _targets(node).isdisjoint(mine)), *filter(_only_tells, nodes)]
    within = {part for node in idle for part in ir.walk(node)}
    return (name, "defaults") in found.held and not (mine and within.issuperset(mine))


def _only_tells(node: ir.Node) -> bool:
    """Whether a statement writes something to a log, or to the screen."""
    call = node.value if isinstance(node, ir.Evaluate) else None
    return isinstance(call, ir.Call) and subjects.name_of(call.func) in TELLING


def _is_set_in_groups(machine: Machine, name: str) -> bool:
    """Whether the same function sets a hyperparameter in a param group, too."""
    sets = (part for part in ir.walk_all(_around(machine), machine.bodies))
    targets = (one for part in sets if isinstance(part, ir.Assign | ir.AugmentedAssign) for one in _targets(part))
    return any(_is_key(one, name) and subjects.name_of(one.value) != "defaults" for one in targets)


def _around(machine: Machine) -> ir.Block:
    """The statements of the function that is running, or of the file."""
    node = machine.frame.node
    return machine.bodies(node) if isinstance(node, ir.Function) else machine.block


def _targets(node: ir.Assign | ir.AugmentedAssign) -> set[ir.Expression]:
    return {node.target} if isinstance(node, ir.AugmentedAssign) else set(node.targets)


def _is_key(node: ir.Node, name: str) -> TypeGuard[ir.Subscript]:
    """Whether an expression is an item by this name: `group["lr"]`."""
    return isinstance(node, ir.Subscript) and isinstance(node.index, ir.Literal) and node.index.value == name


def _stays_here(machine: Machine, node: ir.Expression, depth: int) -> bool:
    """Whether what an expression is part of is used for nothing but its items, as far as the function shows."""
    while isinstance(node, ir.Subscript | ir.Attribute):
        node = node.value
    if isinstance(node, ir.Call):
        return isinstance(node.func, ir.Attribute) and node.func.attr == "state_dict"
    if not isinstance(node, ir.Name) or depth > DEEPEST:
        return False
    found = [*ir.walk_all(_around(machine), machine.bodies)]
    mentions = {one for one in found if isinstance(one, ir.Name) and one.id == node.id}
    sources = [source for one in found for source in _bindings(one, node.id)]
    harmless = {inner for one in found for inner in _only_looked_into(one)}
    return bool(sources) and mentions <= harmless and all(_stays_here(machine, one, depth + 1) for one in sources)


def _bindings(node: ir.Node, name: str) -> tuple[ir.Expression, ...]:
    """What a statement binds a variable to, or walks over to bind it."""
    if isinstance(node, ir.Assign) and node.value is not None:
        return (node.value,) if any(isinstance(one, ir.Name) and one.id == name for one in node.targets) else ()
    if isinstance(node, ir.For | ir.Clause):
        return (node.iterable,) if isinstance(node.target, ir.Name) and node.target.id == name else ()
    return ()


def _only_looked_into(node: ir.Node) -> tuple[ir.Node, ...]:
    """The expressions that a node binds, or takes an item of, or walks over."""
    if isinstance(node, ir.Subscript):
        return (node.value,)
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr == "get":
        return (node.func.value,)
    if isinstance(node, ir.For | ir.Clause):
        return (node.target, node.iterable)
    return node.targets if isinstance(node, ir.Assign) else ()
