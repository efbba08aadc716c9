"""In which order gradients are computed and used: puts acts into a graph, and asks it what is before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from optlint.flow.core.acts import BUILT, CLEAR, HIDDEN, LOOP, MEET, START, STEP, Act, Kind
from optlint.flow.python import classes
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Trail
    from optlint.flow.events import Site


def note(machine: Machine, act: Act, state: State) -> None:
    """An act takes place."""
    trace = machine.trace
    act.loops, act.path, act.address = tuple(trace.loops), state.path, machine.counter.last
    act.deferred = trace.deferring > 0
    act.trail = _trail(machine, act.site) if act.site is not None else ()
    act.functions = tuple(running(machine)) if act.kind in (CLEAR, STEP) else ()
    act.follow(state.trace)
    trace.acts.append(act)
    trace.built += act.kind == BUILT
    state.trace = act


def _trail(machine: Machine, site: Site) -> Trail:
    """Where the running function acts, and where its callers called it."""
    frame = machine.frame
    trail = [(frame.scope, site)]
    while frame is not machine.trace.root and frame.caller is not None and frame.call is not None:
        site = site if _fills_in(frame, frame.caller) else frame.call
        trail.append((frame.caller.scope, site))
        frame = frame.caller
    return tuple(trail)


def _fills_in(frame: Frame, caller: Frame) -> bool:
    """Whether a method runs for one that a base class leaves open: what it does is its own doing, not its caller's."""
    mine, theirs = frame.owner, caller.owner
    if mine is None or theirs is None or mine == theirs or frame.bound != caller.bound:
        return False
    return theirs in classes.ancestry(mine)


def running(machine: Machine) -> Iterator[ir.Node]:
    """The functions that are running, innermost first."""
    frame: Frame | None = machine.frame
    while frame is not None:
        if frame.node is not None:
            yield frame.node
        frame = frame.caller


def place_of(act: Act, other: Act) -> Site | None:
    """Where an act takes place, as seen by the innermost function that knows of another one too."""
    theirs = dict(other.trail)
    return next((site for scope, site in act.trail if scope in theirs), act.site)


def loop_begins(machine: Machine, node: ir.Node, state: State) -> Act:
    """The head of a loop that repeats."""
    head = Act(LOOP, node=node, loops=tuple(machine.trace.loops), address=machine.counter.last)
    head.subject = _hidden_in(getattr(node, "iterable", None), state.trace)
    head.follow(state.trace)
    state.trace = head
    machine.trace.loops.append(head)
    machine.trace.heads.append(head)
    return head


def _hidden_in(iterable: ir.Node | None, last: Act) -> Subject | None:
    """What code that can't be seen got when it made what a loop goes through: it may run again in each round."""
    if last.kind != HIDDEN or iterable is None or last.node not in set(ir.walk(iterable)):
        return None
    return last.subject


def round_ends(head: Act | None, state: State) -> None:
    """The next round, or what follows the loop, goes on at its head; it has none if it does not repeat."""
    if head is not None:
        if state.trace is not head:
            head.follow(state.trace)
        state.trace = head


def loop_ends(machine: Machine, head: Act | None) -> None:
    """The innermost loop is over."""
    if head is not None:
        machine.trace.loops.pop()


class Found(NamedTuple):
    """The first acts of some kind on all paths from somewhere; `open` if a path has none."""

    acts: tuple[Act, ...]
    open: bool


Test: TypeAlias = Callable[[Act], bool]


def last_before(act: Act, wanted: Test) -> Found:
    """The last acts of some kind before this one, on each path.

    In a loop these may be in the round before. What was before the loop counts if no round has any. Loops run at least
    once.
    """
    loops = act.loops
    while True:
        found = _last_before(act, wanted, loops)
        if found.acts or found.open or not loops:
            return found._replace(open=found.open or not found.acts)
        loops = loops[:-1]


def _last_before(act: Act, wanted: Test, steady: tuple[Act, ...]) -> Found:
    """The same, where something was before the first round of none of the `steady` loops."""
    found: list[Act] = []
    seen: set[tuple[Act, bool]] = set()
    is_open = False
    pending = [(earlier, act) for earlier in act.before]
    while pending:
        here, later = pending.pop()
        inside = here.kind is LOOP and _is_inside(later, here)
        if (here, inside) in seen:
            continue
        seen.add((here, inside))
        if here.kind is START:
            is_open = True
        elif wanted(here):
            found.append(here)
        else:
            pending += [(earlier, here) for earlier in _earlier(here, inside, steady)]
    return Found(tuple(found), is_open)


def _is_inside(act: Act, head: Act) -> bool:
    """Whether an act that follows the head of a loop is in the loop's body."""
    pending, seen = [act], {act}
    while pending:
        here = pending.pop()
        if here.kind is not MEET and head in here.loops:
            return True
        if here.kind is MEET:
            if head in here.after:
                return True
            pending += [later for later in here.after if later not in seen]
            seen.update(here.after)
    return False


def _earlier(here: Act, inside: bool, steady: tuple[Act, ...]) -> list[Act]:
    """What is before an act; before the head of a loop, that is the end of the round before, if there is one."""
    rounds = here.before[1:]
    if here.kind is not LOOP or not rounds:
        return here.before
    if inside and here not in steady:
        return here.before  # the body was walked through: there may have been a round before, or none
    return rounds


def first_after(act: Act, wanted: Test) -> Found:
    """The first acts of some kind after this one, on each path; `open` if a path ends."""
    found: list[Act] = []
    seen: set[Act] = set()
    is_open = False
    pending = list(act.after)
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        if wanted(here):
            found.append(here)
        else:
            is_open = is_open or not here.after
            pending += here.after
    return Found(tuple(found), is_open or not found)


def reached_from(act: Act, stop: Test | None = None) -> set[Act]:
    """All acts that may come after this one."""
    seen: set[Act] = set()
    pending = list(act.after)
    while pending:
        here = pending.pop()
        if here not in seen:
            seen.add(here)
            pending += () if stop is not None and stop(here) else here.after
    return seen


def of_kinds(acts: Iterable[Act], *kinds: Kind) -> list[Act]:
    """The acts of these kinds."""
    return [act for act in acts if act.kind in kinds]
