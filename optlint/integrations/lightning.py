"""A callback for Lightning: `Trainer(callbacks=[OptimizerAudit()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optlint.integrations.scope import Scope

try:
    from lightning.pytorch import Callback  # type: ignore[import-not-found]
except ImportError:
    from pytorch_lightning import Callback  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from optlint.auditing.reports.report import AuditReport


class OptimizerAudit(Callback):  # type: ignore[misc]
    """Audits `fit`: says on stderr what it found, and keeps it as `report`.

    `fail_on` ("never", "error" or "warning") has a training raise `AuditError` in the end. Every `check_replicas`
    steps copies on several ranks are compared (0: never). With `log`, the loggers of the trainer get a few numbers
    in the end, such as `optlint/errors`. Raises `ValueError` for another `fail_on`, `UnknownRuleError` for a rule
    that does not exist.
    """

    def __init__(
        self,
        *,
        select: Iterable[str] = (),
        ignore: Iterable[str] = (),
        fail_on: str = "never",
        check_replicas: int = 0,
        log: bool = False,
    ) -> None:
        super().__init__()
        self._scope = Scope(select, ignore, fail_on, check_replicas)
        self._log = log

    @property
    def report(self) -> AuditReport:
        """What the audit has found up to now."""
        return self._scope.report

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin before the optimizers are built."""
        if stage == "fit":
            self._scope.begin(pl_module)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Say what was found before the training failed."""
        self._scope.end(speak=trainer.is_global_zero, error=exception)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Sum up."""
        if stage == "fit":
            log = _loggers_of(trainer) if self._log and trainer.is_global_zero else None
            self._scope.end(speak=trainer.is_global_zero, log=log)


def _loggers_of(trainer: Any) -> Callable[[dict[str, float]], None]:
    def log(numbers: dict[str, float]) -> None:
        for logger in trainer.loggers:
            logger.log_metrics(numbers, step=trainer.global_step)

    return log
