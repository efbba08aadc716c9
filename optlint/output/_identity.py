"""What makes a diagnostic the same one when the file around it has changed."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.output import Report


def fingerprints(report: Report) -> Iterator[str]:
    """For each diagnostic: from its path, its code, the text of its line, and how many such came before."""
    seen: dict[tuple[str, str, str], int] = {}
    for diagnostic in report.diagnostics:
        key = (relative(diagnostic.span.filename), diagnostic.code, _text(diagnostic, report))
        number = seen[key] = seen.get(key, 0) + 1
        yield sha256("\0".join((*key, str(number))).encode("utf-8", "backslashreplace")).hexdigest()


def relative(filename: str) -> str:
    """The path below the current folder, with `/`; the absolute one if the file lies elsewhere."""
    path = os.path.abspath(filename)
    here = os.getcwd().rstrip(os.sep) + os.sep
    return path.removeprefix(here).replace(os.sep, "/")


def _text(diagnostic: Diagnostic, report: Report) -> str:
    lines = report.lines(diagnostic.span)
    row = diagnostic.span.row
    return " ".join(lines[row - 1].split()) if 1 <= row <= len(lines) else ""
