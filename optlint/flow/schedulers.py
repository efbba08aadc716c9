"""Schedulers of rates: which optimizer each one drives, and whether that steps first, later, or never.

Own schedulers of the project are not followed: they may do anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow import covers, events, first_rates, ir
from optlint.flow.machine import Fork
from optlint.flow.scheduler_values import SchedulerCell
from optlint.flow.values import (
    UNKNOWN,
    ClassValue,
    InstanceCell,
    OptimizerCell,
    Ref,
    SequenceCell,
    Value,
)

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Arguments, Machine
    from optlint.flow.state import State
    from optlint.flow.values import Path

KNOWN = "a step of something known"
ORDER_CHANGED = (1, 1)  # the version of torch that schedulers set the rate of the step to come in


def built(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A scheduler from a call of its class, or of what makes one."""
    optimizer = _driven(arguments, state)
    if optimizer is None or arguments.open:
        return UNKNOWN
    inner = any(cell.harmless for cell in _inner(arguments, state))
    harmless = inner or first_rates.may_be_skipped(machine, path, arguments, state)
    cell = state.get(optimizer, OptimizerCell)
    assert cell is not None
    made = SchedulerCell(path.rpartition(".")[2], machine.site(node), optimizer, harmless, cell.handed)
    scheduler = machine.new(state, made)
    machine.schedulers.append(scheduler)
    name, marks = cell.name, state.marks
    machine.when_over(lambda: _judge_owner(machine, made, scheduler, name, marks))
    return scheduler


def _driven(arguments: Arguments, state: State) -> Ref | None:
    """The optimizer that a scheduler is given, by itself or by way of another scheduler."""
    given = (*arguments.all(), *(inner.optimizer for inner in _inner(arguments, state)))
    return next((value for value in given if isinstance(value, Ref) and _is_optimizer(value, state)), None)


def _is_optimizer(value: Ref, state: State) -> bool:
    return state.get(value, OptimizerCell) is not None


def _inner(arguments: Arguments, state: State) -> tuple[SchedulerCell, ...]:
    """The schedulers that another one runs one after the other, or together."""
    lists = (state.get(value, SequenceCell) for value in arguments.all())
    values = (value for cell in lists if cell is not None for value in cell.items or ())
    return tuple(cell for value in values if (cell := state.get(value, SchedulerCell)))


def stepped(machine: Machine, scheduler: Ref, arguments: Arguments, site: Site, state: State) -> None:
    """`scheduler.step()`: noted if its optimizer has not stepped yet; with an epoch or a metric, it goes there."""
    cell = state.get(scheduler, SchedulerCell)
    assert cell is not None
    state.marks.add((scheduler, "stepped"))
    if cell.moved is False and not cell.harmless and not arguments.all() and not arguments.open:
        early = (*(one for one in cell.early if one[0].origin is not site.origin), (site, state.path))
        state.put(scheduler, replace(cell, early=early))


def optimizer_stepped(machine: Machine, optimizer: Ref, state: State) -> None:
    """`optimizer.step()`, directly or by way of a scaler."""
    state.marks.add((optimizer, "stepped"))
    stepping = state.get(optimizer, OptimizerCell)
    for scheduler in machine.schedulers:
        cell = state.get(scheduler, SchedulerCell)
        if cell is not None and cell.optimizer == optimizer:
            if cell.moved is False and stepping is not None and stepping.handed == cell.handed:
                _tell_early(machine, cell, state)
            state.put(scheduler, replace(cell, moved=True, early=()))
        elif cell is not None:
            _note_other(cell, optimizer, state)


def _tell_early(machine: Machine, cell: SchedulerCell, state: State) -> None:
    """Tell of steps of the scheduler in the round of the optimizer's first one."""
    version = machine.settings.torch_version
    if version is not None and version < ORDER_CHANGED:
        return
    for site, path in cell.early:
        if _is_in_round(path, state.path, machine) and (site.origin, "early") not in machine.flagged:
            machine.flagged.add((site.origin, "early"))
            machine.emit(events.SchedulerFirst(site, cell.name))


def _is_in_round(early: Path, now: Path, machine: Machine) -> bool:
    """Whether what comes now always follows, in the same round of a loop or in the same run of a function."""
    follows = len(early) <= len(now) and all(map(_same_branch, early, now))
    loops = any(isinstance(part, tuple) and isinstance(part[0], ir.For | ir.While) for part in early)
    return follows and (loops or (len(early) == len(now) and machine.frame.node is not None))


def _same_branch(one: object, other: object) -> bool:
    """Whether two steps of a path are the same, or the same answer to a question that is asked twice."""
    if one == other:
        return True
    if not isinstance(one, tuple) or not isinstance(other, tuple) or one[1] != other[1]:
        return False
    asked, again = one[0], other[0]
    if not isinstance(asked, Fork) or not isinstance(again, Fork):
        return False
    text = asked.test.text
    return text == again.test.text and "(" not in text and "…" not in text


def _note_other(cell: SchedulerCell, optimizer: Ref, state: State) -> None:
    """Note that another optimizer trains parameters of the one that a scheduler drives."""
    mine, theirs = state.get(cell.optimizer, OptimizerCell), state.get(optimizer, OptimizerCell)
    if mine is None or theirs is None or _is_kept(cell.optimizer, state):
        return
    if covers.share(mine, theirs, state):
        state.marks.add(((cell.optimizer, theirs.name), "trained by"))


def _is_kept(optimizer: Ref, state: State) -> bool:
    """Whether an object holds an optimizer whose class may do more with it than the file shows."""
    for cell in list(state.heap.values()):
        if isinstance(cell, InstanceCell) and any(value == optimizer for _, value in cell.attrs):
            cls = cell.cls
            if not isinstance(cls, ClassValue) or not all(_is_harmless(base) for base in cls.bases):
                return True
    return False


def _is_harmless(base: Value) -> bool:
    return getattr(base, "path", "") in ("builtins.object", "torch.nn.Module")


def _judge_owner(
    machine: Machine, made: SchedulerCell, scheduler: Ref, name: str, marks: set[tuple[object, str]]
) -> None:
    """Tell if a scheduler steps and its optimizer never does, while another one trains the same parameters."""
    optimizer = made.optimizer
    if (scheduler, "stepped") not in marks or {(optimizer, "stepped"), (optimizer, "escaped")} & marks:
        return
    others = [key[1] for key, word in marks if word == "trained by" and isinstance(key, tuple) and key[0] == optimizer]
    if others and not _may_step_elsewhere(machine):
        machine.emit(events.SchedulerOfOther(made.made, made.name, name, sorted(others)[0]))


def _may_step_elsewhere(machine: Machine) -> bool:
    """Whether the file has steps that were not run, or that may be anyone's whenever they are."""
    if machine.cut_short:
        return True
    calls = (node for node in ir.walk_all(machine.block, machine.bodies) if isinstance(node, ir.Call))
    steps = (node for node in calls if isinstance(node.func, ir.Attribute) and node.func.attr == "step")
    return any((node.origin, KNOWN) not in machine.flagged for node in steps)
