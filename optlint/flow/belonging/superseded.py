"""Whether an optimizer goes on with the tensors of which a change of its model took the place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, BUILT, START, STEP, TOUCH, Act
from optlint.flow.core.values import Ref
from optlint.flow.order import trace
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Set

    from optlint.flow.core.cells import OptimizerCell
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.records import Gift
    from optlint.flow.events import Site

REPLACED = "replaced"
GROWS = frozenset({"append", "extend", "insert"})


class Change(NamedTuple):
    """A module that has other parameters now: `new` stands in place of `old`; they are one where it changed inside.

    `around` is the old one with what it is in. `whole` tells that another model takes the place of the one that was
    trained; `kept` is what the new one has of the old. Of what is `added`, `old` is the module that gets it;
    `idle` tells that perhaps nobody computes with that.
    """

    act: Act
    old: Ref
    new: Ref
    around: frozenset[Ref]
    whole: bool
    time: int
    in_method: bool
    kept: frozenset[Ref] = frozenset()
    added: bool = False
    idle: bool = False


def judge(machine: Machine, change: Change, parts: frozenset[Ref], optimizers: dict[Ref, OptimizerCell]) -> None:
    """Tell if one of the optimizers steps on, and none gets what came in place of the old parameters."""
    owned = machine.owned
    if change.old != change.new and any(gift.parts is not None and parts & gift.parts for gift in owned.gifts):
        return
    later = [gift for gift in owned.gifts if gift.time > change.time]
    mine = parts | change.around
    if any((gift.parts is not None and gift.parts & mine) or gift.optimizer in optimizers for gift in later):
        return
    if change.whole and not _takes_over(machine, change):
        return
    reached = trace.reached_from(change.act)
    if change.idle and (not any(_gives_gradients(act, parts) for act in machine.trace.acts) or _is_by_hand(reached)):
        return
    if grows_groups(machine):
        return
    if any(gift.parts is None and not is_apart(machine, gift, reached, change.time) for gift in later):
        return
    for optimizer, cell in optimizers.items():
        steps = [act for act in machine.trace.acts if act.kind == STEP and is_of(act, optimizer)]
        trained = any(one.optimizer == optimizer and one.time > change.time and parts & one.inside
                      for one in owned.trainings)  # fmt: skip
        follows = not later and _may_follow(machine, change, steps, _built(machine, optimizer))
        if trained or follows or any(step in reached for step in steps):
            site = place(machine, change.act, optimizer)
            if site is not None and (site.origin, REPLACED) not in machine.flagged:
                machine.flagged.add((site.origin, REPLACED))
                event = events.PartAdded if change.added else events.ModelReplaced
                machine.emit(event(site, cell.name, cell.made))
            return


def _gives_gradients(act: Act, parts: frozenset[Ref]) -> bool:
    """Whether a loss surely gives gradients to one of some parts."""
    return act.kind == BACKWARD and not act.computed.isdisjoint(parts)


def _is_by_hand(acts: Set[Act]) -> bool:
    """Whether gradients are written or cleared one by one, as by who trains what no optimizer has."""
    return any(act.kind == TOUCH for act in acts)


def grows_groups(machine: Machine) -> bool:
    """Whether the file puts parameters into groups of an optimizer that there is: `group["params"] += more`."""
    if "param_groups" not in machine.readings().attributes:
        return False
    return any(map(_grows, ir.walk_all(machine.block, machine.bodies)))


def _grows(node: ir.Node) -> bool:
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute):
        return node.func.attr in GROWS and _is_of_groups(node.func.value)
    targets = node.targets if isinstance(node, ir.Assign) else ()
    return any(map(_is_of_groups, (node.target,) if isinstance(node, ir.AugmentedAssign) else targets))


def _is_of_groups(node: ir.Node) -> bool:
    """`optimizer.param_groups`, `group["params"]`, `group["params"][:]`."""
    if isinstance(node, ir.Subscript):
        named = isinstance(node.index, ir.Literal) and node.index.value == "params"
        return named or (isinstance(node.index, ir.Slice) and _is_of_groups(node.value))
    return isinstance(node, ir.Attribute) and node.attr == "param_groups"


def is_apart(machine: Machine, gift: Gift, reached: Set[Act], time: int) -> bool:
    """Whether what an optimizer got after some `time` was not given to it on any path from there.

    It was in a function that is run for itself; what is `reached` comes after that time.
    """
    acts = [act for act in _built(machine, gift.optimizer) if act.address >= time]
    return bool(acts) and reached.isdisjoint(acts)


def _takes_over(machine: Machine, change: Change) -> bool:
    """Whether the new model runs after the change, and the old one does not, nor in another round of a loop around.

    Where the changed name may stand for either of the two, it stands for the new one if there was a change.
    """
    ran_at, rounds = machine.owned.ran, [head.address for head in change.act.loops]
    last = min([change.time, *(address - 1 for address in rounds)])
    name = change.act.site.text if change.act.site is not None else ""
    either = (time for (refs, text), time in machine.owned.ran_one_of.items() if text == name and change.new in refs)
    runs = max([ran_at.get(change.new, 0), *either])
    return runs >= change.time and ran_at.get(change.old, 0) <= last


def is_of(act: Act, optimizer: Ref) -> bool:
    """Whether an act is one of this optimizer."""
    return act.subject is not None and optimizer in act.subject.refs


def _may_follow(machine: Machine, change: Change, steps: list[Act], built: list[Act]) -> bool:
    """Whether a step in another function comes later: after what the file itself does, or in another method.

    What the file itself does comes before a method that it does not call. A function that builds the optimizer steps
    with a new one in each call, and other files may put a new one in its place.
    """
    starts = {_start(change.act), *map(_start, built)}
    others = [step for step in steps if _start(step) not in starts]
    follows = not all(map(_is_of_file, others)) if change.in_method else bool(others) and _is_of_file(change.act)
    names = "|".join(re.escape(step.subject.name) for step in steps if step.subject is not None and step.subject.name)
    renews = rf"\.(?:{names})\s*=[^=]|" if names else ""
    return follows and not machine.says_elsewhere(rf"{renews}\badd_param_group\b|\bparam_groups\b")


def _is_of_file(act: Act) -> bool:
    """Whether an act takes place while the statements of the file are run."""
    return bool(act.trail) and act.trail[-1][0] == 0


def _start(act: Act) -> Act:
    seen: set[Act] = set()
    pending = [act]
    while pending:
        here = pending.pop()
        if here.kind is START:
            return here
        if here not in seen:
            seen.add(here)
            pending += here.before
    return act


def place(machine: Machine, act: Act, optimizer: Ref) -> Site | None:
    """Where the change is seen from where the optimizer was built."""
    built = _built(machine, optimizer)
    return (trace.place_of(act, built[0]) if built else None) or act.site


def _built(machine: Machine, optimizer: Ref) -> list[Act]:
    return [one for one in machine.trace.acts if one.kind == BUILT and is_of(one, optimizer)]
