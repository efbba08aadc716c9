"""Files that a report is written to: what their names mean, and whether they can be written at all."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.auditing.memory.summaries import AuditFacts


def obstacle(path: str) -> str | None:
    """Why there cannot be a report of this name; asked first, so that a long run does not end without one."""
    if not path.endswith((".json", ".html")):
        return f"--report {path}: the name must end in .json or .html"
    if not os.access(os.path.dirname(os.path.abspath(path)), os.W_OK):
        return f"--report {path}: its folder does not exist or cannot be written to"
    return None


def write(path: str, facts: AuditFacts) -> None:
    """The report in the form that the name asks for; a reader sees all of it or nothing."""
    from optlint.auditing.reports.report import AuditReport

    report = AuditReport(lambda: facts)
    replace_file(path, report.to_html() if path.endswith(".html") else report.to_json())


def replace_file(path: str, text: str) -> None:
    """Write a file so that a reader sees all of it or nothing."""
    beside = f"{path}.{os.getpid()}.tmp"
    with open(beside, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    os.replace(beside, path)
