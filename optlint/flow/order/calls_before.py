"""What calls did to gradients before: it stands for what they do where a function is not run once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow.core.acts import (
    BACKWARD,
    BUILT,
    CLEAR,
    CLIP,
    GIVEN,
    HIDDEN,
    LOOP,
    MEET,
    START,
    STEP,
    UNSCALE,
    UPDATE,
    Act,
)
from optlint.flow.core.cells import InstanceCell, OptimizerCell
from optlint.flow.core.values import Ref
from optlint.flow.order import trace

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.reading import ir

# What follows an order of its own; the rest may come at any time.
IN_ORDER = frozenset({CLEAR, BACKWARD, STEP, CLIP, UNSCALE, UPDATE, BUILT, GIVEN, HIDDEN})


class Call(NamedTuple):
    """A call of a function, and the models and optimizers that it gets."""

    node: ir.Node
    function: ir.Node
    given: frozenset[Ref]

    @property
    def key(self) -> tuple[ir.Node, ir.Node]:
        """What is called where."""
        return self.node, self.function


class Start(NamedTuple):
    """Where a call begins: how many acts there were, and the last one."""

    acts: int
    last: Act


class Done(NamedTuple):
    """What a call did: acts of which none has an order, or all paths `since` an act, in an order that can be repeated.

    In an order they are on what was `given`, and on the optimizers that were `built` until then.
    """

    acts: tuple[Act, ...]
    since: Act | None = None
    given: frozenset[Ref] = frozenset()
    built: int = 0


def call(node: ir.Node, function: ir.Node, arguments: Arguments, state: State) -> Call:
    """A call, as it is told from others."""
    refs = (value for value in arguments.all() if isinstance(value, Ref))
    given = frozenset(ref for ref in refs if isinstance(state.cell(ref), InstanceCell | OptimizerCell))
    return Call(node, function, given)


def begins(machine: Machine, state: State) -> Start:
    """A call begins."""
    return Start(len(machine.trace.acts), state.trace)


def remember(machine: Machine, call: Call, start: Start, state: State) -> None:
    """Keep what a call did that has been run."""
    before, acts = machine.trace.before, tuple(machine.trace.acts[start.acts :])
    calm = all(act.kind not in IN_ORDER for act in acts)
    if call.key in before and (before[call.key] is None or (before[call.key].since is None) is not calm):
        before[call.key] = None  # it does one thing or another
    elif calm:
        before[call.key] = Done(acts)
    else:
        paths = _between(start.last, state.trace) if all(map(_is_repeatable, acts)) else None
        before[call.key] = Done(paths, start.last, call.given, machine.trace.built) if paths else None


def _is_repeatable(act: Act) -> bool:
    return act.kind not in (BUILT, GIVEN) and not act.deferred


def _between(first: Act, last: Act) -> tuple[Act, ...] | None:
    """All acts on the paths from one to another, each behind those before it; None if there is a loop among them."""
    found: dict[Act, None] = {}
    pending = [last] if last is not first else []
    while pending:
        act = pending[-1]
        if act.kind in (LOOP, START):
            return None
        missing = [earlier for earlier in act.before if earlier is not first and earlier not in found]
        if not missing:
            found[pending.pop()] = None
        pending += missing
    return tuple(found)


def repeat(machine: Machine, call: Call, state: State) -> bool:
    """Note what a call did the last time; False if it was not run, or may do something else now."""
    done: Done | None = machine.trace.before.get(call.key)
    if done is None or (done.since and (done.given, done.built) != (call.given, machine.trace.built)):
        return False
    copies = {done.since: state.trace}
    for act in done.acts:
        earlier = [copies[one] for one in act.before] if done.since else [state.trace]
        copies[act] = state.trace = _again(machine, act, earlier, state)
    return True


def _again(machine: Machine, act: Act, earlier: list[Act], state: State) -> Act:
    """The same act after others, at what the state stands at now."""
    copy = Act(act.kind, act.site, act.subject, scaler=act.scaler, node=act.node, doubtful=act.doubtful)
    copy.reaches, copy.computed, copy.cut = act.reaches, act.computed, act.cut
    if act.kind == MEET:
        for one in earlier:
            copy.follow(one)
    else:
        state.trace = earlier[0]
        trace.note(machine, copy, state)
    return copy
