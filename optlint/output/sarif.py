"""SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from optlint.diagnostic import Severity
from optlint.output._identity import fingerprints, relative

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optlint.diagnostic import Diagnostic, Edit, Fix, Note, Span
    from optlint.output import Report
    from optlint.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "PROJECTROOT"
LEVELS: Mapping[Severity, str] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report) -> str:
    """One run with its rules, and one result a diagnostic."""
    rules = _rules(report)
    index = {rule.code: number for number, rule in enumerate(rules)}
    results = [
        _result(diagnostic, index, fingerprint)
        for diagnostic, fingerprint in zip(report.diagnostics, fingerprints(report), strict=True)
    ]
    run = {
        "tool": {"driver": _driver(report, rules)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "the folder in which optlint ran"}}},
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules(report: Report) -> Sequence[Rule]:
    """The rules that have something to say, in the order of their codes."""
    if not report.diagnostics:
        return []
    known = report.registry().rules
    return [known[code] for code in sorted({diagnostic.code for diagnostic in report.diagnostics})]


def _driver(report: Report, rules: Sequence[Rule]) -> dict[str, Any]:
    return {"name": "optlint", "version": report.version, "rules": [_rule(rule, report) for rule in rules]}


def _rule(rule: Rule, report: Report) -> dict[str, Any]:
    page = report.page(rule.code) or rule.summary
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[rule.severity], "enabled": rule.enabled},
    }


def _result(diagnostic: Diagnostic, index: Mapping[str, int], fingerprint: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": index[diagnostic.code],
        "level": LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message},
        "locations": [_location(diagnostic.span)],
        "partialFingerprints": {"optlint/v1": fingerprint},
    }
    if diagnostic.notes:
        result["relatedLocations"] = [_related(number, note) for number, note in enumerate(diagnostic.notes)]
    if diagnostic.fix and all(edit.span.cell is None for edit in diagnostic.fix.edits):
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _location(span: Span) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(span.filename)}
    if span.cell is None:
        return {"physicalLocation": {**physical, "region": _region(span)}}
    name = f"cell {span.cell}:{span.row}:{span.column}"  # rows of a notebook's file are not those of its cells
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": name}]}


def _related(number: int, note: Note) -> dict[str, Any]:
    return {"id": number, **_location(note.span), "message": {"text": note.message}}


def _artifact(filename: str) -> dict[str, str]:
    from urllib.parse import quote

    path = relative(filename)
    uri = quote(path.encode("utf-8", "surrogateescape"))
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    if path[1:2] == ":":  # a drive
        return {"uri": f"file:///{quote(path, safe='/:')}"}
    return {"uri": uri, "uriBaseId": ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.row,
        "startColumn": span.column,
        "endLine": span.end_row,
        "endColumn": span.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.span.filename, []).append(edit)
    return {
        "description": {"text": fix.message},
        "artifactChanges": [
            {"artifactLocation": _artifact(filename), "replacements": [_replacement(edit) for edit in edits]}
            for filename, edits in changes.items()
        ],
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.content}}
