"""OPT305: `index // n`, or a place in the list of a model's parameters, gives one layer two rates."""

from __future__ import annotations

from itertools import pairwise
from operator import itemgetter

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import RateByIndex
    from optlint.observations import RatesSplitLayers

rule = Rule(
    "OPT305",
    "rate-by-index",
    "a rate chosen by place in `parameters()` splits a layer",
    severity=Severity.WARNING,
    needs=(
        ("//", "divmod", "int(", "floor", "ceil", "trunc", "round(", "[:", ":]", " < ", " > ", "<=", ">="),
        ("enumerate", "range", "zip", "+= 1", "+=1", "+ 1", "[:", ":]"),
        ("arameters",),
        ('"lr"', "'lr'", "lr=", "requires_grad"),
    ),
)


@rule.check
def splits_a_layer(event: RateByIndex) -> Iterator[Diagnostic]:
    """Report the division, slice or comparison if a boundary falls inside a layer."""
    placed = sorted(zip(event.layers, range(len(event.layers)), event.rates, strict=True), key=itemgetter(0, 1))
    split = next((one[0] for one, other in pairwise(placed) if one[0] == other[0] and one[2] != other[2]), None)
    if split is not None:
        yield rule.at(
            event.site,
            f"`{event.site.text}` splits layer {split + 1}: its {event.layers.count(split)} parameter tensors get "
            "different values",
        )


@rule.check
def runs_cut_layers(seen: RatesSplitLayers) -> Iterator[Diagnostic]:
    """Report rates that change after each so many parameters, whatever layer they are in."""
    yield rule.at(
        seen.place,
        f"{seen.name} has different rates for the parameters of one layer ({', '.join(seen.layers)}): its rates change "
        "by position in `parameters()`",
        **seen.about,
    )
