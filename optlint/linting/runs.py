"""One run of the engine over a file: what it tells of that file, and of those whose functions it calls.

Such a function alone may be right, and wrong for what a script gives it. A file is run once for all that want to know.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, NamedTuple, cast

from optlint.sources.regular import NOTEBOOK, bytes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from optlint.diagnostic import Diagnostic, Span
    from optlint.flow.files.project import Project
    from optlint.flow.settings import Settings
    from optlint.rule import Registry


class Run(NamedTuple):
    """What the checks say, without most fixes: of the file itself, and of others by their absolute paths.

    `asked` is on what that depends, `text` the hash of the text that was run.
    """

    text: int
    own: tuple[Diagnostic, ...]
    others: Mapping[str, tuple[Diagnostic, ...]]
    asked: frozenset[str]


def run_of(text: str, filename: str, registry: Registry, settings: Settings, project: Project) -> Run:
    """The run of a file with this text; raises whatever goes wrong in the parser, the engine or a check."""
    key = os.path.abspath(filename), settings
    known = cast("Run | None", project.runs.get(key))
    if known is None or known.text != hash(text):
        before, project.asked = project.asked, set()
        try:
            own, others = _diagnostics(text, filename, registry, settings, project)
            known = project.runs[key] = Run(hash(text), own, others, frozenset(project.asked))
        finally:
            project.asked |= before
    project.asked |= known.asked
    return known


def told_by_callers(filename: str, registry: Registry, settings: Settings, project: Project) -> Iterator[Diagnostic]:
    """The diagnostics of a file that only those show which call its functions; they have no fixes."""
    from optlint.flow.files.around import callers_are
    from optlint.flow.files.importers import callers_of

    file = os.path.abspath(filename)
    callers = callers_of(project, file)
    project.asked.add(callers_are(file, callers))
    for caller in callers:
        for diagnostic in _told_by(caller, file, registry, settings, project):
            yield _spelled(diagnostic._replace(fix=None), file, filename)


def _told_by(
    caller: str, file: str, registry: Registry, settings: Settings, project: Project
) -> tuple[Diagnostic, ...]:
    """What the run of a caller tells of a file; nothing if it cannot be run, which is said where it is linted."""
    project.asked.add(caller)
    data = project.data(caller)
    try:
        text = "" if data is None else data.decode()
        found = run_of(text, caller, registry, settings, project).others.get(file, ())
    except Exception:
        return ()
    return tuple(_with_cells(found, caller)) if found and caller.endswith(NOTEBOOK) else found


def _with_cells(diagnostics: Iterable[Diagnostic], notebook: str) -> Iterator[Diagnostic]:
    """Diagnostics whose notes in a notebook stand in its cells, and not in their joined code."""
    from optlint.sources.notebook import read_notebook

    place = read_notebook(bytes_of(notebook) or b"").place
    for diagnostic in diagnostics:
        placed = (
            note._replace(span=place(note.span)) if note.span.filename == notebook else note
            for note in diagnostic.notes
        )
        yield diagnostic._replace(notes=tuple(placed))


def _diagnostics(
    text: str, filename: str, registry: Registry, settings: Settings, project: Project
) -> tuple[tuple[Diagnostic, ...], dict[str, tuple[Diagnostic, ...]]]:
    from optlint.flow.analysis import analyse_all
    from optlint.flow.reading.texts import AstText

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file = AstText(text, filename)
        own: list[Diagnostic] = []
        others: dict[str, tuple[Diagnostic, ...]] = {}
        for event, about in analyse_all(file, settings, project):
            if about is file:
                own.extend(registry.judge(event))
            else:
                path = os.path.abspath(about.filename)
                others[path] = (*others.get(path, ()), *registry.judge(event))
    return tuple(own), others


def _spelled(diagnostic: Diagnostic, file: str, filename: str) -> Diagnostic:
    """The same with the file's path as the user wrote it."""

    def spelled(span: Span) -> Span:
        return span._replace(filename=filename) if os.path.abspath(span.filename) == file else span

    notes = tuple(note._replace(span=spelled(note.span)) for note in diagnostic.notes)
    return diagnostic._replace(span=spelled(diagnostic.span), notes=notes)
