"""From what each process of a run wrote down to the facts of the whole run, and its report files."""

from __future__ import annotations

import os

from optlint.auditing.journal import hand_over, handed_over, write_reports
from optlint.auditing.merge import facts_from_json, journal_facts, merged
from optlint.auditing.plan import file_of_rank, files_of_ranks, journals
from optlint.auditing.summaries import AuditFacts
from optlint.auditing.summary import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.plan import Plan


def conclude(plan: Plan, facts: AuditFacts | None, rank: int | None) -> AuditFacts:
    """The end of a process: its facts go to the parent, or if it is that itself, to reports and to stderr."""
    if plan.is_mine:
        facts = _sum_up(plan, facts, rank)
        if not rank:
            say(facts)
    elif facts is not None:
        _leave_for_parent(plan, facts, rank)
    return facts or AuditFacts("")


def _leave_for_parent(plan: Plan, facts: AuditFacts, rank: int | None) -> None:
    if os.path.isdir(plan.scratch):  # else the parent has ended before
        hand_over(plan, facts, rank)
    if rank:
        write_reports(plan, facts, rank)


def _sum_up(plan: Plan, facts: AuditFacts | None, rank: int | None) -> AuditFacts:
    """Write the reports of the run, remove its scratch folder, return what all processes found."""
    parts = [(rank, facts or AuditFacts(""))]
    parts += [(of, facts_from_json(report)) for of, report in handed_over(plan)]
    parts += _journals(plan, rank)
    own = [part for of, part in parts if (of or 0) == (rank or 0)]
    write_reports(plan, merged(own), rank)
    _remove_folder(plan.scratch)
    return merged(part for _, part in sorted(parts, key=lambda pair: pair[0] or 0))


def _journals(plan: Plan, rank: int | None) -> Iterator[tuple[int | None, AuditFacts]]:
    """What the journals tell: more than the reports do where a child process was killed."""
    first = journals(plan, None)[0]
    for number, path in files_of_ranks(first) if rank is None else [(rank, file_of_rank(first, rank))]:
        with open(path, encoding="utf-8") as file:
            yield number, journal_facts(file)


def _remove_folder(folder: str) -> None:
    try:
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
        os.rmdir(folder)
    except OSError:  # a child process that outlives us is writing there
        return
