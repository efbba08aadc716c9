"""What calls did to gradients before: it stands for what they do where a function is not run once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, CLIP, GIVEN, HIDDEN, STEP, UNSCALE, UPDATE, Act
from optlint.flow.order import trace

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.reading import ir

# What follows an order of its own, so that it can't be repeated without the paths around it.
IN_ORDER = frozenset({CLEAR, BACKWARD, STEP, CLIP, UNSCALE, UPDATE, BUILT, GIVEN, HIDDEN})


def remember(machine: Machine, call: ir.Call, function: ir.Node, since: int) -> None:
    """Keep what a call did that has been run; `since` is how many acts there were before it."""
    before, key = machine.trace.before, (call, function)
    acts = tuple(machine.trace.acts[since:])
    calm = before.get(key, ()) is not None and all(act.kind not in IN_ORDER for act in acts)
    before[key] = acts if calm else None


def repeat(machine: Machine, call: ir.Node, function: ir.Node, state: State) -> bool:
    """Note what a call did the last time; False if it was not run, or did what has an order."""
    acts = machine.trace.before.get((call, function))
    for act in acts or ():
        trace.note(machine, Act(act.kind, act.site, act.subject, node=act.node), state)
    return acts is not None
