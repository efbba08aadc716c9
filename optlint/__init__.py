"""optlint: does my optimizer really train the parameters I think it trains, at the rates I think I set?

- `lint(source_or_path)`: the diagnostics of source, as a list of `Diagnostic`.
- `audit(model, optimizer)`: watches what runs within a `with` block, and yields an `AuditReport`.
- `explain(optimizer, model)`: an `AuditReport` of what the optimizer would do to each parameter, without a run.
"""

from __future__ import annotations

from optlint.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from optlint.api import lint
    from optlint.auditing.api import audit, explain
    from optlint.auditing.reports.report import AuditError, AuditReport
    from optlint.diagnostic import Diagnostic

__all__ = ["AuditError", "AuditReport", "Diagnostic", "__version__", "audit", "explain", "lint"]

_HOMES = {
    "lint": "optlint.api",
    "audit": "optlint.auditing.api",
    "explain": "optlint.auditing.api",
    "AuditError": "optlint.auditing.reports.report",
    "AuditReport": "optlint.auditing.reports.report",
    "Diagnostic": "optlint.diagnostic",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
