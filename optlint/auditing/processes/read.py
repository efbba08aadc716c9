"""`optlint report`: what earlier runs have left in a folder, also those that were killed."""

from __future__ import annotations

import json
import os
import sys

from optlint.auditing.processes.differences import merged_with_differences
from optlint.auditing.processes.merge import facts_from_json, journal_facts
from optlint.auditing.processes.report_files import obstacle, write
from optlint.auditing.reports.summary import summary, wants_colour

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from optlint.auditing.memory.summaries import AuditFacts


def main(path: str, reports: Sequence[str] = ()) -> int:
    """Print what all reports and journals in a folder, or one such file, tell, or write it; 2 if there are none."""
    for complaint in filter(None, map(obstacle, reports)):
        print(f"optlint report: {complaint}", file=sys.stderr)
        return 2
    try:
        found = {stem: facts for stem in _stems(path) if (facts := _read(stem)) is not None}
    except OSError as error:
        print(f"optlint report: {path}: {error.strerror}", file=sys.stderr)
        return 2
    if not found:
        print(f"optlint report: {path}: no report of `optlint run` was found", file=sys.stderr)
        return 2
    unfinished = [f"{stem}.jsonl" for stem in found if not os.path.exists(f"{stem}.json")]
    whole = _whole(found)
    for name in reports:
        write(name, whole)
    print(summary(whole, wants_colour(sys.stdout), complete=not unfinished))
    for journal in unfinished:
        print(f"{os.path.basename(journal)} is all that its run has left: its optimizers are not known")
    return 0


def _whole(found: dict[str, AuditFacts]) -> AuditFacts:
    """All of it, with what differs between ranks."""
    parts = [facts._replace(ranks=_ranks_of(stem, found)) for stem, facts in found.items()]
    return merged_with_differences(parts)


def _ranks_of(stem: str, found: Iterable[str]) -> tuple[int, ...]:
    """By the name: `F.rankN` is of rank N, and `F` of rank 0 where others stand beside it."""
    before, dot, number = stem.rpartition(".rank")
    if dot and number.isdecimal() and before in found:
        return (int(number),)
    return (0,) if any(other.startswith(f"{stem}.rank") for other in found) else ()


def _stems(path: str) -> list[str]:
    """The names without `.json` or `.jsonl` of what may be reports, in order of name."""
    paths = [os.path.join(path, name) for name in os.listdir(path)] if os.path.isdir(path) else [path]
    return sorted({os.path.splitext(one)[0] for one in paths if one.endswith((".json", ".jsonl"))})


def _read(stem: str) -> AuditFacts | None:
    """The report, which is written last and whole, or else the journal, if they are ours."""
    try:
        return _report(f"{stem}.json") or _journal(f"{stem}.jsonl")
    except (ValueError, KeyError, TypeError):
        return None


def _report(path: str) -> AuditFacts | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return facts_from_json(json.load(file))


def _journal(path: str) -> AuditFacts | None:
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return journal_facts(file)
