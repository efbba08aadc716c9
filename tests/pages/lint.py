"""The one place where the page runner meets the linter."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from optlint import observations
from optlint.batch.checking import check_file
from optlint.batch.outcome import FileResult
from optlint.batch.policies import Policies
from optlint.discovery.found import SourceFile
from optlint.fixes.mending import Mending
from optlint.own_rules import all_rules
from optlint.settings.config import Config, parse_table
from optlint.settings.prefilter import prefilter_of
from optlint.settings.selection import Selection
from tests.pages.notebooks import row_in_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from tests.pages.marks import Line
    from tests.pages.page import Case


class LintError(AssertionError):
    """A linter that crashed, or would not fix."""


def lint_case(case: Case) -> list[Diagnostic]:
    """What the linter says of the case's files, named as in the case."""
    policies = _policies(case.own_code)
    with _written(case) as folder:
        files = [_source_file(case, name, folder) for name in _names(case)]
        said = [_local(one, folder) for file in files for one in _result(check_file(file, policies)).diagnostics]
    lines = {file.name: file.lines for file in case.files}
    return [_in_block(one, lines) for one in said]


def fix_case(case: Case, *, unsafe: bool) -> str:
    """What `--fix` makes of the case's block."""
    with _written(case) as folder:
        file = _source_file(case, case.main.name, folder)
        _result(check_file(file, _policies(case.own_code), Mending(unsafe=unsafe)))
        return Path(file.path).read_text(encoding="utf-8")


def never_asked(case: Case) -> Iterator[str]:
    """Why a diagnostic may be missing: what a rule `needs` is not in the file."""
    registry = all_rules()
    for file in case.files:
        wanted = {mark.code for line in file.lines for mark in line.marks if mark.kind == "error"}
        for code in sorted(wanted & registry.rules.keys()):
            if not prefilter_of([registry.rules[code]], ()).lets_through(file.text.encode()):
                yield f"{code} was not asked about {file.name}: what its rule `needs` does not occur there"


@contextmanager
def _written(case: Case) -> Iterator[str]:
    """A folder that holds the files of the case."""
    with TemporaryDirectory() as folder:
        for file in case.files:
            path = Path(folder, file.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
        yield folder


def _names(case: Case) -> list[str]:
    return [file.name for file in case.files]


def _source_file(case: Case, name: str, folder: str) -> SourceFile:
    return SourceFile(f"{folder}/{name}", _config(case.config))


def _result(result: FileResult) -> FileResult:
    if result.crash or result.refusal:
        raise LintError(f"the engine crashed: {result.crash}" if result.crash else f"not fixed: {result.refusal}")
    return result


@cache
def can_audit() -> bool:
    """Whether there is any check for the audit yet; until then `# audit` marks wait."""
    return any(hasattr(observations, subject) for subject in all_rules().checks)


@cache
def _policies(own_code: str | None) -> Policies:
    """The policies on a page: all rules that are on by default, and its own."""
    return Policies(Selection(extend_select=(own_code,) if own_code else ()))


@cache
def _config(text: str) -> Config:
    return parse_table(import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").loads(text))


def _local(one: Diagnostic, folder: str) -> Diagnostic:
    """The diagnostic, with its file named as in the case."""
    return one._replace(span=one.span._replace(filename=one.span.filename.removeprefix(f"{folder}/")))


def _in_block(one: Diagnostic, lines: dict[str, tuple[Line, ...]]) -> Diagnostic:
    """The diagnostic, with its row counted through the whole block instead of through a cell."""
    if one.span.cell is None:
        return one
    return one._replace(span=one.span._replace(row=row_in_block(lines[one.span.filename], one.span.cell, one.span.row)))
