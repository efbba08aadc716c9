"""The answer at one look: how much trains, at which rates, what never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.output.picture.causes import kinds
from optlint.output.picture.tiles import FROZEN, NEVER, TRAINING, UNKNOWN, UNOWNED, elements, picture_of
from optlint.output.picture.words import listed, rate, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from optlint.output.picture.tiles import Picture, Tile

NAMED = 3


def sentences(report: Mapping[str, Any]) -> str:
    """All that the top of the page says, as plain text."""
    picture = picture_of(report)
    told = [f"{phrase}{': ' if names else ''}{', '.join(names)}." for _, phrase, names in shortfalls(picture)]
    return " ".join([headline(picture), *told])


def headline(picture: Picture) -> str:
    """One sentence about what trains."""
    if not picture.optimizers:
        return "No optimizer was seen."
    training, whole = picture.of(*TRAINING), elements(picture.tiles)
    verb = "train" if picture.ran else "would train"
    if not training:
        unclear = elements(picture.of(UNKNOWN)) == whole
        return "It is not known yet what trains." if unclear else f"None of the {size(whole)} elements {_ends(verb)}."
    trained = elements(training)
    return f"{_amount(trained, whole)} elements {verb}, at {_rates(picture, training)}."


def _amount(trained: int, whole: int) -> str:
    if trained == whole:
        return f"All {size(whole)}"
    rest = "All but " + size(whole - trained) if size(trained) == size(whole) else size(trained)
    return f"{rest} of {size(whole)}"


def _ends(verb: str) -> str:
    return "trains" if verb == "train" else verb


def _rates(picture: Picture, training: Sequence[Tile]) -> str:
    used = {picture.swatches[tile.swatch] for tile in training if tile.swatch != UNOWNED}
    rates = sorted({one.highest for one in used if isinstance(one.highest, float | int)}, reverse=True)
    if not rates or any(not isinstance(one.highest, float | int) for one in used):
        return "rates that are not known"
    upto = "up to " if any(one.highest != one.lowest for one in used) else ""
    if len(rates) == 1:
        return f"one rate: {upto}{rate(rates[0])}"
    if len(rates) <= NAMED:
        return f"{len(rates)} rates: {upto}{listed([rate(one) for one in rates])}"
    return f"{len(rates)} rates: from {rate(rates[0])} down to {rate(rates[-1])}"


def shortfalls(picture: Picture) -> list[tuple[str, str, tuple[str, ...]]]:
    """What does not train: the state, a phrase with how much it is, and the names that matter most."""
    phrases = (
        (NEVER, "never train" if picture.ran else "would never train"),
        (UNKNOWN, "are not known yet"),
        (FROZEN, "are frozen"),
    )
    told = []
    for state, phrase in phrases:
        tiles = picture.of(state)
        if tiles:
            names = _largest(tiles) if state == NEVER else ()
            told.append((state, f"{size(elements(tiles))} {phrase}", names))
    return told


def _largest(tiles: Sequence[Tile]) -> tuple[str, ...]:
    names = kinds(tiles)
    return (*names[:NAMED], *([f"and {len(names) - NAMED} more"] if len(names) > NAMED else []))
