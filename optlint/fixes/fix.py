"""Applying fixes to one document, again and again until nothing more can be mended, and only if it helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.diagnostic import Applicability
from optlint.own_rules import FILE_NOT_ANALYSED
from optlint.sources.edits import CannotEditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from optlint.diagnostic import Diagnostic, Edit
    from optlint.sources.document import Document

    Diagnose = Callable[[Document], list[Diagnostic]]

SAFE = frozenset({Applicability.SAFE})
ALSO_UNSAFE = SAFE | {Applicability.UNSAFE}
MOST_ROUNDS = 100  # so that two rules that undo each other's fixes do not go on for ever


class Fixed(NamedTuple):
    """The document after its fixes, how many there were, what is left to say, and why more was not fixed, if so."""

    document: Document
    fixes: int
    remaining: list[Diagnostic]
    refusal: str = ""


def fix(document: Document, filename: str, diagnose: Diagnose, wanted: frozenset[Applicability]) -> Fixed:
    """Apply the wanted fixes; a fix after which the code does not parse, or the diagnostic stays, is not kept."""
    now = Fixed(document, 0, diagnose(document))
    rejected: set[tuple[str, ...]] = set()
    one_by_one = False
    for _ in range(MOST_ROUNDS):
        chosen = _chosen(now, filename, wanted, rejected)[: 1 if one_by_one else None]
        if not chosen:
            break
        try:
            attempt = _attempt(now, chosen, diagnose)
        except CannotEditError as error:
            return now._replace(refusal=str(error))
        if attempt:
            now = attempt
        elif len(chosen) == 1:
            rejected.add(_key(chosen[0], now.document))
        one_by_one = attempt is None
    return now


def fixable(diagnostic: Diagnostic, filename: str, wanted: frozenset[Applicability]) -> bool:
    """Whether the diagnostic has a fix of the wanted kind that stays within its file."""
    fix = diagnostic.fix
    return bool(fix and fix.applicability in wanted and all(edit.span.filename == filename for edit in fix.edits))


def _chosen(
    now: Fixed, filename: str, wanted: frozenset[Applicability], rejected: set[tuple[str, ...]]
) -> list[Diagnostic]:
    """The fixes of this round: those that do not get into each other's way."""
    chosen: list[Diagnostic] = []
    taken: list[Edit] = []
    for diagnostic in now.remaining:
        if not fixable(diagnostic, filename, wanted) or _key(diagnostic, now.document) in rejected:
            continue
        edits = diagnostic.fix.edits if diagnostic.fix else ()
        if not any(_meet(edit, other) for edit in edits for other in taken):
            chosen.append(diagnostic)
            taken += edits
    return chosen


def _meet(one: Edit, other: Edit) -> bool:
    (start, end), (other_start, other_end) = _bounds(one), _bounds(other)
    return start == other_start or (start < other_end and other_start < end)


def _bounds(edit: Edit) -> tuple[tuple[int, int], tuple[int, int]]:
    span = edit.span
    return (span.row, span.column), (span.end_row, span.end_column)


def _attempt(now: Fixed, chosen: Sequence[Diagnostic], diagnose: Diagnose) -> Fixed | None:
    """The document with these fixes; None if that does not help."""
    edits = [edit for diagnostic in chosen if diagnostic.fix for edit in diagnostic.fix.edits]
    document = now.document.edited(edits)
    remaining = diagnose(document)
    if _unreadable(remaining) > _unreadable(now.remaining):
        return None
    before, after = _counts(now.remaining), _counts(remaining)
    if any(after.get(said, 0) > before[said] - count for said, count in _counts(chosen).items()):
        return None
    return Fixed(document, now.fixes + max(len(chosen), len(now.remaining) - len(remaining)), remaining)


def _unreadable(diagnostics: Iterable[Diagnostic]) -> int:
    return sum(diagnostic.code == FILE_NOT_ANALYSED.code for diagnostic in diagnostics)


def _counts(diagnostics: Iterable[Diagnostic]) -> dict[tuple[str, str], int]:
    """How often each thing is said; where it stands says nothing, since fixes move what is below them."""
    counts: dict[tuple[str, str], int] = {}
    for diagnostic in diagnostics:
        said = diagnostic.code, diagnostic.message
        counts[said] = counts.get(said, 0) + 1
    return counts


def _key(diagnostic: Diagnostic, document: Document) -> tuple[str, ...]:
    """What tells a fix that was rejected from others, wherever other fixes move it."""
    lines = document.code.split("\n")
    line = lines[diagnostic.span.row - 1] if diagnostic.span.row <= len(lines) else ""
    return diagnostic.code, diagnostic.message, line
