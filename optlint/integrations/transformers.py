"""A callback for the `Trainer` of transformers: `Trainer(..., callbacks=[OptimizerAudit()])`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback  # type: ignore[import-not-found]

from optlint.integrations.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.auditing.report import AuditReport


class OptimizerAudit(TrainerCallback):  # type: ignore[misc]
    """Audits `train`: says on stderr what it found, and keeps it as `report`.

    `fail_on` ("never", "error" or "warning") has a training raise `AuditError` in the end.
    """

    def __init__(self, *, select: Iterable[str] = (), ignore: Iterable[str] = (), fail_on: str = "never") -> None:
        self._scope = Scope(select, ignore, fail_on)

    @property
    def report(self) -> AuditReport:
        """What the audit has found up to now."""
        return self._scope.report

    def on_init_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Begin when the trainer is made: it builds its optimizer before it tells that the training begins."""
        self._scope.begin(model)

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Begin again for a second `train`."""
        self._scope.begin(model)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Sum up."""
        self._scope.end(speak=state.is_world_process_zero)
