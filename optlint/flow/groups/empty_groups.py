"""Param groups that hold nothing, where the code shows why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import Cover, IteratorCell, SequenceCell, Use
from optlint.flow.core.values import Value
from optlint.flow.groups import covers, modules
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

LOOKS = frozenset({"print", "len", "repr", "str", "type", "id", "bool"})


def judge(
    machine: Machine, params: Value, held: tuple[Cover, ...] | None, site: Site, optimizer: str, state: State
) -> None:
    """Tell at the end if all groups that come from one place hold nothing."""
    cause = _cause(machine, params, held, site, state)
    seen = machine.groups_seen.setdefault(site.origin, [])
    seen.append(cause is not None)
    if cause is not None and len(seen) == 1:
        machine.when_settled(lambda _: _tell(machine, site, optimizer, cause, all(seen)))


def _tell(machine: Machine, site: Site, optimizer: str, cause: str, all_empty: bool) -> None:
    if all_empty:
        machine.emit(events.GroupEmpty(site, optimizer, cause))


def _cause(machine: Machine, params: Value, held: tuple[Cover, ...] | None, site: Site, state: State) -> str | None:
    """Why a group holds nothing: `filter`, `module`, `list` or `slice`; None if it may hold something."""
    cell = state.cell(params)
    if isinstance(cell, IteratorCell) and cell.use is not Use.FRESH:
        return None
    if isinstance(cell, IteratorCell | SequenceCell) and cell.filtered:
        return "filter"
    if isinstance(cell, SequenceCell) and cell.layers == ():
        return "slice"
    if held:
        return "module" if all(_is_empty(cover, state) for cover in held) else None
    if isinstance(cell, SequenceCell) and cell.items == () and cell.kind == "list":
        return "list" if _is_never_filled(machine, site, cell) else None
    return None


def _is_empty(cover: Cover, state: State) -> bool:
    """Whether a part of a model surely has no parameters."""
    if cover.sliced and modules.children_of(cover.module, state) is None:
        return False
    if not cover.sliced and modules.has_parameters(cover.module, state) is not False:
        return False
    return all(modules.has_parameters(part, state) is False for part in covers.leaves(cover, state))


def _is_never_filled(machine: Machine, site: Site, made: SequenceCell) -> bool:
    """Whether a local variable is bound to a new list, and used for nothing but groups and messages after that."""
    name, frame = site.text, machine.frame
    if not name.isidentifier():
        return False
    block = machine.bodies(frame.node) if isinstance(frame.node, ir.Function) else machine.block
    harmless: set[ir.Node] = set()
    bound = False
    for node in ir.walk_all(block, machine.bodies):
        if isinstance(node, ir.Assign):
            targets = {item for target in node.targets for item in ir.walk(target) if isinstance(item, ir.Name)}
            parts = ir.walk(node.value) if node.value is not None else ()
            new = any(made.made is not None and part.origin is made.made.origin for part in parts)
            bound = bound or (new and any(target.id == name for target in targets))
            harmless |= targets
        harmless.update(_looked_at(node))
    mentions = {node for node in ir.walk_all(block, machine.bodies) if isinstance(node, ir.Name) and node.id == name}
    return bound and mentions <= harmless


def _looked_at(node: ir.Node) -> set[ir.Node]:
    """The expressions that a node only looks at, or puts into a group."""
    if isinstance(node, ir.DictDisplay):
        return {value for key, value in node.items if isinstance(key, ir.Literal) and key.value == "params"}
    if isinstance(node, ir.Call):
        looks = isinstance(node.func, ir.Name) and node.func.id in LOOKS
        return {argument.value for argument in node.args if looks or argument.keyword == "params"}
    return set(ir.walk(node)) if isinstance(node, ir.Assert) else set()
