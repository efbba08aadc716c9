"""`AuditReport`: the facts of an audit for people (a table), programs (JSON) and notebooks (HTML)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.auditing.memory.summaries import (
        AuditFacts,
        GroupSummary,
        OptimizerSummary,
        ParameterSummary,
        TimelinePoint,
    )
    from optlint.diagnostic import Diagnostic, Note, Span

VERSION = 1


class AuditError(AssertionError):
    """Raised by `AuditReport.raise_for_errors`; its text is the report."""


class AuditReport:
    """What an audit has found out, up to now while it runs, for good once it has stopped."""

    def __init__(self, read: Callable[[], AuditFacts]) -> None:
        self._read = read

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All diagnostics, in the order in which they appeared."""
        return self._read().diagnostics

    @property
    def optimizers(self) -> tuple[OptimizerSummary, ...]:
        """All optimizers that were seen, in the order in which they were built."""
        return self._read().optimizers

    @property
    def unowned(self) -> tuple[ParameterSummary, ...]:
        """What the loss reaches, can be trained, and is in no optimizer that steps; and what was left out frozen."""
        return self._read().unowned

    @property
    def timeline(self) -> tuple[TimelinePoint, ...]:
        """Samples of rates and norms."""
        return self._read().timeline

    @property
    def facts(self) -> AuditFacts:
        """All of it, as plain values."""
        return self._read()

    @property
    def ok(self) -> bool:
        """Whether there is no error and no warning; info never counts."""
        return not any(diagnostic.severity.counts for diagnostic in self.diagnostics)

    def raise_for_errors(self) -> None:
        """Raise `AuditError` where a diagnostic is an error."""
        if any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics):
            raise AuditError(f"the audit found errors\n{self}")

    def to_json(self) -> str:
        """The report as JSON text, as `optlint run --report FILE.json` writes it; NaN and infinity are strings."""
        return json.dumps(facts_as_json(self._read()), indent=2, allow_nan=False)

    def to_html(self) -> str:
        """The report as one HTML page without any outside resource."""
        from linecache import getlines

        from optlint.output.picture import page
        from optlint.pages import page as rule_page

        return page(facts_as_json(self._read()), getlines, rule_page)

    def __str__(self) -> str:
        from optlint.auditing.reports.tables import facts_as_text

        return facts_as_text(self._read())

    def _repr_html_(self) -> str:
        from optlint.output.picture import framed

        return framed(self.to_html())


def facts_as_json(facts: AuditFacts) -> dict[str, Any]:
    """The facts in the shape of the JSON contract."""
    return {
        "version": VERSION,
        "torch": facts.torch_version,
        "diagnostics": [diagnostic_as_json(diagnostic) for diagnostic in facts.diagnostics],
        "optimizers": [_optimizer(optimizer) for optimizer in facts.optimizers],
        "unowned": [_parameter(parameter) for parameter in facts.unowned],
        "timeline": [_point(point) for point in facts.timeline],
    }


def diagnostic_as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic of an audit in the shape of the JSON contract; also a line of the `.jsonl` file."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "severity": diagnostic.severity.value,
        "filename": diagnostic.span.filename,
        "row": diagnostic.span.row,
        "column": diagnostic.span.column,
        "optimizer": diagnostic.optimizer,
        "group": diagnostic.group,
        "parameters": list(diagnostic.parameters),
        "step": diagnostic.step,
        "rank": diagnostic.rank,
        "ranks": list(diagnostic.ranks),
        "notes": [_note(note) for note in diagnostic.notes],
        "url": None,
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "message": note.message,
        "filename": note.span.filename,
        "row": note.span.row,
        "column": note.span.column,
    }


def _optimizer(optimizer: OptimizerSummary) -> dict[str, Any]:
    return {
        "class": optimizer.class_name,
        "filename": optimizer.place.filename if optimizer.place else None,
        "row": optimizer.place.row if optimizer.place else None,
        "steps": optimizer.steps,
        "groups": [_group(group) for group in optimizer.groups],
    }


def _group(group: GroupSummary) -> dict[str, Any]:
    return {
        "index": group.index,
        "lr": _number(group.lr),
        "hyperparameters": {key: _plain(value) for key, value in group.hyperparameters.items()},
        "parameters": [_parameter(parameter) for parameter in group.parameters],
    }


def _parameter(parameter: ParameterSummary) -> dict[str, Any]:
    return {
        **parameter._asdict(),
        "shape": list(parameter.shape),
        "cause": _cause(parameter.cause),
    }


def _cause(cause: Span | None) -> dict[str, Any] | None:
    return {"filename": cause.filename, "row": cause.row} if cause else None


def _point(point: TimelinePoint) -> dict[str, Any]:
    return {
        "step": point.step,
        "optimizer": point.optimizer,
        "lr": [_number(lr) for lr in point.lr],
        "grad_norm": _number(point.grad_norm),
        "update_ratio": _number(point.update_ratio),
    }


def _plain(value: object) -> object:
    match value:
        case float():
            return _number(value)
        case None | bool() | int() | str():
            return value
        case list() | tuple():
            return [_plain(item) for item in value]
    return str(value)


def _number(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity, so these are words."""
    return value if value is None or value - value == 0 else str(value)
