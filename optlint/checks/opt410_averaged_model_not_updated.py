"""OPT410: a moving average of a model that never changes, or that is the model itself."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import AverageIsModel, ParameterRebound

rule = Rule(
    "OPT410",
    "averaged-model-not-updated",
    "a moving average of a model never changes, or is the model itself",
    severity=Severity.WARNING,
    needs=((".parameters", "named_parameters"), ("zip",)),
)


@rule.check
def rebound(event: ParameterRebound) -> Iterator[Diagnostic]:
    """Report a loop that computes the average and forgets it."""
    if event.average:
        yield rule.at(
            event.site,
            f"the average never changes: `{event.name}` is bound to a new tensor, which nothing reads, and the model "
            "that it came from stays as it was",
        )


@rule.check
def same_object(event: AverageIsModel) -> Iterator[Diagnostic]:
    """Report a second name for a model, where a copy was meant."""
    yield rule.at(
        event.site,
        f"`{event.name}` is the model itself, not a copy: averaging them changes the weights that are trained",
        notes=(("they are averaged here", event.updated),),
    )
