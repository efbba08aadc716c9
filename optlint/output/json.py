"""One JSON list of all diagnostics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from optlint.output._records import record

if TYPE_CHECKING:
    from optlint.output import Report


def render(report: Report) -> str:
    """The list, indented for people who look at it."""
    return json.dumps([record(diagnostic) for diagnostic in report.diagnostics], indent=2) + "\n"
