"""Reports of several processes made one: reading them back, putting them together, dropping what is said twice."""

from __future__ import annotations

import json

from optlint.auditing.memory.summaries import (
    AuditFacts,
    GroupSummary,
    OptimizerSummary,
    ParameterSummary,
    TimelinePoint,
)
from optlint.diagnostic import Diagnostic, Note, Severity, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def merged(parts: Iterable[AuditFacts]) -> AuditFacts:
    """All facts as if one process had found them; of equal diagnostics the first is kept."""
    whole = AuditFacts("")
    for part in parts:
        whole = _joined(whole, part)
    return whole._replace(diagnostics=_distinct(whole.diagnostics))


def _joined(whole: AuditFacts, part: AuditFacts) -> AuditFacts:
    shift = len(whole.optimizers)
    moved = tuple(
        one if one.optimizer is None else one._replace(optimizer=one.optimizer + shift) for one in part.diagnostics
    )
    return AuditFacts(
        whole.torch_version or part.torch_version,
        whole.diagnostics + moved,
        whole.optimizers + part.optimizers,
        whole.unowned + part.unowned,
        whole.timeline + tuple(point._replace(optimizer=point.optimizer + shift) for point in part.timeline),
        tuple(sorted({*whole.ranks, *part.ranks})),
    )


def _distinct(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What several processes say, or the journal beside a report says too, is said once, with all their ranks."""
    by_place: dict[tuple[object, ...], list[Diagnostic]] = {}
    for one in diagnostics:
        said = by_place.setdefault((one.code, one.span[:3], one.severity, one.parameters), [])
        at = next((at for at, other in enumerate(said) if _is_same(one, other)), None)
        if at is None:
            said.append(one)
        else:
            said[at] = said[at]._replace(ranks=tuple(sorted({*said[at].ranks, *one.ranks})))
    return tuple(one for said in by_place.values() for one in said)


def _is_same(one: Diagnostic, other: Diagnostic) -> bool:
    """Other ranks may count other numbers of steps."""
    of_other_ranks = bool(one.ranks and other.ranks) and not set(one.ranks) & set(other.ranks)
    return one.message == other.message or of_other_ranks


def journal_facts(lines: Iterable[str]) -> AuditFacts:
    """What a journal tells: diagnostics only. The last line may be torn, and the optimizers are not known."""
    found = (_diagnostic(json.loads(line)) for line in lines if line.endswith("\n"))
    return AuditFacts("", tuple(one._replace(optimizer=None) for one in found))


def facts_from_json(report: dict[str, Any]) -> AuditFacts:
    """The facts that a JSON report was made of."""
    return AuditFacts(
        report["torch"],
        tuple(_diagnostic(one) for one in report["diagnostics"]),
        tuple(_optimizer(one) for one in report["optimizers"]),
        tuple(_parameter(one) for one in report["unowned"]),
        tuple(TimelinePoint(**{**point, "lr": tuple(point["lr"])}) for point in report["timeline"]),
    )


def _diagnostic(one: dict[str, Any]) -> Diagnostic:
    return Diagnostic(
        one["code"],
        one["name"],
        one["message"],
        Severity(one["severity"]),
        _span(one),
        tuple(Note(note["message"], _span(note)) for note in one["notes"]),
        None,
        one["optimizer"],
        one["group"],
        tuple(one["parameters"]),
        one["step"],
        one["rank"],
        tuple(one.get("ranks", ())),
    )


def _span(place: dict[str, Any]) -> Span:
    """The report tells where a span starts only."""
    row, column = place["row"], place.get("column", 1)
    return Span(place["filename"], row, column, row, column)


def _optimizer(one: dict[str, Any]) -> OptimizerSummary:
    place = _span(one) if one["filename"] is not None else None
    return OptimizerSummary(one["class"], place, one["steps"], tuple(_group(group) for group in one["groups"]))


def _group(one: dict[str, Any]) -> GroupSummary:
    parameters = tuple(_parameter(parameter) for parameter in one["parameters"])
    return GroupSummary(one["index"], one["lr"], one["hyperparameters"], parameters)


def _parameter(one: dict[str, Any]) -> ParameterSummary:
    cause = None if one["cause"] is None else _span(one["cause"])
    return ParameterSummary(**{**one, "shape": tuple(one["shape"]), "cause": cause})
