"""OPT302: two param groups of one optimizer hold the same parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GroupsOverlap

rule = Rule(
    "OPT302",
    "duplicate-parameter",
    "the same parameter is given to an optimizer twice",
    needs=(("optim", "Optimizer", "add_param_group", "Adam", "SGD"), ("param", "children")),
)


@rule.check
def overlapping(event: GroupsOverlap) -> Iterator[Diagnostic]:
    """Report the later group."""
    yield rule.at(
        event.site,
        f"{event.optimizer} gets the same parameters twice: `{event.site.text}` and `{event.earlier.text}` overlap",
        notes=(("the other group is here", event.earlier),),
    )
