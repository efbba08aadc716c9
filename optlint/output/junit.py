"""JUnit's XML, which most build servers read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.output import Report

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """One suite a file, one failed case a diagnostic; a clean run is one case that passed."""
    by_file: dict[str, list[Diagnostic]] = {}
    for diagnostic in report.diagnostics:
        by_file.setdefault(diagnostic.span.filename, []).append(diagnostic)
    failures = sum(diagnostic.severity.counts for diagnostic in report.diagnostics)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<testsuites name="optlint" tests="{len(report.diagnostics) or 1}" failures="{failures}" errors="0">',
            *(line for filename, found in by_file.items() for line in _suite(filename, found)),
            *([] if by_file else ['  <testsuite name="optlint" tests="1" failures="0" errors="0">', *_passed()]),
            "</testsuites>\n",
        ]
    )


def _passed() -> tuple[str, str]:
    return ('    <testcase name="no diagnostics" classname="optlint"/>', "  </testsuite>")


def _suite(filename: str, found: list[Diagnostic]) -> Iterator[str]:
    failures = sum(diagnostic.severity.counts for diagnostic in found)
    yield f'  <testsuite name={_quoted(filename)} tests="{len(found)}" failures="{failures}" errors="0">'
    for diagnostic in found:
        yield from _case(diagnostic)
    yield "  </testsuite>"


def _case(diagnostic: Diagnostic) -> Iterator[str]:
    span = diagnostic.span
    cell = "" if span.cell is None else f"cell {span.cell}, "
    where = f"{cell}line {span.row}, column {span.column}"
    classname = re.sub(r"\.\w+$", "", span.filename)
    named = f"name={_quoted(f'{diagnostic.code} {diagnostic.name}')} classname={_quoted(classname)}"
    yield f'    <testcase {named} file={_quoted(span.filename)} line="{span.row}">'
    text = f"{where}: {diagnostic.message}"
    if diagnostic.severity.counts:
        kind = diagnostic.severity.value
        yield f'      <failure type="{kind}" message={_quoted(diagnostic.message)}>{_escaped(text)}</failure>'
    else:
        yield f"      <system-out>{_escaped(text)}</system-out>"
    yield "    </testcase>"


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace("\n", "&#10;") + '"'


def _escaped(text: str) -> str:
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
