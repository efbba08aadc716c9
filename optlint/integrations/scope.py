"""From begin to end of one training inside somebody else's loop: what all callbacks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.auditing.memory.summaries import AuditFacts
from optlint.auditing.options import Options
from optlint.auditing.reports.choice import Choice
from optlint.auditing.reports.report import AuditError, AuditReport
from optlint.auditing.reports.summary import say
from optlint.auditing.session import Session
from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch.nn import Module
    from torch.optim import Optimizer

FAIL_ON = {"never": (), "error": (Severity.ERROR,), "warning": (Severity.ERROR, Severity.WARNING)}


class Scope:
    """One audit; `report` is live while it lasts, and stays when it has ended."""

    def __init__(
        self,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        fail_on: str = "never",
        check_replicas: int = 0,
    ) -> None:
        if fail_on not in FAIL_ON:
            raise ValueError(f"fail_on={fail_on!r} is none of {', '.join(FAIL_ON)}")
        self._choice = Choice(tuple(select), tuple(ignore))
        self._severities = FAIL_ON[fail_on]
        self._check_replicas = check_replicas
        self._session: Session | None = None
        self._last = AuditFacts("")

    @property
    def report(self) -> AuditReport:
        """What the audit has found up to now."""
        return AuditReport(self._facts)

    def begin(self, model: Module | None = None, optimizer: Optimizer | None = None) -> None:
        """Start to watch, if that has not happened before."""
        if self._session is None:
            options = Options(model, optimizer, self._choice.registry, check_replicas=self._check_replicas)
            self._session = Session(options)
            self._session.start()

    def end(
        self,
        *,
        speak: bool = True,
        error: BaseException | None = None,
        log: Callable[[dict[str, float]], object] | None = None,
    ) -> None:
        """Judge, say it on stderr, and raise `AuditError` where that is asked for and nothing else is wrong.

        `log` is given the numbers of the audit, for a logger that keeps them beside those of the training.
        """
        session = self._session
        if session is None:
            return
        session.stop(error)
        self._last = self._facts()
        self._session = None
        if speak:
            say(self._last)
        if log is not None:
            log(numbers(self._last))
        if error is None and any(one.severity in self._severities for one in self._last.diagnostics):
            raise AuditError(f"the audit found what `fail_on` asks for\n{self.report}")

    def _facts(self) -> AuditFacts:
        if self._session is None:
            return self._last
        return self._choice.of_facts(self._session.report().facts)


def numbers(facts: AuditFacts) -> dict[str, float]:
    """A line of numbers: how much was found, how many tensors the optimizers hold and how many of them never moved."""
    tensors = [tensor for optimizer in facts.optimizers for tensor in optimizer.parameters]
    counted = [one.severity for one in facts.diagnostics]
    return {
        "optlint/errors": float(counted.count(Severity.ERROR)),
        "optlint/warnings": float(counted.count(Severity.WARNING)),
        "optlint/tensors": float(len(tensors)),
        "optlint/tensors_not_moved": float(sum(tensor.moved == "no" for tensor in tensors)),
    }
