"""What the page's scripts draw from: the tiles, swatches and timeline as compact JSON inside the page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from optlint.output.picture.tiles import Picture, Tile

_DANGEROUS = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def data_of(picture: Picture, report: Mapping[str, Any]) -> str:
    """JSON that no name in it can break out of."""
    whys = [_why(tile, report) for tile in picture.tiles]
    reasons = {why: number for number, why in enumerate(dict.fromkeys(whys))}
    content = {
        "swatches": [swatch._asdict() for swatch in picture.swatches],
        "optimizers": {at: report["optimizers"][at]["class"] for at in picture.numbers},
        "reasons": list(reasons),
        "tiles": [_row(tile, reasons[why]) for tile, why in zip(picture.tiles, whys, strict=True)],
        "timeline": [point for point in report["timeline"] if point["optimizer"] in picture.numbers],
    }
    return json.dumps(content, separators=(",", ":")).translate(_DANGEROUS)


def _row(tile: Tile, reason: int) -> list[object]:
    """In the order that `model.js` reads."""
    return [tile.name, tile.shape, tile.dtype, tile.numel, tile.swatch, tile.state, tile.grad, tile.moved, reason]


def _why(tile: Tile, report: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """The reason, the line, and the code of the rule."""
    where = f"{tile.place['filename']}:{tile.place['row']}" if tile.place else None
    return tile.reason, where, report["diagnostics"][tile.told]["code"] if tile.told is not None else None
