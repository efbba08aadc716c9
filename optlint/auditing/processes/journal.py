"""What each process of a run writes down: every diagnostic as it appears, and all facts at its end."""

from __future__ import annotations

import json
import os

from optlint.auditing.processes.plan import file_of_rank, journals
from optlint.auditing.processes.report_files import replace_file, write
from optlint.auditing.reports.report import diagnostic_as_json, facts_as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from optlint.auditing.memory.summaries import AuditFacts
    from optlint.auditing.processes.plan import Plan
    from optlint.diagnostic import Diagnostic


def append(plan: Plan, diagnostic: Diagnostic, rank: int | None) -> None:
    """Add a line to the journals; one write to an append-only file, so lines of several processes never mix."""
    _write(plan, json.dumps(diagnostic_as_json(diagnostic), allow_nan=False).encode() + b"\n", rank)


def begin(plan: Plan, rank: int | None) -> None:
    """Leave a sign that this rank was there, even if it is killed and has found nothing."""
    _write(plan, b"", rank)


def _write(plan: Plan, line: bytes, rank: int | None) -> None:
    for path in journals(plan, rank):
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


def write_reports(plan: Plan, facts: AuditFacts, rank: int | None) -> None:
    """Write each report that was asked for, under the name of this rank."""
    for path in plan.reports:
        write(file_of_rank(path, rank), facts)


def hand_over(plan: Plan, facts: AuditFacts, rank: int | None) -> None:
    """Leave the facts of this process for the one that sums the run up."""
    content = {"rank": rank, "report": facts_as_json(facts)}
    replace_file(os.path.join(plan.scratch, f"{os.getpid()}.json"), json.dumps(content))


def handed_over(plan: Plan) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """What child processes have left: rank and report of each."""
    for name in sorted(os.listdir(plan.scratch)):
        if name.endswith(".json"):
            with open(os.path.join(plan.scratch, name), encoding="utf-8") as file:
                content = json.load(file)
            yield content["rank"], content["report"]
