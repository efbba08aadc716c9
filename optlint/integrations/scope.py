"""From begin to end of one training inside somebody else's loop: what all callbacks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.auditing.choice import Choice
from optlint.auditing.report import AuditError, AuditReport
from optlint.auditing.session import Options, Session
from optlint.auditing.summaries import AuditFacts
from optlint.auditing.summary import say
from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch.nn import Module
    from torch.optim import Optimizer

FAIL_ON = {"never": (), "error": (Severity.ERROR,), "warning": (Severity.ERROR, Severity.WARNING)}


class Scope:
    """One audit; `report` is live while it lasts, and stays when it has ended."""

    def __init__(self, select: Iterable[str] = (), ignore: Iterable[str] = (), fail_on: str = "never") -> None:
        if fail_on not in FAIL_ON:
            raise ValueError(f"fail_on={fail_on!r} is none of {', '.join(FAIL_ON)}")
        self._choice = Choice(tuple(select), tuple(ignore))
        self._severities = FAIL_ON[fail_on]
        self._session: Session | None = None
        self._last = AuditFacts("")

    @property
    def report(self) -> AuditReport:
        """What the audit has found up to now."""
        return AuditReport(self._facts)

    def begin(self, model: Module | None = None, optimizer: Optimizer | None = None) -> None:
        """Start to watch, if that has not happened before."""
        if self._session is None:
            self._session = Session(Options(model, optimizer, self._choice.registry))
            self._session.start()

    def end(self, *, speak: bool = True, error: BaseException | None = None) -> None:
        """Judge, say it on stderr, and raise `AuditError` where that is asked for and nothing else is wrong."""
        session = self._session
        if session is None:
            return
        session.stop(error)
        self._last = self._facts()
        self._session = None
        if speak:
            say(self._last)
        if error is None and any(one.severity in self._severities for one in self._last.diagnostics):
            raise AuditError(f"the audit found what `fail_on` asks for\n{self.report}")

    def _facts(self) -> AuditFacts:
        if self._session is None:
            return self._last
        return self._choice.of_facts(self._session.report().facts)
