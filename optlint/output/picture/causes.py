"""What is not trained, why and where: all parameters that one reason holds for make one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.output.picture.tiles import FROZEN, NEVER, UNKNOWN, elements
from optlint.output.picture.words import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from optlint.output.picture.tiles import Picture, Tile

RANKS = (NEVER, UNKNOWN, FROZEN)
FEW = 4  # parameters that are named one by one


class Cause(NamedTuple):
    """Some parameters that are not trained, for the same reason; `told` is the diagnostic about them."""

    state: str
    names: tuple[str, ...]  # the largest first, with a `*` for what differs between layers of one kind
    tensors: int
    elements: int
    reason: str
    place: Mapping[str, Any] | None
    told: int | None


def causes(picture: Picture) -> list[Cause]:
    """All that is not trained, the worst first."""
    found: dict[object, list[Tile]] = {}
    for tile in picture.of(*RANKS):
        place = (tile.place["filename"], tile.place["row"]) if tile.place else None
        key = (tile.state, tile.told) if tile.told is not None else (tile.state, tile.reason, place)
        found.setdefault(key, []).append(tile)
    return sorted(map(_cause, found.values()), key=lambda cause: (RANKS.index(cause.state), -cause.elements))


def _cause(tiles: Sequence[Tile]) -> Cause:
    first = tiles[0]
    reason = first.reason or first.state
    return Cause(first.state, kinds(tiles), len(tiles), elements(tiles), reason, first.place, first.told)


def kinds(tiles: Iterable[Tile]) -> tuple[str, ...]:
    """Their names, the largest first; where they are many, those of layers of one kind as one."""
    alike: dict[str, list[Tile]] = {}
    for tile in tiles:
        alike.setdefault(folded(tile.name), []).append(tile)
    many = sum(map(len, alike.values())) > FEW
    ordered = sorted(alike.items(), key=lambda pair: -elements(pair[1]))
    return tuple(
        shown for name, own in ordered for shown in ([name] if many and own[1:] else [one.name for one in own])
    )
