"""Which parts of which models a value holds: what an iterator gives, and what lists were put together from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cover, IteratorCell, SequenceCell, TensorCell
from optlint.flow.core.values import Ref, Value

if TYPE_CHECKING:
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

OF_ONE_MODULE = frozenset({"parameters", "named_parameters"})


def covers_of(value: Value, state: State) -> tuple[Cover, ...] | None:
    """Which parts of which models a value holds, where that is known."""
    cell = state.cell(value)
    if isinstance(cell, SequenceCell) and cell.items == ():
        return ()
    return cell.covers if isinstance(cell, IteratorCell | SequenceCell) else None


def own_covers(value: Value, state: State) -> tuple[Cover, ...] | None:
    """The same of what was not put together in rounds: one of `modules()` gives its parameters once."""
    cell, covers = state.get(value, IteratorCell), covers_of(value, state)
    return only_once(covers) if cell is not None and cell.kind in OF_ONE_MODULE else covers


def cover_of_tensor(value: Value, site: Site, state: State) -> tuple[Cover, ...] | None:
    """A tensor that can be told from others: a Parameter by itself, or `layer.weight`."""
    cell = state.get(value, TensorCell)
    if cell is None or not isinstance(value, Ref):
        return None
    summary = cell.how in ("parameter", "group parameter", "`buffers()`", "piece") and cell.parent is None
    return None if summary else (Cover(value, site=site),)


def joined_covers(values: tuple[Value, ...], state: State) -> tuple[Cover, ...] | None:
    """The same of several values together; a list of tensors is known by these."""
    found = [_parts_of(value, state) for value in values]
    if None in found or not found:
        return None
    covers = [cover for group in found for cover in group or ()]
    rounds = [cover for place, cover in enumerate(covers) if (cover.sliced or cover.again) and cover in covers[:place]]
    return tuple(cover for cover in covers if cover not in rounds) + tuple(dict.fromkeys(rounds))


def _parts_of(value: Value, state: State) -> tuple[Cover, ...] | None:
    known, cell = covers_of(value, state), state.get(value, SequenceCell)
    if known is not None or cell is None or cell.items is None or cell.made is None:
        return known
    whole = (cell.made,) * len(cell.items)
    sites = cell.sites if cell.sites is not None and len(cell.sites) == len(cell.items) else whole
    alone = [cover_of_tensor(item, site, state) for item, site in zip(cell.items, sites, strict=True)]
    return None if None in alone else tuple(cover for covers in alone for cover in covers or ())


def only_once(covers: tuple[Cover, ...] | None) -> tuple[Cover, ...] | None:
    """What a set of these holds."""
    return covers and tuple(dict.fromkeys(replace(cover, again=False) for cover in covers))


def placed(covers: tuple[Cover, ...] | None, site: Site) -> tuple[Cover, ...] | None:
    """The same covers, as put together at `site`."""
    return covers and tuple(replace(cover, site=site) for cover in covers)
