"""Rates that are written out and beyond all reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.values import Const, Value
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.events import Site

ABSURD = 1e8  # the audit has the same bound


def judge(machine: Machine, rate: Value | None, site: Site | None, optimizer: str) -> None:
    """Tell if an optimizer of torch gets a number as its rate that a single step does not survive."""
    value = rate.value if isinstance(rate, Const) else None
    if site is None or isinstance(value, bool) or not isinstance(value, int | float) or not value >= ABSURD:
        return
    if _is_written(machine, value):
        machine.emit(events.RateAbsurd(site, optimizer, float(value)))


def _is_written(machine: Machine, value: float) -> bool:
    """Whether a number stands in the file, rather than being computed."""
    inside = ir.walk_all(machine.block, machine.bodies)
    return any(isinstance(node, ir.Literal) and node.value == value for node in inside)
