"""What `optlint run` says on stderr in the end, and `optlint report` on stdout."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.auditing.summaries import AuditFacts, GroupSummary, OptimizerSummary, ParameterSummary
    from optlint.diagnostic import Diagnostic, Span

NAMED = 5  # parameters that are named one by one


def say(facts: AuditFacts) -> None:
    """Say it on stderr, wherever the program has put its own `sys.stderr`."""
    if sys.__stderr__ is not None and not sys.__stderr__.closed:
        print(summary(facts), file=sys.__stderr__)


def summary(facts: AuditFacts) -> str:
    """The diagnostics, then each optimizer with how much of it trains, then the counts."""
    lines = [line for one in facts.diagnostics for line in _diagnostic(one)]
    lines += [line for one in facts.optimizers for line in _optimizer(one)]
    if facts.unowned:
        lines.append(f"in no optimizer: {_names(facts.unowned)}")
    return "\n".join([*lines, f"optlint: {_counts(facts)}"])


def _diagnostic(diagnostic: Diagnostic) -> Iterator[str]:
    where = f"{_place(diagnostic.span)}:{diagnostic.span.column}"
    yield f"{where}: {diagnostic.severity.value}: {diagnostic.code} {diagnostic.message} [{diagnostic.name}]"
    yield from (f"  {_place(note.span)}: {note.message}" for note in diagnostic.notes)


def _optimizer(optimizer: OptimizerSummary) -> Iterator[str]:
    where = f" of {_place(optimizer.place)}" if optimizer.place else ""
    yield f"{optimizer.class_name}{where}: {_count(optimizer.steps, 'step')}"
    yield from (f"  {_group(group)}" for group in optimizer.groups)


def _group(group: GroupSummary) -> str:
    tensors = group.parameters
    still = [one for one in tensors if one.moved == "no"]
    elements = sum(one.numel for one in tensors)
    size = f"{_count(len(tensors), 'tensor')} with {_count(elements, 'element')}" if tensors else "empty"
    trained = f", {len(still)} not moved: {_names(still)}" if still else ""
    rate = "" if group.lr is None else f", lr {group.lr:g}" if isinstance(group.lr, float | int) else f", lr {group.lr}"
    return f"group {group.index}: {size}{rate}{trained}"


def _names(parameters: Iterable[ParameterSummary]) -> str:
    names = [one.name for one in parameters]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _counts(facts: AuditFacts) -> str:
    if not facts.optimizers and not facts.diagnostics:
        return "no optimizer was seen"
    counts = {kind: sum(one.severity is kind for one in facts.diagnostics) for kind in Severity}
    shown = [kind for kind in Severity if counts[kind] or kind.counts]
    return ", ".join(_count(counts[kind], kind.value) for kind in shown)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 or word == 'info' else 's'}"


def _place(span: Span) -> str:
    path = os.path.relpath(span.filename)
    return f"{span.filename if path.startswith(os.pardir) else path}:{span.row}"
