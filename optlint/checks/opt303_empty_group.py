"""OPT303: a param group that holds no parameter at all."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GroupEmpty
    from optlint.observations import GroupGiven

rule = Rule(
    "OPT303",
    "empty-group",
    "a param group holds nothing",
    severity=Severity.WARNING,
    needs=(OPTIMIZERS,),
)


CAUSES = {
    "filter": "its test asks for a `requires_grad` that none of these parameters has here",
    "module": "this part of the model has no parameters",
    "list": "nothing is ever put into the list",
    "slice": "the list ends before the slice begins",
}


@rule.check
def shown_to_be_empty(event: GroupEmpty) -> Iterator[Diagnostic]:
    """Report a group of which the code shows that it is empty."""
    yield rule.at(
        event.site, f"`{event.site.text}` gives {event.optimizer} no parameters at all: {CAUSES[event.cause]}"
    )


@rule.check
def holds_nothing(seen: GroupGiven) -> Iterator[Diagnostic]:
    """Report a group without parameters; one from a used iterator is OPT101's."""
    if seen.size or seen.iterator is not None:
        return
    if seen.group is None:
        yield rule.at(
            seen.place,
            f"{seen.name} holds no parameters at all, so its steps train nothing of what the loss reaches: "
            f"{seen.listed}",
            **seen.about,
        )
    else:
        source = f": nothing came out of `{seen.source}`" if seen.source else ""
        yield rule.at(
            seen.place, f"group {seen.group} of {seen.name} is empty{source}", severity=Severity.INFO, **seen.about
        )
