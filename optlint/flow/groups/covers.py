"""Which parameters the groups of one optimizer hold: parts that two groups share, and parts that are left out.

A `Cover` is a part of a model: a module, a slice of its children, or one tensor. Where the children of a module are
known, a cover is broken down into leaves that can be compared one by one; where they are not, two slices of
the same module can still be compared by their ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import first_run, left_out, passed_over, stale
from optlint.flow.core.cells import Cover, Group, InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import External, Ref
from optlint.flow.frozen import replace
from optlint.flow.groups import growth, modules, slices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Path


def judge(machine: Machine, state: State, optimizer: Ref, groups: tuple[Group, ...], *, sure: bool = True) -> None:
    """Compare new groups of an optimizer with each other and with those it has; gaps are judged at the end.

    Where it is not `sure` that the optimizer gets them, nobody knows later on what it has.
    """
    cell = state.get(optimizer, OptimizerCell)
    assert cell is not None
    given = groups if sure else tuple(replace(group, covers=None) for group in groups)
    stale.given(machine, optimizer, given, state)
    first_run.given(machine, optimizer, given, state)
    if cell.groups is None:
        return
    groups = tuple(_as_of_now(machine, group, state) for group in groups)
    parts = [(group, cover) for group in (*cell.groups, *groups) for cover in group.covers or ()]
    leaves_of = [held for group in (*cell.groups, *groups) for held in group.held]
    told: set[object] = set()
    for later in range(len(parts)):
        group, cover = parts[later]
        if group in cell.groups:
            continue
        shared = parts[later] if _comes_again(cover, state) else None
        shared = shared or next(
            (parts[n] for n in range(later) if _share(machine, state, parts, leaves_of, n, later)), None
        )
        if shared is None:
            continue
        apart = shared[0] is not group
        here, there = (group.site, shared[0].site) if apart else (cover.site or group.site, shared[1].site)
        if here.origin not in told:
            told.add(here.origin)
            machine.emit(events.GroupsOverlap(here, cell.name, there or shared[0].site))
    first = not cell.groups
    state.put(optimizer, replace(cell, groups=(*cell.groups, *groups)))
    if first and groups:
        dealt = [_dealt_out(cover, state) for _, cover in parts]
        machine.when_settled(lambda last: _judge_gaps(machine, last, optimizer, dealt))
        machine.when_settled(lambda last: left_out.judge(machine, optimizer, last))
        machine.when_settled(lambda last: passed_over.judge(machine, optimizer, last))


def _comes_again(cover: Cover, state: State) -> bool:
    """Whether a part holds parameters several times: those of modules inside modules."""
    if not cover.again:
        return False
    children = modules.children_of(cover.module, state)
    if children is None:
        return modules.layout_of(cover.module, state) is None
    return any(modules.has_parameters(child, state) for child in children)


def _as_of_now(machine: Machine, group: Group, state: State) -> Group:
    """A group with what it holds now, whatever becomes of the model later."""
    held = tuple(leaves(cover, state) for cover in group.covers or ())
    return replace(group, held=held, since=len(machine.changes))


def _share(
    machine: Machine, state: State, parts: list[tuple[Group, Cover]], held: list[frozenset[Ref]], n: int, later: int
) -> bool:
    """Whether a part surely shares a parameter with a later one; in between the model may have got other layers."""
    (earlier, first), (_, second) = parts[n], parts[later]
    if first.sliced and growth.has_happened(machine, earlier.since, first.module, state):
        return not held[n].isdisjoint(held[later])
    if _slices_meet(first, second, state) or _same_leaf(held[n], held[later], state):
        return True
    inside = [(one, other) for one in held[n] for other in held[later] if _nested(one, other, state)]
    return any(not growth.has_happened(machine, earlier.since, one, state) for one, _ in inside)


def _overlap(first: Cover, second: Cover, state: State) -> bool:
    """Whether two covers surely share a parameter."""
    mine, theirs = leaves(first, state), leaves(second, state)
    if _slices_meet(first, second, state) or _same_leaf(mine, theirs, state):
        return True
    return any(_nested(one, other, state) for one in mine for other in theirs)


def _slices_meet(first: Cover, second: Cover, state: State) -> bool:
    alike = first.sliced and second.sliced and first.module == second.module
    return alike and (_is_open(first, state) or _is_open(second, state)) and slices.overlap(first, second)


def _is_open(cover: Cover, state: State) -> bool:
    """Whether it is not known which children a slice takes."""
    return cover.symbol is not None or modules.children_of(cover.module, state) is None


def _same_leaf(mine: frozenset[Ref], theirs: frozenset[Ref], state: State) -> bool:
    return any(leaf in theirs and modules.has_parameters(leaf, state) is not False for leaf in mine)


def _nested(one: Ref, other: Ref, state: State) -> bool:
    return _inside(one, other, state) or _inside(other, one, state)


def leaves(cover: Cover, state: State) -> frozenset[Ref]:
    """The smallest known parts of a cover; nothing for a slice of unknown children."""
    if not cover.sliced:
        return frozenset(_break_down(cover.module, state, 0))
    children = modules.children_of(cover.module, state) if cover.symbol is None else None
    chosen = children[slice(cover.start, cover.stop)] if children is not None else ()
    return frozenset(leaf for child in chosen for leaf in _break_down(child, state, 0))


def _break_down(part: Ref, state: State, depth: int) -> list[Ref]:
    children = modules.children_of(part, state)
    if children is None or depth > 6 or state.get(part, InstanceCell) is None:
        return [part, *_borrowed(part, state)]
    own = modules.own_parameters(part, state)
    return [*own, *(leaf for child in children for leaf in _break_down(child, state, depth + 1))]


def _borrowed(part: Ref, state: State) -> Iterator[Ref]:
    """The weights that a layer of torch has from another one: `self.out.weight = self.embed.weight`."""
    cell = state.get(part, InstanceCell)
    for _, value in cell.attrs if cell is not None and isinstance(cell.cls, External) else ():
        tensor = state.get(value, TensorCell)
        if tensor is not None and tensor.parent is not None and tensor.parent[0] != part and isinstance(value, Ref):
            yield value


def _holds(outer: Ref, inner: Ref, state: State, depth: int = 0) -> bool:
    """Whether a module has a part among the attributes that the program set, or among theirs."""
    cell = state.get(outer, InstanceCell)
    if cell is None or not cell.is_module or depth > 4:
        return False
    values = [value for _, value in (*cell.attrs, *(cell.children or ())) if isinstance(value, Ref)]
    return inner in values or any(_holds(value, inner, state, depth + 1) for value in values if value != outer)


def _inside(inner: Ref, outer: Ref, state: State) -> bool:
    """Whether a part belongs to a module, by the attributes that lead to it."""
    if _holds(outer, inner, state):
        return True
    for _ in range(8):
        cell = state.cell(inner)
        parent = cell.parent if isinstance(cell, InstanceCell | TensorCell) else None
        if parent is None:
            return False
        if parent[0] == outer:
            return not _was_replaced(parent, inner, state)
        inner = parent[0]
    return False


def _was_replaced(parent: tuple[Ref, str], child: Ref, state: State) -> bool:
    cell = state.get(parent[0], InstanceCell)
    return cell is not None and cell.get(parent[1]) not in (None, child)


def share(first: OptimizerCell, second: OptimizerCell, state: State) -> bool:
    """Whether two optimizers surely have a parameter in common."""
    mine = [cover for group in first.groups or () for cover in group.covers or ()]
    theirs = [cover for group in second.groups or () for cover in group.covers or ()]
    return any(_overlap(one, other, state) for one in mine for other in theirs)


def _judge_gaps(machine: Machine, state: State, optimizer: Ref, dealt: list[Ref | None]) -> None:
    """Tell if the children of one of the modules that were dealt out to groups were left out."""
    cell = state.get(optimizer, OptimizerCell)
    if cell is None or cell.groups is None or any(group.covers is None for group in cell.groups):
        return
    covers = [cover for group in cell.groups for cover in group.covers or ()]
    for module in dict.fromkeys(dealt):
        whole = state.get(module, InstanceCell) if module is not None else None
        if module is None or whole is None or whole.frozen or any(_all_of(cover, module) for cover in covers):
            continue
        missing = _missing(module, covers, state, optimizer)
        if missing:
            parts = tuple(dict.fromkeys(cover.site for cover in covers if cover.site is not None))
            machine.emit(events.GroupsLeaveGap(cell.made, cell.name, parts[:4], missing))


def _all_of(cover: Cover, module: Ref) -> bool:
    return cover.module == module and not cover.sliced


def _dealt_out(cover: Cover, state: State) -> Ref | None:
    """The module whose `children()` a cover was taken from."""
    if cover.sliced:
        return cover.module
    cell = state.get(cover.module, InstanceCell)
    if cell is None:
        return None
    if cell.listed_by is not None:
        return cell.listed_by
    inner = [state.get(child, InstanceCell) for _, child in cell.children or ()]
    return next((child.listed_by for child in inner if child is not None), None)


def _missing(module: Ref, covers: list[Cover], state: State, optimizer: Ref) -> str | None:
    children = modules.children_of(module, state)
    mine = [cover for cover in covers if cover.sliced and cover.module == module]
    if children is None or any(cover.symbol for cover in mine):
        return _open_gap(module, mine, covers, state)
    held = {leaf for cover in covers for leaf in leaves(cover, state)}
    elsewhere = _held_by_others(state, optimizer)
    present = [n for n, child in enumerate(children) if held.issuperset(_break_down(child, state, 0))]
    present = [n for n in present if modules.has_parameters(children[n], state) is not False]
    if len(covers) < 2:
        return _own_left_out(module, children, held, elsewhere, state)
    hole = [
        child
        for n, child in enumerate(children)
        if n not in present and present and present[0] < n < present[-1] and _wanted(child, held, elsewhere, state)
    ]
    if hole:
        return ", ".join(_label(module, child, children.index(child), state) for child in hole)
    return _own_left_out(module, children, held, elsewhere, state)


def _label(module: Ref, child: Ref, place: int, state: State) -> str:
    """A child in the words of the code."""
    name = modules.label(child, state)
    if name is None or not name.isdigit():
        return name or f"children()[{place}]"
    return f"{modules.label(module, state) or 'children()'}[{name}]"


def _wanted(child: Ref, held: set[Ref], elsewhere: set[Ref], state: State) -> bool:
    """Whether a child should be trained and is held by no optimizer."""
    cell = state.get(child, InstanceCell)
    if cell is None or cell.frozen or modules.has_parameters(child, state) is False:
        return False
    return (held | elsewhere).isdisjoint(_break_down(child, state, 0))


def _own_left_out(
    module: Ref, children: tuple[Ref, ...], held: set[Ref], elsewhere: set[Ref], state: State
) -> str | None:
    """The parameters of the module itself, where all its children are held."""
    needed = [child for child in children if modules.has_parameters(child, state) is not False]
    if not needed or not all(held.issuperset(_break_down(child, state, 0)) for child in needed):
        return None
    own = [ref for ref in modules.own_parameters(module, state) if ref not in held | elsewhere]
    wanted = [ref for ref in own if (cell := state.get(ref, TensorCell)) and cell.requires_grad]
    return ", ".join(name for ref in wanted if (name := modules.label(ref, state))) or None


def _held_by_others(state: State, optimizer: Ref) -> set[Ref]:
    mine = state.get(optimizer, OptimizerCell)
    others = [
        cell for address, cell in state.heap.items() if isinstance(cell, OptimizerCell) and address != optimizer.id
    ]
    return {
        leaf
        for cell in others
        if mine is not None and not exclusive(mine.path, cell.path)
        for group in cell.groups or ()
        for cover in group.covers or ()
        for leaf in leaves(cover, state)
    }


def exclusive(one: Path, other: Path) -> bool:
    """Whether no run of the program takes both of two paths."""
    ways = dict(part for part in one if isinstance(part, tuple) and len(part) == 2)
    return any(isinstance(part, tuple) and ways.get(part[0], part[1]) != part[1] for part in other)


def _open_gap(module: Ref, mine: list[Cover], covers: list[Cover], state: State) -> str | None:
    """A gap between slices of a module, where its children or their ends are not known."""
    others = [cell for cell in state.heap.values() if isinstance(cell, OptimizerCell)]
    if len(others) > 1 or not mine:
        return None
    apart = all(cover in mine or _is_apart(cover.module, module, state) for cover in covers)
    return slices.gap(mine) if apart else None


def _is_apart(other: Ref, module: Ref, state: State) -> bool:
    """Whether a part can hold nothing of a module: both are attributes of the same one."""
    one, two = state.cell(other), state.cell(module)
    if not isinstance(one, InstanceCell | TensorCell) or not isinstance(two, InstanceCell) or one.parent is None:
        return False
    return two.parent is not None and one.parent[0] == two.parent[0] and one.parent[1] != two.parent[1]
