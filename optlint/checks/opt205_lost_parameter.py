"""OPT205: `nn.Parameter(…).to(device)` is a plain tensor again: the module does not register it."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ParameterLost
    from optlint.observations import Unowned

rule = Rule(
    "OPT205",
    "lost-parameter",
    "a tensor computed from a fresh Parameter is stored on a module, which does not register it",
    needs=(("Parameter",),),
)


@rule.check
def lost(event: ParameterLost) -> Iterator[Diagnostic]:
    """Report the value that is stored."""
    recipe = event.recipe
    edits = remedies.leaf_last(recipe.made.written, recipe.leaves[0].written) if recipe else None
    yield rule.at(
        event.site,
        f"`{event.attribute}` is not a parameter: {event.how} gives a plain tensor, so the module does not register "
        "it and no optimizer gets it",
        fix=remedies.fix("make the Parameter last", edits),
    )


@rule.check
def computed_and_unowned(seen: Unowned) -> Iterator[Diagnostic]:
    """Report a Parameter that only a plain attribute computed from it reaches."""
    if seen.why == "computed":
        yield rule.at(
            seen.place,
            f"`{seen.holder}` is not a parameter: it was computed from one, so the module does not register it and "
            f"{seen.name} never trains it",
            **seen.about,
        )
