"""One file with its fixes applied: what it becomes, and what is left to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.decoding import NotAnalysedError
from optlint.edits import CannotEditError
from optlint.fix import ALSO_UNSAFE, SAFE, fix
from optlint.linter import Task, diagnose, lint, placed, read_document, wanted_codes
from optlint.writing import replace_content

if TYPE_CHECKING:
    from optlint.diagnostic import Diagnostic
    from optlint.document import Document
    from optlint.files import SourceFile
    from optlint.policy import Policy


class Mending(NamedTuple):
    """What the user wants mended: unsafe fixes too, and whether files are to be written or only compared."""

    unsafe: bool = False
    write: bool = True


class Mended(NamedTuple):
    """What is left to say, how many fixes there were, the new bytes, and why (more) was not done."""

    remaining: tuple[Diagnostic, ...]
    fixes: int = 0
    data: bytes | None = None
    refusal: str = ""


def mend(source: bytes | str, file: SourceFile, policy: Policy, mending: Mending) -> Mended:
    """Fix what can be fixed in a file, and write it if it is one on disk."""
    try:
        return _mend(source, file, policy, mending)
    except (CannotEditError, NotAnalysedError) as error:
        reason = str(error) if isinstance(error, CannotEditError) else ""
        return Mended(tuple(lint(source, file.path, policy)), refusal=reason)
    except OSError as error:
        return Mended(tuple(lint(source, file.path, policy)), refusal=f"it cannot be written: {error.strerror}")


def _mend(source: bytes | str, file: SourceFile, policy: Policy, mending: Mending) -> Mended:
    task = Task(file.path, policy, wanted_codes(source, file.path, policy))

    def diagnosed(document: Document) -> list[Diagnostic]:
        return diagnose(document, task)

    fixed = fix(read_document(source, file.path), file.path, diagnosed, ALSO_UNSAFE if mending.unsafe else SAFE)
    remaining = tuple(placed(one, fixed.document, file.path) for one in fixed.remaining)
    if not fixed.fixes:
        return Mended(remaining, refusal=fixed.refusal)
    data = fixed.document.data()
    if mending.write and file.data is None:
        assert isinstance(source, bytes)  # the source of a file on disk
        replace_content(file.path, source, data)
    return Mended(remaining, fixed.fixes, data, fixed.refusal)
