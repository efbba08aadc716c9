"""From what each process of a run wrote down to the facts of the whole run, and its report files."""

from __future__ import annotations

import os
from time import monotonic, sleep

from optlint.auditing.memory.summaries import AuditFacts
from optlint.auditing.processes.differences import merged_with_differences
from optlint.auditing.processes.journal import hand_over, handed_over, write_reports
from optlint.auditing.processes.merge import facts_from_json, journal_facts, merged
from optlint.auditing.processes.plan import file_of_rank, files_of_ranks, journals
from optlint.auditing.reports.summary import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.processes.plan import Plan

PATIENCE = 2.0  # seconds that the rank which sums up waits for those beside it
PAUSE = 0.05


def conclude(plan: Plan, facts: AuditFacts | None, rank: int | None) -> AuditFacts:
    """The end of a process: its facts go to the parent, or if it is that itself, to reports and to stderr."""
    if plan.is_mine and plan.sums_up:
        _wait_for_others(plan)
        facts = _sum_up(plan, facts, rank)
        if plan.ranks_beside or not rank:
            say(facts)
    elif facts is not None or plan.is_mine:
        _leave_for_other(plan, facts or AuditFacts(""), rank)
    return facts or AuditFacts("")


def _leave_for_other(plan: Plan, facts: AuditFacts, rank: int | None) -> None:
    if os.path.isdir(plan.scratch):  # else the one that sums up has ended before
        hand_over(plan, facts, rank)
    if rank:
        write_reports(plan, facts, rank)


def _wait_for_others(plan: Plan) -> None:
    """Ranks that a launcher started end at about the same time; one that was killed is waited for in vain."""
    until = monotonic() + PATIENCE
    while plan.ranks_beside and monotonic() < until:
        if len({rank for rank, _ in handed_over(plan)}) >= plan.ranks_beside:
            return
        sleep(PAUSE)


def _sum_up(plan: Plan, facts: AuditFacts | None, rank: int | None) -> AuditFacts:
    """Write the reports of the run, remove its scratch folder, return what all processes found.

    The report of this rank shows its own optimizers, and what all ranks have found.
    """
    parts = [(rank, facts or AuditFacts(""))]
    parts += [(of, facts_from_json(report)) for of, report in handed_over(plan)]
    parts += _journals(plan, rank)
    parts = [(of, part._replace(ranks=() if of is None else (of,))) for of, part in parts]
    parts.sort(key=lambda pair: (pair[0] or 0) != (rank or 0))  # its own come first
    own = merged(part for of, part in parts if (of or 0) == (rank or 0))
    whole = merged_with_differences([part for _, part in parts], plan.select, plan.ignore)
    shown = (
        one._replace(optimizer=None) if one.optimizer is not None and one.optimizer >= len(own.optimizers) else one
        for one in whole.diagnostics
    )
    write_reports(plan, own._replace(diagnostics=tuple(shown)), rank)
    _remove_folder(plan.scratch)
    return whole


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
