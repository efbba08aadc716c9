"""The audit in a process that a watched program started: what our `sitecustomize` calls at its start."""

from __future__ import annotations

from optlint.auditing.plan import inherited_plan, took_root_over
from optlint.auditing.process import ProcessAudit


def follow() -> None:
    """Watch this process as its parent is watched; next to nothing is loaded before torch is."""
    ProcessAudit(inherited_plan, _hand_over).arm()


def _hand_over(audit: ProcessAudit) -> None:
    """Leave what was found; a process that took the place of the parent (`exec`) sums up as the parent does."""
    facts = audit.facts()
    if facts is None and not took_root_over():
        return
    from optlint.auditing.gather import conclude

    plan = inherited_plan()
    if plan is not None:
        conclude(plan, facts, audit.rank)
