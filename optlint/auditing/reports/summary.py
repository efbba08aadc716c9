"""What `optlint run` says on stderr in the end, and `optlint report` on stdout."""

from __future__ import annotations

import os
import sys

from optlint.diagnostic import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from optlint.auditing.memory.summaries import AuditFacts, GroupSummary, OptimizerSummary, ParameterSummary
    from optlint.diagnostic import Diagnostic, Span

NAMED = 5  # parameters that are named one by one
LISTED = 10  # optimizers that are told one by one


def say(facts: AuditFacts) -> None:
    """Say it on stderr, wherever the program has put its own `sys.stderr`."""
    stream = sys.__stderr__
    if stream is not None and not stream.closed:
        print(summary(facts, wants_colour(stream)), file=stream)


def wants_colour(stream: TextIO) -> bool:
    """By the conventions of no-color.org and force-color.org, else on a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def summary(facts: AuditFacts, colour: bool = False, complete: bool = True) -> str:
    """The diagnostics, then each optimizer with how much of it trains, then the counts.

    Facts are not `complete` where a run was killed: its optimizers are missing then.
    """
    lines = [line for one in facts.diagnostics for line in _diagnostic(_with_ranks(one, facts.ranks), colour)]
    lines += _optimizers(facts.optimizers)
    unowned = [one for one in facts.unowned if one.requires_grad]
    if unowned:
        lines.append(f"in no optimizer: {_names(unowned)}")
    seen = facts.optimizers or facts.diagnostics or not complete
    return "\n".join([*lines, f"optlint: {_counts(facts) if seen else 'no optimizer was seen'}"])


def _with_ranks(diagnostic: Diagnostic, ranks: tuple[int, ...]) -> Diagnostic:
    """Which of several ranks say so: a difference between them is news, too."""
    if len(ranks) < 2 or not diagnostic.ranks:
        return diagnostic
    said = diagnostic.ranks
    which = f": {', '.join(map(str, said[:NAMED]))}" if len(said) < len(ranks) else ""
    more = f" and {len(said) - NAMED} more" if which and len(said) > NAMED else ""
    return diagnostic._replace(message=f"{diagnostic.message} (on {len(said)} of {len(ranks)} ranks{which}{more})")


def _diagnostic(diagnostic: Diagnostic, colour: bool) -> Iterator[str]:
    """As the linter shows it, with an empty line after it."""
    from linecache import getlines

    from optlint.output import Report
    from optlint.output._drawing import drawn
    from optlint.own_rules import all_rules

    shown = diagnostic._replace(
        span=_shown(diagnostic.span),
        notes=tuple(note._replace(span=_shown(note.span)) for note in diagnostic.notes),
    )
    report = Report((shown,), 0, lambda span: getlines(span.filename), all_rules, lambda code: None, "", colour)
    yield from drawn(shown, report)
    yield ""


def _optimizers(optimizers: Iterable[OptimizerSummary]) -> Iterator[str]:
    """Those that look alike are told once, and of very many only the first."""
    texts = ["\n".join(_optimizer(one)) for one in optimizers]
    distinct = list(dict.fromkeys(texts))
    for text in distinct[:LISTED]:
        times = texts.count(text)
        yield f"{times} × {text}" if times > 1 else text
    if len(distinct) > LISTED:
        yield f"and {counted(len(distinct) - LISTED, 'more optimizer')}"


def _optimizer(optimizer: OptimizerSummary) -> Iterator[str]:
    where = f" of {_place(optimizer.place)}" if optimizer.place else ""
    yield f"{optimizer.class_name}{where}: {counted(optimizer.steps, 'step')}"
    yield from (f"  {_group(group)}" for group in optimizer.groups)


def _group(group: GroupSummary) -> str:
    tensors = group.parameters
    still = [one for one in tensors if one.moved == "no"]
    elements = sum(one.numel for one in tensors)
    size = f"{counted(len(tensors), 'tensor')} with {counted(elements, 'element')}" if tensors else "empty"
    trained = f", {len(still)} not moved: {_names(still)}" if still else ""
    rate = "" if group.lr is None else f", lr {group.lr:g}" if isinstance(group.lr, float | int) else f", lr {group.lr}"
    return f"group {group.index}: {size}{rate}{trained}"


def _names(parameters: Iterable[ParameterSummary]) -> str:
    names = [one.name for one in parameters]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _counts(facts: AuditFacts) -> str:
    counts = {kind: sum(one.severity is kind for one in facts.diagnostics) for kind in Severity}
    shown = [kind for kind in Severity if counts[kind] or kind.counts]
    return ", ".join(counted(counts[kind], kind.value) for kind in shown)


def counted(number: int, word: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number:,} {word}{'' if number == 1 or word == 'info' else 's'}"


def _place(span: Span) -> str:
    return f"{_shown(span).filename}:{span.row}"


def _shown(span: Span) -> Span:
    """The same place, named from the current folder if it lies below."""
    path = os.path.relpath(span.filename)
    return span if path.startswith(os.pardir) else span._replace(filename=path)
