"""OPT804: what should be copies of one parameter on several ranks are not the same."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import Diverged, RanksUneven

SHOWN = 4

rule = Rule(
    "OPT804",
    "replicas-diverged",
    "the copies of a parameter on several ranks differ",
    needs=RUN_ONLY,
)


@rule.check
def not_the_same_on_all_ranks(seen: Diverged) -> Iterator[Diagnostic]:
    """Report the first parameter or hyperparameter that is not what it is on other ranks."""
    notes = [] if seen.wrapped is None else [("wrapped here", seen.wrapped)]
    message = _setting(seen) if seen.setting else _values(seen)
    yield rule.at(seen.place, message, notes=notes, **seen.about, rank=seen.rank)


@rule.check
def not_as_often_on_all_ranks(seen: RanksUneven) -> Iterator[Diagnostic]:
    """Tell of ranks that took other numbers of steps or ended at other rates, which may be meant."""
    by_value: dict[str, list[str]] = {}
    for rank, value in seen.values:
        by_value.setdefault(value, []).append(str(rank))
    shown = [f"{value} on rank {', '.join(ranks[:SHOWN])}{_more(ranks)}" for value, ranks in by_value.items()]
    what = f"steps of {seen.name}" if seen.what == "steps" else f"the rate of group {seen.group} of {seen.name}"
    message = f"{what} differ between ranks: {'; '.join(shown[:SHOWN])}"
    if seen.what == "rate":
        message = message.replace("differ", "differs", 1)
    yield rule.at(seen.place, message, severity=Severity.INFO, **seen.about)


def _more(ranks: list[str]) -> str:
    return f" and {len(ranks) - SHOWN} more" if len(ranks) > SHOWN else ""


def _setting(seen: Diverged) -> str:
    assert seen.setting is not None
    key, here, there = seen.setting
    return (
        f"`{key}` of group {seen.group} of {seen.name} is {here} on rank {seen.reference} and {there} on rank "
        f"{seen.rank} after step {seen.step}, so copies of the same parameters drift apart"
    )


def _values(seen: Diverged) -> str:
    first, *more = seen.parameters
    also = f" and {len(more)} more" if more else ""
    verb = "differ" if more else "differs"
    before = f", not yet after step {seen.equal_until}" if seen.equal_until else ""
    return (
        f"`{first}`{also} {verb} on rank {_ranks(seen)} from rank {seen.reference} after step {seen.step} of "
        f"{seen.name}{before}: {_how_far(seen)}{_why(seen)}"
    )


def _ranks(seen: Diverged) -> str:
    more = len(seen.others) - 1
    return f"{seen.rank} (and {more} more)" if more > 0 else str(seen.rank)


def _how_far(seen: Diverged) -> str:
    if seen.values is None:
        return f"its norm is {100 * seen.share:.2g} % off"
    return f"one element is {seen.values[1]:.6g} instead of {seen.values[0]:.6g}"


def _why(seen: Diverged) -> str:
    here, there = seen.backwards
    if here != there:
        return f"; it ran {there} backward passes, rank {seen.reference} ran {here}"
    if seen.idle:
        return "; DistributedDataParallel has averaged no gradient: it was never called itself, or under `no_sync`"
    return ""
