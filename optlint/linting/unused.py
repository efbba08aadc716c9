"""OPT901: what is said of suppression comments that hide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.diagnostic import Applicability, Edit, Fix, Span
from optlint.own_rules import UNUSED_SUPPRESSION
from optlint.sources.edits import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.diagnostic import Diagnostic
    from optlint.linting.suppress import Directive, Misuse, Suppression, Word
    from optlint.rule import Registry
    from optlint.settings.policy import Policy


def told(
    suppressions: Iterable[Suppression], used: frozenset[Suppression], misused: Iterable[Misuse], source: Source
) -> list[Diagnostic]:
    """One diagnostic for each word or comment that hides nothing, of rules that were looked for."""
    suppressions, misused = list(suppressions), list(misused)
    if not suppressions and not misused:
        return []
    looked_for = source.policy.enabled_in(source.filename) & _lintable(source.policy.registry)
    idle = [one for one in suppressions if one.word and one.code in looked_for and one not in used]
    pairs = [(one.directive, one.word) for one in idle]
    pairs += [(one.directive, one.word) for one in misused if one.pointless]
    surplus: dict[Directive, set[Word | None]] = {}
    for directive, word in pairs:
        surplus.setdefault(directive, set()).add(word)
    lines = split_lines(source.code)
    fixes = {directive: _removal(directive, words, lines, source.filename) for directive, words in surplus.items()}
    found = [_misuse(one, fixes.get(one.directive) if one.pointless else None, source.filename) for one in misused]
    return [*found, *(_idle(one, fixes[one.directive], source.filename) for one in idle)]


class Source(NamedTuple):
    """The code whose comments are judged."""

    code: str
    filename: str
    policy: Policy


def _idle(suppression: Suppression, fix: Fix, filename: str) -> Diagnostic:
    name = suppression.word.text if suppression.word else suppression.code
    span = _span(suppression.directive, suppression.word, filename)
    return UNUSED_SUPPRESSION.at(span, f"`{name}` is suppressed here, but it is not reported", fix=fix)


def _misuse(misuse: Misuse, fix: Fix | None, filename: str) -> Diagnostic:
    message = f"this comment suppresses nothing: {misuse.reason}"
    return UNUSED_SUPPRESSION.at(_span(misuse.directive, misuse.word, filename), message, fix=fix)


def _span(directive: Directive, word: Word | None, filename: str) -> Span:
    if word:
        return Span(filename, word.row, word.column, word.row, word.end_column)
    return Span(filename, directive.row, directive.column, directive.row, directive.column + len(directive.text))


def _removal(directive: Directive, surplus: set[Word | None], lines: list[str], filename: str) -> Fix:
    """Take away the words that are too many, or the whole comment if no word is left."""
    words = directive.words or ()
    kept = ", ".join(word.text for word in words if word not in surplus)
    if kept:
        span = Span(filename, directive.row, words[0].column, directive.row, words[-1].end_column)
        return Fix("name only what is reported", (Edit(span, kept),), Applicability.SAFE)
    return Fix(
        "remove the comment", (Edit(_extent(directive, lines[directive.row - 1], filename), ""),), Applicability.SAFE
    )


def _extent(directive: Directive, line: str, filename: str) -> Span:
    """The comment with the space before it; the whole line if nothing else stands there."""
    row, end = directive.row, directive.column + len(directive.text)
    before = line[: directive.column - 1].rstrip()
    if before or line[end - 1 :].strip():
        return Span(filename, row, len(before) + 1, row, end)
    return Span(filename, row, 1, row + 1, 1)


def _lintable(registry: Registry) -> frozenset[str]:
    """The codes of rules that source can show; what only a run shows may well be suppressed for the audit."""
    from optlint import model
    from optlint.flow import events

    return frozenset(
        check.rule.code
        for subject, checks in registry.checks.items()
        if hasattr(events, subject) or hasattr(model, subject)
        for check in checks
    )
