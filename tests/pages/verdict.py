"""Comparing what a case expects with what was said, and showing the difference in place."""

from __future__ import annotations

from difflib import ndiff
from typing import TYPE_CHECKING, NamedTuple

from tests.pages.marks import Line, Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.diagnostic import Diagnostic
    from tests.pages.page import Case, Source


class Surprise(NamedTuple):
    """One difference: `word` is "missing" or "noisy"; `row` is 1-based in the file `name`."""

    word: str
    name: str
    row: int
    text: str


class SurpriseError(AssertionError):
    """A case whose diagnostics are not the expected ones."""

    def __init__(self, case: Case, surprises: tuple[Surprise, ...]) -> None:
        self.surprises = surprises
        super().__init__("\n".join(show(case, surprises)))


class FixError(AssertionError):
    """A block that is not what `--fix` makes of the one above."""


def compare_fix(case: Case, fixed: str) -> None:
    """Raise unless the case's block is the text `fixed`."""
    if fixed != case.main.text:
        lines = [line.rstrip() for line in ndiff(case.main.text.splitlines(), fixed.splitlines()) if line[:1] != "?"]
        raise FixError("\n".join(["`-`: only on the page, `+`: only after --fix", "", *lines]))


def compare(case: Case, diagnostics: Iterable[Diagnostic], kind: str) -> None:
    """Raise unless `diagnostics` are exactly those that the marks of this kind expect."""
    said = list(diagnostics)
    surprises = tuple(found for file in case.files for found in _compare_file(file, said, kind))
    known = {file.name for file in case.files}
    surprises += tuple(_noisy(one, one.span.filename, kind) for one in said if one.span.filename not in known)
    if surprises:
        raise SurpriseError(case, surprises)


def _compare_file(file: Source, said: list[Diagnostic], kind: str) -> Iterator[Surprise]:
    here = [one for one in said if one.span.filename == file.name]
    for row, line in enumerate(file.lines, start=1):
        on_line = [one for one in here if one.span.row == row]
        for mark in _strictest_first(mark for mark in line.marks if mark.kind == kind):
            found = next(filter(mark.matches, on_line), None)
            if found is None:
                yield Surprise("missing", file.name, row, str(mark))
            else:
                on_line.remove(found)
        yield from (_noisy(one, file.name, kind) for one in on_line)
    yield from (_noisy(one, file.name, kind) for one in here if not 1 <= one.span.row <= len(file.lines))


def _strictest_first(marks: Iterable[Mark]) -> list[Mark]:
    return sorted(marks, key=lambda mark: (len(mark.message), len(mark.severity)), reverse=True)


def _noisy(one: Diagnostic, name: str, kind: str) -> Surprise:
    return Surprise("noisy", name, one.span.row, f"{kind}: [{one.code} {one.severity.value}] {one.message}")


def show(case: Case, surprises: tuple[Surprise, ...]) -> Iterator[str]:
    """The case as it stands on the page, with each surprise below its line."""
    for file in case.files:
        mine = [one for one in surprises if one.name == file.name]
        if len(case.files) > 1:
            yield f"     {file.name}"
        for row, line in enumerate(file.lines, start=1):
            yield f"{line.row:>4} | {line.raw}".rstrip()
            yield from _below(line, [one for one in mine if one.row == row])
        yield from (_arrow(one, 0) for one in mine if not 1 <= one.row <= len(file.lines))
    known = {file.name for file in case.files}
    yield from (f"{_arrow(one, 0)} in {one.name}" for one in surprises if one.name not in known)


def _below(line: Line, surprises: list[Surprise]) -> Iterator[str]:
    indent = len(line.raw) - len(line.raw.lstrip())
    yield from (_arrow(one, indent) for one in surprises)


def _arrow(one: Surprise, indent: int) -> str:
    return f"   > | {' ' * indent}^ {one.word}: {one.text}"
