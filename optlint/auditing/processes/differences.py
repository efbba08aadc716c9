"""What differs between the reports of several ranks that have built the same optimizer; needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optlint.auditing.processes.merge import merged
from optlint.observations import RanksUneven

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.auditing.memory.summaries import AuditFacts, OptimizerSummary
    from optlint.diagnostic import Diagnostic


def merged_with_differences(
    parts: Sequence[AuditFacts], select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()
) -> AuditFacts:
    """All facts, and what is to be told of ranks that stepped more often than others, or at other rates."""
    whole, seen = merged(parts), list(_uneven(parts))
    if not seen:
        return whole
    from optlint.auditing.reports.choice import Choice

    choice = Choice(select, ignore)
    judged = (choice.of(one) for each in seen for one in choice.registry.judge(each))
    news = tuple(one for one in judged if one is not None and not _is_told(one, parts))
    return whole._replace(diagnostics=(*whole.diagnostics, *news))


def _is_told(info: Diagnostic, parts: Sequence[AuditFacts]) -> bool:
    """Whether an error says at this place that ranks have drifted apart."""
    return any(one.code == info.code and one.span[:2] == info.span[:2] for part in parts for one in part.diagnostics)


def _uneven(parts: Sequence[AuditFacts]) -> Iterator[RanksUneven]:
    by_rank = {part.ranks[0]: part.optimizers for part in parts if len(part.ranks) == 1 and part.optimizers}
    if len(by_rank) < 2:
        return
    for index, one in enumerate(by_rank[min(by_rank)]):
        alike = {
            rank: optimizers[index]
            for rank, optimizers in sorted(by_rank.items())
            if index < len(optimizers) and _identity(optimizers[index]) == _identity(one)
        }
        yield from _of_optimizer(index, one, alike)


def _identity(optimizer: OptimizerSummary) -> tuple[object, ...]:
    parameters = tuple((parameter.name, parameter.shape) for parameter in optimizer.parameters)
    return optimizer.class_name, optimizer.place, parameters


def _of_optimizer(index: int, one: OptimizerSummary, alike: dict[int, OptimizerSummary]) -> Iterator[RanksUneven]:
    if one.place is None:
        return
    told: dict[str, Any] = {
        "place": one.place,
        "optimizer": index,
        "name": f"the {one.class_name} optimizer",
        "step": one.steps,
    }
    steps = tuple((rank, str(other.steps)) for rank, other in alike.items())
    if len({value for _, value in steps}) > 1:
        yield RanksUneven(what="steps", values=steps, **told)
        return
    for group in one.groups:
        rates = tuple((rank, f"{other.groups[group.index].lr}") for rank, other in alike.items())
        if len({value for _, value in rates}) > 1:
            yield RanksUneven(what="rate", values=rates, group=group.index, **told)
