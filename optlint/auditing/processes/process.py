"""The audit of one process from its first line to its last: begun when torch arrives, begun anew in a fork."""

from __future__ import annotations

import os
import sys

from optlint.auditing.processes.arrival import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from optlint.auditing.memory.summaries import AuditFacts
    from optlint.auditing.options import Options
    from optlint.auditing.processes.plan import Plan
    from optlint.auditing.reports.choice import Choice
    from optlint.auditing.session import Session
    from optlint.diagnostic import Diagnostic


class ProcessAudit:
    """Sees to it that a session runs in this process, and calls `at_end` even where `os._exit` ends it.

    The plan is read no earlier than it is needed: most child processes never import torch.
    """

    def __init__(self, read_plan: Callable[[], Plan | None], at_end: Callable[[ProcessAudit], None]) -> None:
        self._read_plan = read_plan
        self._at_end = at_end
        self._session: Session | None = None
        self._options: Options | None = None
        self._choice: Choice | None = None
        self._rank: int | None = None
        self._exit = os._exit

    def arm(self) -> None:
        """Wait for torch."""
        import atexit

        atexit.register(self.end)
        if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
            os.register_at_fork(after_in_child=self._forked)
        self._call_off = when_imported("torch", self._begin)

    def end(self) -> None:
        """The process is about to end; only the first call counts."""
        at_end, self._at_end = self._at_end, _ignore
        self._call_off()
        os._exit = self._exit
        try:
            at_end(self)
        except Exception as error:  # whatever is wrong with us, the program must not notice
            complain(error)

    def facts(self, error: BaseException | None = None) -> AuditFacts | None:
        """What the audit of this process found; None where there was nothing to audit."""
        session, self._session = self._session, None
        if session is None:
            return None
        if session.idle:
            session.discard()
            return None
        session.stop(error)
        facts, rank = session.report().facts, self.rank
        kept = self._choice.of_facts(facts) if self._choice else facts
        return kept._replace(diagnostics=tuple(_of_rank(one, rank) for one in kept.diagnostics))

    @property
    def rank(self) -> int | None:
        """The rank of this process, also after its process group has been destroyed."""
        self._look_for_rank()
        return self._rank

    def _look_for_rank(self) -> None:
        known = current_rank()
        self._rank = self._rank if known is None else known

    def _begin(self) -> None:
        try:
            self._options = self._options or self._read_options()
            if self._options is not None:
                self._start(self._options)
        except Exception as error:
            complain(error)

    def _start(self, options: Options) -> None:
        from optlint.auditing.session import Session

        session = Session(options)
        session.start()
        self._session = session
        os._exit = self._leave  # type: ignore[assignment]

    def _read_options(self) -> Options | None:
        from optlint.auditing.memory.lineage import Lineage
        from optlint.auditing.options import Options
        from optlint.auditing.reports.choice import Choice, reportable

        plan = self._read_plan()
        if plan is None:
            return None
        choice = self._choice = Choice(plan.select, plan.ignore)
        return Options(
            registry=self._choice.registry,
            reportable=reportable(plan.include, plan.omit),
            strict_iterators=plan.strict_iterators,
            check_replicas=plan.check_replicas,
            lineage=Lineage(self._built),
            on_diagnostic=lambda one: choice.hand_on(one, self._note),
        )

    def _built(self) -> None:
        """An optimizer was built, so this process trains: as which rank, if there are several?"""
        before = self._rank
        self._look_for_rank()
        plan = self._read_plan()
        if plan is not None and self._rank != before:
            from contextlib import suppress

            from optlint.auditing.processes.journal import begin

            with suppress(OSError):
                begin(plan, self._rank)

    def _note(self, diagnostic: Diagnostic) -> None:
        from contextlib import suppress

        from optlint.auditing.processes.journal import append

        plan = self._read_plan()
        if plan is not None:
            with suppress(OSError):  # the disk is full, or the parent has ended and removed its folder
                append(plan, _of_rank(diagnostic, self.rank), self._rank)

    def _forked(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.discard()
            self._begin()

    def _leave(self, status: int) -> None:
        self.end()
        self._exit(status)


def _of_rank(diagnostic: Diagnostic, rank: int | None) -> Diagnostic:
    """The diagnostic as this rank says it of itself; one that compares ranks names the rank that it is about."""
    if rank is None or diagnostic.rank is not None:
        return diagnostic
    return diagnostic._replace(rank=rank, ranks=(rank,))


def current_rank() -> int | None:
    """The rank of this process, from its process group or else from what a launcher has set."""
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        rank: int = distributed.get_rank()
        return rank
    word = os.environ.get("RANK", "")
    return int(word) if word.isdecimal() else None


def complain(error: Exception) -> None:
    """Say on stderr that the audit, not the program, went wrong."""
    if sys.__stderr__ is not None and not sys.__stderr__.closed:
        print(f"optlint: the audit stopped, the program goes on: {type(error).__name__}: {error}", file=sys.__stderr__)


def _ignore(audit: ProcessAudit) -> None:
    """Nothing is left to do at the end."""
