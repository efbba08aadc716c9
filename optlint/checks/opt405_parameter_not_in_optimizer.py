"""OPT405: parameters that get gradients but belong to no optimizer."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import (
        CriterionLeftOut,
        GroupsLeaveGap,
        GroupTooLate,
        PartAdded,
        PartLeftOut,
        ThawedLeftOut,
    )
    from optlint.observations import Unowned

rule = Rule(
    "OPT405",
    "parameter-not-in-optimizer",
    "trainable parameters that no optimizer owns",
    needs=((*OPTIMIZERS, "requires_grad"),),
)


@rule.check
def gap_between_slices(event: GroupsLeaveGap) -> Iterator[Diagnostic]:
    """Report an optimizer whose groups leave out children between two slices."""
    yield rule.at(
        event.site,
        f"{event.optimizer} never trains `{event.missing}`: "
        "its groups take the model apart by its children and leave that out",
        notes=tuple(("a group takes its layers from here", part) for part in event.parts),
    )


@rule.check
def criterion_left_out(event: CriterionLeftOut) -> Iterator[Diagnostic]:
    """Report an optimizer of a model whose loss has parameters that no optimizer was given."""
    yield rule.at(
        event.site,
        f"{event.optimizer} never trains `{event.parameter}`: the loss is computed with it, and no optimizer has it",
        notes=(("the loss is computed here", event.used),),
    )


@rule.check
def thawed_later(event: ThawedLeftOut) -> Iterator[Diagnostic]:
    """Report parameters that are switched on after an optimizer took only those that were."""
    yield rule.at(
        event.site,
        f"{event.optimizer} never trains what can be trained from here on: it was built without it",
        notes=(("it takes what can be trained here", event.built),),
    )


@rule.check
def added_later(event: PartAdded) -> Iterator[Diagnostic]:
    """Report a part that a model gets after its optimizer was built."""
    yield rule.at(
        event.site,
        f"{event.optimizer} never trains what becomes part of the model here: it was built before",
        notes=(("it is built here", event.built),),
    )


@rule.check
def left_out_by_name(event: PartLeftOut) -> Iterator[Diagnostic]:
    """Report an optimizer that was given parts of a model by name, but for one that they are trained through."""
    yield rule.at(
        event.site,
        f"{event.optimizer} never trains `{event.missing}`: no optimizer was given it, only the parts around it",
        notes=(("something is computed from it here", event.used),),
    )


@rule.check
def in_no_group(event: GroupTooLate) -> Iterator[Diagnostic]:
    """Report parameters in a list of groups that the optimizer was not built from, or not with them."""
    yield rule.at(
        event.site,
        f"{event.optimizer} never trains these: it took its groups from a list without them",
        notes=(("it is built here", event.built),),
    )


REASONS = {
    "added": "became part of the model after the optimizer was built",
    "unfrozen": "frozen when the optimizer was built and trainable since",
    "gap": "between the parts of the model that its groups were taken from",
    "dropped": "set on the model itself, which a list of its children leaves out",
    "criterion": "in a module of its own that no optimizer was given",
}


@rule.check
def gradients_for_nobody(seen: Unowned) -> Iterator[Diagnostic]:
    """Report parameters with gradients that no step uses: an error where that can't be meant."""
    if seen.why in REASONS:
        yield rule.at(
            seen.place,
            f"{seen.name} never trains {seen.listed}, and yet gradients arrive: {REASONS[seen.why]}",
            **seen.about,
        )
    elif seen.why == "other":
        yield rule.at(
            seen.place,
            f"the loss reaches {seen.listed}, which can be trained and is in no optimizer",
            severity=Severity.INFO,
            **seen.about,
        )
