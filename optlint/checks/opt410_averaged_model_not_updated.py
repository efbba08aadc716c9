"""OPT410: a moving average of a model that never changes, or that is the model itself."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import AverageIsModel, ParameterRebound
    from optlint.observations import AverageUnused

rule = Rule(
    "OPT410",
    "averaged-model-not-updated",
    "a moving average of a model never changes, or is the model itself",
    severity=Severity.WARNING,
    needs=((".parameters", "named_parameters", "state_dict"), ("zip", "named_parameters", "items")),
)

REBOUND = "is bound to a new tensor, which nothing reads, and the model that it came from stays as it was"
IS_MODEL = "is the model itself, not a copy: averaging them changes the weights that are trained"


@rule.check
def rebound(event: ParameterRebound) -> Iterator[Diagnostic]:
    """Report a loop that computes the average and forgets it."""
    if event.average:
        yield rule.at(event.site, f"the average never changes: `{event.name}` {REBOUND}")


@rule.check
def same_object(event: AverageIsModel) -> Iterator[Diagnostic]:
    """Report a second name for a model, where a copy was meant."""
    yield rule.at(event.site, f"`{event.name}` {IS_MODEL}", notes=(("they are averaged here", event.updated),))


@rule.check
def unused(seen: AverageUnused) -> Iterator[Diagnostic]:
    """Report an average that stays as it was while the model trains, and one that is the model."""
    messages = {
        "rebound": f"the average never changes: `{seen.words}` {REBOUND}",
        "same object": f"`{seen.words}` {IS_MODEL}",
        "itself": "the average never changes: it is averaged with itself here",
        "never called": f"the average is used, and never updated while {seen.name} trains its model",
    }
    notes = (("they are averaged here", seen.updated),) if seen.updated is not None else ()
    yield rule.at(seen.place, messages[seen.why], notes=notes, **seen.about)
