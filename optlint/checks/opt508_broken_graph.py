"""OPT508: the loss has no path to the parameters."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GraphBroken
    from optlint.observations import BackwardReachedNothing

rule = Rule(
    "OPT508",
    "broken-graph",
    "backward reaches no parameter",
    needs=(("backward", "training_step"),),
)


REASONS = {
    "leaf": "the tensor is a new leaf, made from a number or a detached value",
    "no path": "its graph ends at a tensor that was detached from the model",
    "no graph": "no tensor that needs a gradient went into it",
    "other": "it gives gradients to others only",
}


@rule.check
def cut_off(event: GraphBroken) -> Iterator[Diagnostic]:
    """Report backward on what was taken out of its graph before."""
    whose = f" of `{event.optimizer}`, which steps next" if event.optimizer else ""
    notes = [("the graph is cut off here", event.cut)] if event.cut else ()
    yield rule.at(event.site, f"backward reaches no parameter{whose}: {REASONS[event.what]}", notes=notes)


@rule.check
def no_path(seen: BackwardReachedNothing) -> Iterator[Diagnostic]:
    """Report backward on a tensor without history."""
    yield rule.at(seen.place, f"backward reaches no parameter of {seen.name}: {REASONS[seen.why]}", **seen.about)
