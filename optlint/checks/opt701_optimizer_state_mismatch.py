"""OPT701: loaded state goes to the parameters by position, not by name."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import StateOfOther
    from optlint.observations import StateLoaded

rule = Rule(
    "OPT701",
    "optimizer-state-mismatch",
    "optimizer state of other parameters was loaded",
    needs=(("load_state_dict",), ("optim", "Optimizer", ".state_dict(")),
)


@rule.check
def state_of_another(event: StateOfOther) -> Iterator[Diagnostic]:
    """Report state that an optimizer of another class, or one with its parameters in another order, has saved."""
    if event.differs == "class":
        what = f"this is the state of {event.other}: {event.optimizer} finds none of what it keeps, and takes its rates"
    else:
        what = "the parameters stand in another order there, and state goes by position: each gets that of another one"
    yield rule.at(event.site, what, notes=(("the state comes from this one", event.made),))


@rule.check
def state_of_others(seen: StateLoaded) -> Iterator[Diagnostic]:
    """Report state that does not fit; a rate that came back with it is worth knowing."""
    if seen.why == "rate":
        yield rule.at(
            seen.place,
            f"loading changed the rates of {seen.name} from {seen.detail}",
            severity=Severity.INFO,
            **seen.about,
        )
    else:
        yield rule.at(
            seen.place,
            f"{seen.name} got the state of other parameters for {seen.listed}: the {seen.why} differs",
            **seen.about,
        )
