"""A callback for the `Trainer` of transformers: `Trainer(..., callbacks=[OptimizerAudit()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback  # type: ignore[import-not-found]

from optlint.integrations.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from optlint.auditing.reports.report import AuditReport


class OptimizerAudit(TrainerCallback):  # type: ignore[misc]
    """Audits `train`: says on stderr what it found, and keeps it as `report`.

    `fail_on` ("never", "error" or "warning") has a training raise `AuditError` in the end. Every `check_replicas`
    steps copies on several ranks are compared (0: never). `log`, such as `trainer.log` of a trainer to which this is
    added later, is called with a few numbers in the end, such as `optlint/errors`. Raises `ValueError` for another
    `fail_on`, `UnknownRuleError` for a rule that does not exist.
    """

    def __init__(
        self,
        *,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        fail_on: str = "never",
        check_replicas: int = 0,
        log: Callable[[dict[str, float]], object] | None = None,
    ) -> None:
        self._scope = Scope(select, ignore, fail_on, check_replicas)
        self._log = log

    @property
    def report(self) -> AuditReport:
        """What the audit has found up to now."""
        return self._scope.report

    def on_init_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Begin when the trainer is made: it builds its optimizer before it tells that the training begins."""
        self._scope.begin(model)

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Begin where that has not been done: for a second `train`, or where this was added to a trainer later."""
        self._scope.begin(model)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Sum up."""
        first = state.is_world_process_zero
        self._scope.end(speak=first, log=self._log if first else None)
