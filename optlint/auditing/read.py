"""`optlint report`: what earlier runs have left in a folder, also those that were killed."""

from __future__ import annotations

import json
import os
import sys

from optlint.auditing.merge import facts_from_json, journal_facts, merged
from optlint.auditing.summary import summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from optlint.auditing.summaries import AuditFacts


def main(path: str) -> int:
    """Print what all reports and journals in a folder, or one such file, tell; 2 if there are none."""
    try:
        parts = [part for stem in _stems(path) if (part := _read(stem)) is not None]
    except OSError as error:
        print(f"optlint report: {path}: {error.strerror}", file=sys.stderr)
        return 2
    if not parts:
        print(f"optlint report: {path}: no report of `optlint run` was found", file=sys.stderr)
        return 2
    print(summary(merged(parts)))
    return 0


def _stems(path: str) -> Iterator[str]:
    """The names without `.json` or `.jsonl` of what may be reports, in order of name."""
    paths = [os.path.join(path, name) for name in os.listdir(path)] if os.path.isdir(path) else [path]
    yield from sorted({os.path.splitext(one)[0] for one in paths if one.endswith((".json", ".jsonl"))})


def _read(stem: str) -> AuditFacts | None:
    """The report, which is written last and whole, or else the journal, if they are ours."""
    try:
        report = _load(f"{stem}.json")
        return facts_from_json(report) if report else _journal(f"{stem}.jsonl")
    except (ValueError, KeyError, TypeError):
        return None


def _load(path: str) -> dict[str, Any] | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    return content if isinstance(content, dict) and "diagnostics" in content else None


def _journal(path: str) -> AuditFacts | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return journal_facts(file.read())
