"""OPT501: gradients that are never cleared pile up from step to step."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import StepRepeated, StepUncleared
    from optlint.observations import RoundsSeen

rule = Rule(
    "OPT501",
    "missing-zero-grad",
    "gradients are not cleared between steps",
    needs=(TRAINING, ("step",)),
)


@rule.check
def never_cleared(event: StepUncleared) -> Iterator[Diagnostic]:
    """Report a step in a loop that clears nothing, or what does not belong to the optimizer."""
    what, when = ("not cleared in this loop", "rounds") if event.looped else ("cleared nowhere", "calls")
    if event.closure:
        what, when = "not cleared in its closure", "evaluations"
    note = "this clears other gradients" if event.cleared_inside else "this is not repeated before each backward"
    yield rule.at(
        event.site,
        f"the gradients of `{event.optimizer}` are {what}: each backward adds to those of all {when} before",
        notes=[(note, event.cleared)] if event.cleared else (),
    )


@rule.check
def used_again(event: StepRepeated) -> Iterator[Diagnostic]:
    """Report a step before which nothing clears what the step before it used."""
    yield rule.at(
        event.site,
        f"the gradients of `{event.optimizer}` are not cleared since its step before: this one uses them again",
        notes=(("the step before", event.before),),
    )


@rule.check
def piled_up(seen: RoundsSeen) -> Iterator[Diagnostic]:
    """Report gradients that each backward adds to those of all steps before."""
    if seen.uncleared:
        yield rule.at(
            seen.place,
            f"the gradients of {seen.name} were not cleared in {seen.uncleared} steps in a row: each backward adds to "
            "those of all steps before",
            **seen.about,
        )
