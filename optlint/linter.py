"""From the source of one file to its diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint import own_rules, suppress, unused
from optlint.diagnostic import Diagnostic, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.decoding import NotAnalysedError
    from optlint.policy import Policy
    from optlint.rule import Check

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class AnalysisError(Exception):
    """The engine itself failed on a file; no rule is to blame."""


def lint(source: bytes | str, filename: str, policy: Policy) -> list[Diagnostic]:
    """The diagnostics of the bytes of a file, or of a text, in the order of the source."""
    from optlint.decoding import NotAnalysedError, decode

    try:
        text = source if isinstance(source, str) else decode(source)
    except NotAnalysedError as error:
        return _finished([_not_analysed(filename, error)], filename, policy)
    data = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    codes = policy.prefilter.codes(data) & policy.enabled_in(filename)
    return _lint_text(text, filename, policy, codes)


def _lint_text(text: str, filename: str, policy: Policy, codes: frozenset[str]) -> list[Diagnostic]:
    from optlint.decoding import NotAnalysedError
    from optlint.stack import on_big_stack

    try:
        found = on_big_stack(lambda: list(_judged(text, filename, policy, codes)))
        analysed = True
    except NotAnalysedError as error:
        found, analysed = [_not_analysed(filename, error)], False
    suppressions, misused = suppress.read_suppressions(suppress.find_directives(text), policy.registry)
    applied = suppress.apply(suppressions, found)
    told = unused.told(suppressions, applied.used, misused, filename, policy) if analysed else []
    return _finished([*applied.visible, *suppress.apply(suppressions, told).visible], filename, policy)


def not_readable(filename: str, reason: str, policy: Policy) -> list[Diagnostic]:
    """What is said of a file whose bytes could not be had."""
    message = f"this file was not analysed: it cannot be read: {reason}"
    return _finished([own_rules.FILE_NOT_ANALYSED.at(Span(filename, 1, 1, 1, 1), message)], filename, policy)


def _judged(text: str, filename: str, policy: Policy, codes: frozenset[str]) -> Iterator[Diagnostic]:
    registry = policy.registry.only(codes)
    crashed: set[str] = set()
    for event in _events(text, filename, policy):
        for check in registry.checks.get(type(event).__name__, ()):
            if check.rule.code not in crashed:
                yield from _judge(check, event, filename, crashed)


def _events(text: str, filename: str, policy: Policy) -> Iterator[object]:
    """What the engine yields; whatever it raises is told as its own failure."""
    from optlint.decoding import NotAnalysedError
    from optlint.flow.analysis import analyse
    from optlint.source import parse

    module = parse(text)
    try:
        yield from analyse(module, filename, policy.settings)
    except RecursionError:
        raise NotAnalysedError("the code is nested too deeply") from None
    except Exception as error:
        raise AnalysisError(_described(error)) from error


def _judge(check: Check, event: object, filename: str, crashed: set[str]) -> Iterator[Diagnostic]:
    try:
        yield from check.function(event)
    except Exception as error:
        crashed.add(check.rule.code)
        yield own_rules.RULE_CRASHED.at(_span_of(event, filename), _crash_message(check, error))


def _crash_message(check: Check, error: Exception) -> str:
    return (
        f"{check.rule.code} {check.rule.name} failed with {_described(error)}, so it says no more of this file; "
        "please report that line with the statement shown here"
    )


def _described(error: Exception) -> str:
    """The exception, and the line of ours that raised it."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "nowhere"
    return f"{type(error).__name__}: {error} (in {where})"


def _span_of(event: object, filename: str) -> Span:
    """Where an event stands: at its own span, or at that of its site."""
    for place in (event, getattr(event, "site", None)):
        span = getattr(place, "span", None)
        if isinstance(span, Span):
            return span
    return Span(filename, 1, 1, 1, 1)


def _not_analysed(filename: str, error: NotAnalysedError) -> Diagnostic:
    span = Span(filename, error.row, error.column, error.row, error.column)
    return own_rules.FILE_NOT_ANALYSED.at(span, f"this file was not analysed: {error.reason}")


def _finished(found: list[Diagnostic], filename: str, policy: Policy) -> list[Diagnostic]:
    """Enabled ones only, at their configured severities, each place once for each rule, in order."""
    enabled = policy.enabled_in(filename)
    kept: dict[tuple[str, Span], Diagnostic] = {}
    for diagnostic in sorted(found, key=_rank):
        if diagnostic.code in enabled:
            severity = policy.severities.get(diagnostic.code, diagnostic.severity)
            kept.setdefault((diagnostic.code, diagnostic.span), diagnostic._replace(severity=severity))
    return sorted(kept.values(), key=_position)


def _rank(diagnostic: Diagnostic) -> int:
    return _RANK[diagnostic.severity]


def _position(diagnostic: Diagnostic) -> tuple[int, int, int, str]:
    span = diagnostic.span
    return span.cell or 0, span.row, span.column, diagnostic.code
