"""What the optimizers that somebody's function builds tell by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import Module
from torch.optim import Optimizer

from optlint.auditing.api import audit
from optlint.auditing.memory.summaries import AuditFacts
from optlint.auditing.reports.explaining import facts_without_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from optlint.auditing.memory.summaries import OptimizerSummary


def facts_of_built(build: Callable[[], object]) -> AuditFacts | None:
    """The same of all optimizers that `build` returns, beside their model; None where it returns none."""
    with audit() as watched:
        parts = list(_parts(build()))
    model = next((one for one in parts if isinstance(one, Module)), None)
    optimizers = [one for one in parts if isinstance(one, Optimizer)]
    each = [facts_without_run(optimizer, model) for optimizer in optimizers]
    if not each:
        return None
    names = [{one.name for one in facts.unowned} for facts in each]
    built = _with_places([one for facts in each for one in facts.optimizers], watched.optimizers)
    left_out = tuple(one for one in each[0].unowned if all(one.name in its for its in names))
    return AuditFacts(each[0].torch_version, watched.diagnostics, built, left_out)


def _parts(built: object) -> Iterator[object]:
    """What a function has returned, however it is packed."""
    match built:
        case dict():
            yield from (part for value in built.values() for part in _parts(value))
        case list() | tuple():
            yield from (part for value in built for part in _parts(value))
        case _:
            yield built


def _with_places(
    explained: Sequence[OptimizerSummary], watched: Sequence[OptimizerSummary]
) -> tuple[OptimizerSummary, ...]:
    """With the lines that built them, where these are sure to be the same optimizers in the same order."""
    if [one.class_name for one in explained] != [one.class_name for one in watched]:
        return tuple(explained)
    return tuple(one._replace(place=seen.place) for one, seen in zip(explained, watched, strict=True))
