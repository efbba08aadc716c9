"""OPT901: what is said of suppression comments that hide nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.diagnostic import Span
from optlint.own_rules import UNUSED_SUPPRESSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.diagnostic import Diagnostic
    from optlint.policy import Policy
    from optlint.rule import Registry
    from optlint.suppress import Directive, Misuse, Suppression, Word


def told(
    suppressions: Iterable[Suppression],
    used: frozenset[Suppression],
    misused: Iterable[Misuse],
    filename: str,
    policy: Policy,
) -> list[Diagnostic]:
    """One diagnostic for each word or comment that hides nothing, of rules that were looked for."""
    looked_for = policy.enabled_in(filename) & _lintable(policy.registry)
    found = [_misuse(one, filename) for one in misused]
    for one in suppressions:
        if one.word and one.code in looked_for and one not in used:
            message = f"`{one.word.text}` is suppressed here, but it is not reported"
            found.append(UNUSED_SUPPRESSION.at(_span(one.directive, one.word, filename), message))
    return found


def _misuse(misuse: Misuse, filename: str) -> Diagnostic:
    message = f"this comment suppresses nothing: {misuse.reason}"
    return UNUSED_SUPPRESSION.at(_span(misuse.directive, misuse.word, filename), message)


def _span(directive: Directive, word: Word | None, filename: str) -> Span:
    if word:
        return Span(filename, word.row, word.column, word.row, word.end_column)
    return Span(filename, directive.row, directive.column, directive.row, directive.column + len(directive.text))


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
