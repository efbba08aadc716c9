"""One JSON object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from optlint.output._records import record

if TYPE_CHECKING:
    from optlint.output import Report


def render(report: Report) -> str:
    """The same objects as the JSON list, so that a reader can stop at any line."""
    return "".join(f"{json.dumps(record(diagnostic))}\n" for diagnostic in report.diagnostics)
