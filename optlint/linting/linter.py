"""From the source of one file to its diagnostics."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from optlint import own_rules
from optlint.diagnostic import Diagnostic, Severity, Span
from optlint.linting import suppress, unused
from optlint.linting.judging import Question, glanced, judged
from optlint.linting.runs import told_by_callers
from optlint.settings.prefilter import may_be_handed, uses_torch
from optlint.sources.decoding import NotAnalysedError
from optlint.sources.stack import on_big_stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from optlint.flow.files.project import Project
    from optlint.settings.policy import Policy
    from optlint.sources.document import Document

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


def lint(source: bytes | str, filename: str, policy: Policy, project: Project | None = None) -> list[Diagnostic]:
    """The diagnostics of the bytes of a file, or of a text, in the order of the source."""
    try:
        document = read_document(source, filename)
    except NotAnalysedError as error:
        return _finished([_not_analysed(filename, error)], filename, policy)
    found = diagnose(document, Task(filename, policy, wanted_codes(source, filename, policy, project), project))
    return [placed(diagnostic, document, filename) for diagnostic in found]


def read_document(source: bytes | str, filename: str) -> Document:
    """The file as what its name says it is; `NotAnalysedError` if it is not."""
    if filename.endswith(".ipynb"):
        from optlint.sources.notebook import read_notebook

        return read_notebook(source)
    from optlint.sources.document import PythonFile

    return PythonFile(source)


def wanted_codes(source: bytes | str, filename: str, policy: Policy, project: Project | None = None) -> Set[str]:
    """The enabled rules that this source may break, told from its bytes and from what it imports of its project."""
    data = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    torch = project is not None and not uses_torch(data) and may_be_handed(data) and _imports_torch(filename, project)
    return policy.prefilter.codes(data, policy.enabled_in(filename), torch)


class Task(NamedTuple):
    """What a document is judged by: the rules with these codes, and what they may look up in its project.

    `brief` does without the fixes of diagnostics, and without libcst. `told` is what the file's callers are known to
    show, if that need not be found out.
    """

    filename: str
    policy: Policy
    codes: Set[str]
    project: Project | None = None
    brief: bool = False
    told: tuple[Diagnostic, ...] | None = None


def diagnose(document: Document, task: Task) -> list[Diagnostic]:
    """What the rules say, and what is said of suppressions; rows are those of the document's code."""
    seen = _analysed(document, task)
    suppressions, misused = suppress.read_suppressions(suppress.find_directives(seen.code), task.policy.registry)
    applied = suppress.apply(suppressions, seen.found)
    source = unused.Source(seen.code, task.filename, task.policy)
    told = unused.told(suppressions, applied.used, misused, source) if seen.complete else []
    return _finished([*applied.visible, *suppress.apply(suppressions, told).visible], task.filename, task.policy)


def placed(diagnostic: Diagnostic, document: Document, filename: str) -> Diagnostic:
    """A diagnostic whose rows are those of the document's code, with the rows of the file."""

    def place(span: Span) -> Span:
        return document.place(span) if span.filename == filename else span

    fix = diagnostic.fix
    return diagnostic._replace(
        span=place(diagnostic.span),
        notes=tuple(note._replace(span=place(note.span)) for note in diagnostic.notes),
        fix=fix and fix._replace(edits=tuple(edit._replace(span=place(edit.span)) for edit in fix.edits)),
    )


def not_readable(filename: str, reason: str, policy: Policy) -> list[Diagnostic]:
    """What is said of a file whose bytes could not be had."""
    return _finished([_not_analysed(filename, NotAnalysedError(f"it cannot be read: {reason}"))], filename, policy)


class _Seen(NamedTuple):
    """What the rules say of some code, and whether that is the whole document."""

    found: list[Diagnostic]
    code: str
    complete: bool


def _analysed(document: Document, task: Task) -> _Seen:
    """What the rules say of the document; a notebook does without its broken cells."""
    filename = task.filename

    def found_in(code: str) -> list[Diagnostic]:
        return on_big_stack(lambda: list(_judged(code, task)))

    try:
        return _Seen(found_in(document.code), document.code, True)
    except NotAnalysedError as error:
        broken = _broken_cells(document, filename)
        if not broken:
            return _Seen([_not_analysed(filename, error)], document.code, False)
    code = document.without(broken).code
    try:
        return _Seen([*broken.values(), *found_in(code)], code, False)
    except NotAnalysedError as error:
        return _Seen([*broken.values(), _not_analysed(filename, error)], code, False)


def _judged(code: str, task: Task) -> Iterator[Diagnostic]:
    from optlint.flow.files.project import Project

    policy = task.policy
    alone = Question(code, task.filename, policy.registry, task.codes, policy.settings, task.project or Project())
    if task.codes or task.project is None:
        found = glanced(alone) if task.brief else None
        yield from judged(alone) if found is None else found
    if task.told is not None:
        yield from task.told
    elif task.project is not None:
        yield from told_by_callers(task.filename, policy.registry, policy.settings, task.project)


def _imports_torch(filename: str, project: Project) -> bool:
    """Whether a file imports one of its project that uses PyTorch, perhaps by way of a package that exports it."""
    from optlint.flow.files.importers import imported_by

    pending, seen = [os.path.abspath(filename)], set[str]()
    while pending:
        for file in imported_by(project, pending.pop()) - seen:
            seen.add(file)
            if uses_torch(project.data(file) or b""):
                return True
            pending += [file] if file.endswith("__init__.py") else []
    return False


def _broken_cells(document: Document, filename: str) -> dict[int, Diagnostic]:
    """By index, the cells that cannot be parsed, and what is said of them."""
    from optlint.sources.source import parse

    broken: dict[int, Diagnostic] = {}
    for index, (first_row, code) in enumerate(document.cells):
        try:
            parse(code)
        except NotAnalysedError as error:
            broken[index] = _not_analysed(filename, error, "cell", first_row - 1)
    return broken


def _not_analysed(filename: str, error: NotAnalysedError, what: str = "file", rows_above: int = 0) -> Diagnostic:
    row = error.row + rows_above
    span = Span(filename, row, error.column, row, error.column)
    return own_rules.FILE_NOT_ANALYSED.at(span, f"this {what} was not analysed: {error.reason}")


def _finished(found: list[Diagnostic], filename: str, policy: Policy) -> list[Diagnostic]:
    """Enabled ones only, at their configured severities, each place once for each rule, in order."""
    enabled, severities = policy.enabled_in(filename), policy.severities_in(filename)
    kept: dict[tuple[str, Span], Diagnostic] = {}
    for diagnostic in sorted(found, key=_rank):
        if diagnostic.code in enabled:
            severity = severities.get(diagnostic.code, diagnostic.severity)
            kept.setdefault((diagnostic.code, diagnostic.span), diagnostic._replace(severity=severity))
    return sorted(kept.values(), key=_position)


def _rank(diagnostic: Diagnostic) -> int:
    return _RANK[diagnostic.severity]


def _position(diagnostic: Diagnostic) -> tuple[int, int, str]:
    return diagnostic.span.row, diagnostic.span.column, diagnostic.code
