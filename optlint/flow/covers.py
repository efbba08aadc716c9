"""Which parameters the groups of one optimizer hold, as slices of modules: twice held, or left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optlint.flow import events, modules
from optlint.flow.values import Cover, InstanceCell, Ref

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Machine
    from optlint.flow.state import State


@dataclass(frozen=True, slots=True)
class Group:
    """What one group holds, where that is known, and where it was written."""

    site: Site
    covers: tuple[Cover, ...] | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A cover in terms of one module's children: from `start` to before `stop`; None is the end."""

    site: Site
    module: Ref
    start: int
    stop: int | None
    sliced: bool


def judge(machine: Machine, state: State, optimizer: str, site: Site, groups: tuple[Group, ...]) -> None:
    """Tell of groups that overlap, and of slices that leave a gap."""
    parts = [(group.site, cover) for group in groups for cover in group.covers or ()]
    if len(parts) < 2:
        return
    for later in range(1, len(parts)):
        for earlier in range(later):
            what = _shared(parts[earlier][1], parts[later][1], state)
            if what is not None:
                machine.emit(events.GroupsOverlap(parts[later][0], optimizer, parts[earlier][0], what))
                break
    if all(group.covers is not None for group in groups):
        _judge_gaps(machine, state, optimizer, site, parts)


def _shared(first: Cover, second: Cover, state: State) -> str | None:
    """What two covers have in common, in words; None if nothing or if that cannot be told."""
    if first.module == second.module:
        return _shared_slice(first, second, state)
    for outer, inner in ((first, second), (second, first)):
        if inner.sliced:
            continue
        place = _place_within(inner.module, outer.module, state)
        if place is not None and (not outer.sliced or _holds(outer, place, state)):
            return "all of the smaller one"
    return None


def _shared_slice(first: Cover, second: Cover, state: State) -> str | None:
    if not first.sliced or not second.sliced:
        return "the same module"
    one, two = _normal(first, state), _normal(second, state)
    if one is None or two is None:
        return None
    (a, b), (c, d) = one, two
    if (a is not None and d is not None and not _same_sign(a, d)) or (
        c is not None and b is not None and not _same_sign(c, b)
    ):
        return None
    before = b is not None and c is not None and _at_most(b, c)
    after = d is not None and a is not None and _at_most(d, a)
    if before or after or _is_empty(one) or _is_empty(two):
        return None
    if (a is None and c is None) or (b is None and d is None):
        return "children"
    decided = (b is None or c is None or _same_sign(b, c)) and (a is None or d is None or _same_sign(a, d))
    return "children" if decided and (a is None or c is None or _same_sign(a, c)) else None


def _is_empty(part: tuple[int | None, int | None]) -> bool:
    start, stop = part
    return start is not None and stop is not None and _same_sign(start, stop) and start >= stop


def _same_sign(one: int, two: int) -> bool:
    return (one < 0) == (two < 0)


def _at_most(one: int, two: int) -> bool:
    return _same_sign(one, two) and one <= two


def _normal(cover: Cover, state: State) -> tuple[int | None, int | None] | None:
    """Start and stop of a slice, counted from the front where the number of children is known; None is open."""
    start = None if cover.start in (None, 0) else cover.start
    stop = cover.stop
    children = modules.children_of(cover.module, state)
    if children is not None:
        first, last, _ = slice(start, stop).indices(len(children))
        return (first or None, None if last >= len(children) else last)
    return start, stop


def _place_within(inner: Ref, outer: Ref, state: State) -> int | None:
    """The position of a module among the children of another; -1 if it is one, at an unknown place."""
    children = modules.children_of(outer, state)
    if children is not None and inner in children:
        return children.index(inner)
    cell = state.get(inner, InstanceCell)
    return -1 if cell is not None and cell.parent is not None and cell.parent[0] == outer else None


def _holds(cover: Cover, place: int, state: State) -> bool:
    children = modules.children_of(cover.module, state)
    if children is None or place < 0:
        return False
    return place in range(*slice(cover.start, cover.stop).indices(len(children)))


def _judge_gaps(
    machine: Machine, state: State, optimizer: str, site: Site, parts: list[tuple[Site, Cover]]
) -> None:
    """Slices of one module that start at its front and end at its back, with something left out between."""
    sliced = [(where, cover) for where, cover in parts if cover.sliced]
    if len(sliced) < 2 or len({cover.module for _, cover in sliced}) > 1:
        return
    module = sliced[0][1].module
    cell = state.get(module, InstanceCell)
    if cell is None or cell.frozen:
        return
    children = modules.children_of(module, state)
    missing = _known_gap(parts, children, module, state) if children is not None else _symbolic_gap(sliced, parts)
    if missing:
        machine.emit(events.GroupsLeaveGap(site, optimizer, tuple(where for where, _ in sliced), missing))


def _known_gap(
    parts: list[tuple[Site, Cover]], children: tuple[object, ...], module: Ref, state: State
) -> str | None:
    held: set[int] = set()
    for _, cover in parts:
        if cover.module == module:
            held.update(range(*slice(cover.start, cover.stop).indices(len(children))))
        else:
            place = _place_within(cover.module, module, state)
            held.update(() if place is None else (place,))
    left = [n for n in range(len(children)) if n not in held and min(held, default=n) < n < max(held, default=n)]
    wanted = [n for n in left if modules.has_parameters(children[n], state) is not False]  # type: ignore[arg-type]
    return _range_words(wanted[0], wanted[-1] + 1) if wanted else None


def _symbolic_gap(sliced: list[tuple[Site, Cover]], parts: list[tuple[Site, Cover]]) -> str | None:
    """A gap between slices whose ends are counted from the same side, in a module of unknown size."""
    if len(sliced) != len(parts):
        return None
    covers = sorted((cover for _, cover in sliced), key=lambda cover: (cover.start not in (None, 0), cover.start or 0))
    if covers[0].start not in (None, 0) or covers[-1].stop is not None:
        return None
    for first, second in zip(covers, covers[1:], strict=False):
        if first.stop is None or second.start is None or not _same_sign(first.stop, second.start):
            return None
        if second.start > first.stop:
            return _range_words(first.stop, second.start)
    return None


def _range_words(start: int, stop: int) -> str:
    return f"[{start}]" if stop == start + 1 else f"[{start}:{stop}]"
