"""The facts of an audit as a table of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.auditing.reports.summary import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.memory.summaries import (
        AuditFacts,
        GroupSummary,
        OptimizerSummary,
        ParameterSummary,
    )
    from optlint.diagnostic import Diagnostic, Span

COLUMNS = ("parameter", "shape", "group", "lr", "weight decay", "requires grad", "leaf", "had grad", "moved", "why not")


def facts_as_text(facts: AuditFacts) -> str:
    """Diagnostics first, then one table an optimizer, then what is owned by none."""
    parts = [_diagnostic_line(diagnostic) for diagnostic in facts.diagnostics]
    for index, optimizer in enumerate(facts.optimizers):
        parts += ["", _heading(index, optimizer), _text_table(_rows(optimizer))]
    if facts.unowned:
        parts += ["", "in no optimizer", _text_table([_row(parameter) for parameter in facts.unowned])]
    return "\n".join(parts).strip("\n") or "no optimizer was seen"


def _diagnostic_line(diagnostic: Diagnostic) -> str:
    where = f"{diagnostic.span.filename}:{diagnostic.span.row}"
    return f"{where}: {diagnostic.severity.value}: {diagnostic.code} {diagnostic.message} [{diagnostic.name}]"


def _heading(index: int, optimizer: OptimizerSummary) -> str:
    tensors = sum(len(group.parameters) for group in optimizer.groups)
    elements = sum(parameter.numel for parameter in optimizer.parameters)
    where = f", built at {_place(optimizer.place)}" if optimizer.place else ""
    return (
        f"optimizer {index}: {optimizer.class_name}, {counted(tensors, 'tensor')} with "
        f"{counted(elements, 'element')} in {counted(len(optimizer.groups), 'group')}, "
        f"{counted(optimizer.steps, 'step')}{where}"
    )


def _place(span: Span) -> str:
    return f"{span.filename}:{span.row}"


def _rows(optimizer: OptimizerSummary) -> list[tuple[str, ...]]:
    return [row for group in optimizer.groups for row in _group_rows(group)]


def _group_rows(group: GroupSummary) -> Iterator[tuple[str, ...]]:
    if not group.parameters:
        yield ("(empty group)", "", str(group.index), _number(group.lr), "", "", "", "", "", "")
    decay = group.hyperparameters.get("weight_decay")
    for parameter in group.parameters:
        yield _row(parameter, str(group.index), _number(group.lr), _number(decay))


def _row(parameter: ParameterSummary, group: str = "-", lr: str = "-", decay: str = "-") -> tuple[str, ...]:
    reason = parameter.reason or ""
    if parameter.cause:
        reason = f"{reason} ({_place(parameter.cause)})".strip()
    return (
        parameter.name,
        "×".join(map(str, parameter.shape)) or "scalar",
        group,
        lr,
        decay,
        _word(parameter.requires_grad),
        _word(parameter.is_leaf),
        parameter.grad,
        parameter.moved,
        reason,
    )


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _number(value: object) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _text_table(rows: list[tuple[str, ...]]) -> str:
    table = [COLUMNS, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    return "\n".join(lines)
