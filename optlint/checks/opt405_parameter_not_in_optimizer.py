"""OPT405: parameters that get gradients but belong to no optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GroupsLeaveGap

rule = Rule(
    "OPT405",
    "parameter-not-in-optimizer",
    "trainable parameters that no optimizer owns",
    needs=(("optim", "Optimizer", "add_param_group", "Adam", "SGD"), ("children",)),
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
