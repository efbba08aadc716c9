"""The audit in a process that a watched program started: what our `sitecustomize` calls at its start."""

from __future__ import annotations

import os

from optlint.auditing.processes.process import ProcessAudit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.auditing.processes.plan import Plan


def follow() -> None:
    """Watch this process as its parent is watched; next to nothing is loaded before torch is."""
    ProcessAudit(_plan, _hand_over).arm()


def _plan() -> Plan | None:
    from optlint.auditing.processes.plan import inherited_plan

    return inherited_plan()


def _hand_over(audit: ProcessAudit) -> None:
    """Leave what was found; a process that took the place of the parent (`exec`) sums up as the parent does."""
    facts = audit.facts()
    if facts is None and not _took_its_place():
        return
    from optlint.auditing.processes.gather import conclude

    plan = _plan()
    if plan is not None:
        conclude(plan, facts, audit.rank)


def _took_its_place() -> bool:
    return os.environ.get("OPTLINT_RUN", "").partition(" ")[0] == str(os.getpid())
