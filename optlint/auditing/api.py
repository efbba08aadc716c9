"""The audit from within a program: `optlint.audit` and `optlint.explain`."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import TYPE_CHECKING

from optlint.auditing.places import is_users_file
from optlint.auditing.report import AuditReport
from optlint.auditing.session import Options, Session
from optlint.rule import load_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from torch.nn import Module
    from torch.optim import Optimizer

    from optlint.diagnostic import Diagnostic
    from optlint.rule import Registry, Rule


class audit(ContextDecorator):  # noqa: N801 (it reads like a function)
    """Watch the optimizers of a `with` block or of a decorated function; yields the live `AuditReport`.

    `model` and `optimizer` are needed only where they were built before; `select` and `ignore` take codes,
    prefixes of codes, or names.
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
        on_diagnostic: Callable[[Diagnostic], None] | None = None,
    ) -> None:
        registry = _chosen(tuple(select), tuple(ignore))
        self._options = Options(model, optimizer, registry, reportable, strict_iterators, on_diagnostic)
        self._sessions: list[Session] = []  # a decorated function may call itself

    def __enter__(self) -> AuditReport:
        session = Session(self._options)
        session.start()
        self._sessions.append(session)
        return session.report()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sessions.pop().stop(error)


def explain(optimizer: Optimizer, model: Module | None = None) -> AuditReport:
    """What `optimizer` would do to each parameter of `model`, as far as the objects tell without a run."""
    from optlint.auditing.explaining import facts_without_run

    facts = facts_without_run(optimizer, model)
    return AuditReport(lambda: facts)


def _chosen(select: tuple[str, ...], ignore: tuple[str, ...]) -> Registry:
    registry = load_rules()
    chosen = [rule for rule in registry.rules.values() if _named(rule, select) or (not select and rule.enabled)]
    return registry.only(rule.code for rule in chosen if not _named(rule, ignore))


def _named(rule: Rule, words: tuple[str, ...]) -> bool:
    return any(word in ("ALL", rule.name) or rule.code.startswith(word.upper()) for word in words)
