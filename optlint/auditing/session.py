"""One audit: from `start`, which installs the hooks, to `stop`, which removes every trace of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from optlint.auditing.places import is_users_file
from optlint.auditing.report import AuditReport
from optlint.auditing.summaries import AuditFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from torch.nn import Module
    from torch.optim import Optimizer

    from optlint.diagnostic import Diagnostic
    from optlint.rule import Registry


class Options(NamedTuple):
    """How to audit; `registry` holds the selected rules (None: all), `reportable` says whose files are reported."""

    model: Module | None = None
    optimizer: Optimizer | None = None
    registry: Registry | None = None
    reportable: Callable[[str], bool] = is_users_file
    strict_iterators: bool = False
    on_diagnostic: Callable[[Diagnostic], None] | None = None
    rank: int | None = None


class Session:
    """Watches all optimizers of this process between `start` and `stop`."""

    def __init__(self, options: Options = Options()) -> None:  # noqa: B008 (an immutable value)
        self._options = options
        self._diagnostics: list[Diagnostic] = []

    def start(self) -> None:
        """Install the hooks; torch must have been imported."""

    def stop(self, error: BaseException | None = None) -> None:
        """Judge what only the whole shows and remove all hooks; `error` is what ended the program, if anything did."""

    def discard(self) -> None:
        """Remove all hooks without judging or touching a tensor, as a forked child must with its parent's session."""

    @property
    def idle(self) -> bool:
        """Whether no optimizer was built or stepped under it, so that there is nothing to report; cheap."""
        return not self._diagnostics

    def __enter__(self) -> Session:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(error)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found up to now, in order of appearance."""
        return tuple(self._diagnostics)

    def report(self) -> AuditReport:
        """A live view while the session runs; plain frozen values once it has stopped."""
        return AuditReport(self._facts)

    def _facts(self) -> AuditFacts:
        return AuditFacts(torch.__version__, self.diagnostics)
