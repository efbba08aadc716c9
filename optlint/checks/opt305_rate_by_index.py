"""OPT305: `index // n` over the parameters of a model gives one layer two rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Severity
from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import RateByIndex

rule = Rule(
    "OPT305",
    "rate-by-index",
    "a rate chosen by `index // n` over `parameters()` splits a layer",
    severity=Severity.WARNING,
    needs=(("//",), ("enumerate", "range")),
)


@rule.check
def splits_a_layer(event: RateByIndex) -> Iterator[Diagnostic]:
    """Report the division if a boundary falls inside a layer."""
    split = _first_split(event.layout, event.divisor)
    if split is not None:
        yield rule.at(
            event.site,
            f"`{event.site.text}` splits layer {split + 1}: its {event.layout[split]} parameter tensors get "
            "different values",
        )


def _first_split(layout: tuple[int, ...], divisor: int) -> int | None:
    """The first layer whose tensors fall on both sides of a multiple of `divisor`."""
    position = 0
    for layer, count in enumerate(layout):
        if divisor > 1 and count > 1 and position // divisor != (position + count - 1) // divisor:
            return layer
        position += count
    return None
