"""The audit from within a program: `optlint.audit` and `optlint.explain`."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import TYPE_CHECKING

import torch

from optlint.auditing.memory.places import is_users_file
from optlint.auditing.options import Options
from optlint.auditing.reports.choice import Choice
from optlint.auditing.reports.report import AuditReport
from optlint.auditing.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from torch.nn import Module
    from torch.optim import Optimizer

    from optlint.diagnostic import Diagnostic


class audit(ContextDecorator):  # noqa: N801 (it reads like a function)
    """Watch the optimizers of a `with` block or of a decorated function; yields the live `AuditReport`.

    `model` and `optimizer` are needed only where they were built before; `select` and `ignore` take codes,
    prefixes of codes, or names. Configuration and suppression comments hold as they do for the linter.
    `reportable` tells of a path whether its code may be reported (default: not what is installed).
    `strict_iterators` also tells of a second plain loop over a generator, at the price of a proxy around it.
    Every `check_replicas` steps the copies of parameters on several ranks are compared (0: never).
    `on_diagnostic` is called with each diagnostic as it appears.

    Raises `TypeError` where model and optimizer are none, `UnknownRuleError` for a rule that does not exist. What
    goes wrong within the audit itself is told on stderr, and never stops a training.
    """

    def __init__(
        self,
        model: Module | None = None,
        optimizer: Optimizer | None = None,
        *,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        reportable: Callable[[str], bool] = is_users_file,
        strict_iterators: bool = False,
        check_replicas: int = 0,
        on_diagnostic: Callable[[Diagnostic], None] | None = None,
    ) -> None:
        _refuse_others(model, optimizer)
        choice = self._choice = Choice(tuple(select), tuple(ignore))
        self._options = Options(
            model,
            optimizer,
            choice.registry,
            reportable,
            strict_iterators,
            None if on_diagnostic is None else lambda one: choice.hand_on(one, on_diagnostic),
            check_replicas=check_replicas,
        )
        self._sessions: list[Session] = []  # a decorated function may call itself

    def __enter__(self) -> AuditReport:
        session = Session(self._options)
        session.start()
        self._sessions.append(session)
        choice, report = self._choice, session.report()  # not `self`: it holds the model
        return AuditReport(lambda: choice.of_facts(report.facts))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sessions.pop().stop(error)


def explain(optimizer: Optimizer, model: Module | None = None) -> AuditReport:
    """What `optimizer` would do to each parameter of `model`, as far as the objects tell without a run.

    Without `model` it can't tell what the optimizer was not given. Raises `TypeError` where they are none.
    """
    _refuse_others(model, optimizer)
    from optlint.auditing.reports.explaining import facts_without_run

    facts = facts_without_run(optimizer, model)
    return AuditReport(lambda: facts)


def _refuse_others(model: object, optimizer: object) -> None:
    """Raises `TypeError` where the two are mixed up; an optimizer may be a wrapper that is no `Optimizer` itself."""
    if model is not None and not isinstance(model, torch.nn.Module):
        raise TypeError(f"`model` must be a torch.nn.Module, not {type(model).__name__}")
    if optimizer is not None and not hasattr(optimizer, "param_groups"):
        raise TypeError(f"`optimizer` must be a torch.optim.Optimizer, not {type(optimizer).__name__}")
