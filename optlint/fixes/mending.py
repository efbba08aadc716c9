"""One file with its fixes applied: what it becomes, and what is left to say of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from optlint.fixes.fix import ALSO_UNSAFE, SAFE, fix
from optlint.fixes.ignoring import ignoring
from optlint.linting.linter import Task, diagnose, lint, placed, read_document, wanted_codes
from optlint.sources.decoding import NotAnalysedError
from optlint.sources.edits import CannotEditError
from optlint.sources.writing import replace_content

if TYPE_CHECKING:
    from optlint.diagnostic import Diagnostic
    from optlint.discovery.found import SourceFile
    from optlint.flow.files.project import Project
    from optlint.settings.policy import Policy
    from optlint.sources.document import Document


class Mending(NamedTuple):
    """What the user wants: fixes, unsafe ones too, comments that hide the rest (with a reason), and files written."""

    fix: bool = True
    unsafe: bool = False
    write: bool = True
    ignore_because: str | None = None  # None: add no comments


class Mended(NamedTuple):
    """What is left to say, how much was fixed and hidden, the new bytes, and why (more) was not done."""

    remaining: tuple[Diagnostic, ...]
    fixes: int = 0
    ignored: int = 0
    data: bytes | None = None
    refusal: str = ""


def mend(
    source: bytes | str, file: SourceFile, policy: Policy, mending: Mending, project: Project | None = None
) -> Mended:
    """Fix and hide what is to be fixed and hidden in a file, and write it if it is one on disk."""
    try:
        return _mend(source, file, policy, mending, project)
    except (CannotEditError, NotAnalysedError) as error:
        reason = str(error) if isinstance(error, CannotEditError) else ""
        return Mended(tuple(lint(source, file.path, policy, project)), refusal=reason)
    except OSError as error:
        refusal = f"it cannot be written: {error.strerror}"
        return Mended(tuple(lint(source, file.path, policy, project)), refusal=refusal)


def _mend(source: bytes | str, file: SourceFile, policy: Policy, mending: Mending, project: Project | None) -> Mended:
    task = Task(file.path, policy, wanted_codes(source, file.path, policy, project), project)
    path, before = os.path.abspath(file.path), read_document(source, file.path).code

    def diagnosed(document: Document) -> list[Diagnostic]:
        if project is None or document.code == before:
            return diagnose(document, task)
        return diagnose(document, task._replace(project=project.without({path}, {path: document.code})))

    wanted = (ALSO_UNSAFE if mending.unsafe else SAFE) if mending.fix else frozenset()
    fixed = fix(read_document(source, file.path), file.path, diagnosed, wanted)
    document, left, ignored = fixed.document, fixed.remaining, 0
    if mending.ignore_because is not None:
        document, ignored = ignoring(document, left, file.path, mending.ignore_because)
        left = diagnosed(document)
    remaining = tuple(placed(one, document, file.path) for one in left)
    if not fixed.fixes and not ignored:
        return Mended(remaining, refusal=fixed.refusal)
    data = document.data()
    if mending.write and file.data is None:
        assert isinstance(source, bytes)  # the source of a file on disk
        replace_content(file.path, source, data)
    return Mended(remaining, fixed.fixes, ignored, data, fixed.refusal)
