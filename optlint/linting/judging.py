"""From the text of one file to what its rules say: the engine sees events, checks judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint import own_rules
from optlint.diagnostic import Diagnostic, Span
from optlint.linting.runs import run_of
from optlint.sources.decoding import NotAnalysedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from optlint.flow.files.project import Project
    from optlint.flow.reading.texts import CstText
    from optlint.flow.settings import Settings
    from optlint.rule import Check, Registry


MAX_LENGTH = 4_000_000  # of a source, in characters: `ast` takes 500 bytes for one
LONGEST_FOR_FIXES = 500_000  # libcst takes 2,500


class AnalysisError(Exception):
    """The engine itself failed on a file; no rule is to blame."""


class Question(NamedTuple):
    """Which rules are asked about a file with this text, and what they may look up."""

    text: str
    filename: str
    registry: Registry
    codes: Set[str]
    settings: Settings
    project: Project


def judged(question: Question) -> Iterator[Diagnostic]:
    """What the checks say; `NotAnalysedError` if the text cannot be parsed."""
    found = glanced(question)
    if found == [] or (found and len(question.text) > LONGEST_FOR_FIXES):
        yield from found
        return
    try:
        events = _events(question)
    except NotAnalysedError:
        if found is None:
            raise
        yield from found  # Python that libcst does not know
        return
    crashed: set[str] = set()
    checks = question.registry.only(question.codes).checks
    for event in events:
        for check in checks.get(type(event).__name__, ()):
            if check.rule.code not in crashed:
                yield from _judge(check, event, question.filename, crashed)


def is_clean(question: Question) -> bool:
    """Whether the checks surely say nothing; whatever goes wrong is told by the pass over libcst."""
    return glanced(question) == []


def glanced(question: Question) -> list[Diagnostic] | None:
    """What `judged` says, but without most fixes and much faster; None where only that can tell.

    It is the same engine over `ast`, which parses ten times faster than libcst but keeps no parentheses and comments.
    """
    text, filename, registry, codes, settings, project = question
    _limit(text)
    try:
        own = run_of(text, filename, registry, settings, project).own
    except Exception:  # a syntax that this Python does not know, too deep a nesting, a rule that crashes
        return None
    return [diagnostic for diagnostic in own if diagnostic.code in codes]


def _limit(code: str) -> None:
    if len(code) > MAX_LENGTH:
        raise NotAnalysedError(f"it is longer than {MAX_LENGTH:,} characters")


def _events(question: Question) -> Iterator[object]:
    """What the engine yields, once the text is parsed."""
    from optlint.flow.reading.texts import from_libcst
    from optlint.sources.source import parse

    return _told(from_libcst(parse(question.text), question.filename), question)


def _told(text: CstText, question: Question) -> Iterator[object]:
    """What the engine yields; whatever it raises is told as its own failure."""
    from optlint.flow.analysis import analyse

    try:
        yield from analyse(text, question.settings, question.project)
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
