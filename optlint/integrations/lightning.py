"""A callback for Lightning: `Trainer(callbacks=[OptimizerAudit()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optlint.integrations.scope import Scope

try:
    from lightning.pytorch import Callback  # type: ignore[import-not-found]
except ImportError:
    from pytorch_lightning import Callback  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.auditing.report import AuditReport


class OptimizerAudit(Callback):  # type: ignore[misc]
    """Audits `fit`: says on stderr what it found, and keeps it as `report`.

    `fail_on` ("never", "error" or "warning") has a training raise `AuditError` in the end.
    """

    def __init__(self, *, select: Iterable[str] = (), ignore: Iterable[str] = (), fail_on: str = "never") -> None:
        super().__init__()
        self._scope = Scope(select, ignore, fail_on)

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
            self._scope.end(speak=trainer.is_global_zero)
