"""Schedulers of rates: which optimizer each one drives, and whether that steps first, later, or never.

Own schedulers of the project are not followed: they may do anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell, SequenceCell
from optlint.flow.core.machine import Fork
from optlint.flow.core.values import UNKNOWN, ClassValue, Closure, Method, Ref, Value, options_of, union
from optlint.flow.frozen import replace
from optlint.flow.groups import covers
from optlint.flow.order import rarely, rebuilt
from optlint.flow.rates import doubled, first_rates, orphans
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Path
    from optlint.flow.events import Site

RATES_READ = frozenset({"get_last_lr", "get_lr", "_last_lr"})  # perhaps to give them to another optimizer
TRAINED, LOST = "trained by", "lost, when this one trained"
DONE = "stepped for the last time before, when this one trained"
KNOWN = "a step of something known"
ORDER_CHANGED = (1, 1)  # the version of torch that schedulers set the rate of the step to come in


def built(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A scheduler from a call of its class, or of what makes one."""
    optimizers = _driven(arguments, state)
    if not optimizers or arguments.open:
        return UNKNOWN
    inner = any(cell.harmless for cell in _inner(arguments, state))
    harmless = inner or first_rates.may_be_skipped(machine, path, arguments, state)
    handed = _times_handed(optimizers, state)
    made = SchedulerCell(path.rpartition(".")[2], machine.site(node), optimizers, harmless, handed)
    scheduler = machine.new(state, made)
    machine.schedulers.append(scheduler)
    doubled.built(machine, node, scheduler, state)
    names = {cell.name for one in optimizers if (cell := state.get(one, OptimizerCell))}
    name, marks = " or ".join(sorted(names)), state.marks
    machine.when_over(lambda: _judge_owner(machine, made, scheduler, name, marks))
    return scheduler


def _times_handed(optimizers: tuple[Ref, ...], state: State) -> int:
    """How often code that is not known got one of them."""
    return sum(cell.handed for one in optimizers if (cell := state.get(one, OptimizerCell)))


def _driven(arguments: Arguments, state: State) -> tuple[Ref, ...]:
    """The optimizer that a scheduler is given, or all that it may be; by itself or by way of another scheduler."""
    given = (*arguments.all(), *(union(inner.optimizers) for inner in _inner(arguments, state)))
    for value in given:
        options = options_of(value)
        known = tuple(one for one in options if isinstance(one, Ref) and state.get(one, OptimizerCell) is not None)
        if known and len(known) == len(options):
            return known
    return ()


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
    orphans.stepped(machine, scheduler, cell, state)
    if cell.moved is False and not cell.harmless and not arguments.all() and not arguments.open:
        early = (*(one for one in cell.early if one[0].origin is not site.origin), (site, _forks(state.path)))
        state.put(scheduler, replace(cell, early=early))


def _forks(path: Path) -> Path:
    """A path without the steps at which one of several values was taken."""
    return tuple(part for part in path if not (isinstance(part, tuple) and isinstance(part[1], Method | Closure)))


def optimizer_stepped(machine: Machine, optimizer: Ref, state: State) -> None:
    """`optimizer.step()`, directly or by way of a scaler."""
    state.marks.add((optimizer, "stepped"))
    for scheduler in machine.schedulers:
        cell = state.get(scheduler, SchedulerCell)
        if cell is not None and optimizer in cell.optimizers:
            if cell.moved is False and cell.handed == _times_handed(cell.optimizers, state):
                _tell_early(machine, cell, state)
            state.marks.add((scheduler, "moved"))
            state.put(scheduler, replace(cell, moved=True, early=()))
        elif cell is not None:
            _note_other(cell, optimizer, state)


def _tell_early(machine: Machine, cell: SchedulerCell, state: State) -> None:
    """Tell of steps of the scheduler in the round of the optimizer's first one."""
    version = machine.settings.torch_version
    if version is not None and version < ORDER_CHANGED:
        return
    for site, path in cell.early:
        always = tuple(_without_settled(machine, path, site))
        if _is_in_round(always, _forks(state.path), machine) and (site.origin, "early") not in machine.flagged:
            machine.flagged.add((site.origin, "early"))
            machine.emit(events.SchedulerFirst(site, cell.name))


def _is_in_round(early: Path, now: Path, machine: Machine) -> bool:
    """Whether what comes now always follows, in the same round of a loop or in the same run of a function."""
    while early and orphans.is_loop(early[-1]) and early[-1] not in now:
        early = early[:-1]  # it goes through several schedulers
    coming = iter(now)
    follows = all(any(_same_branch(part, other) for other in coming) for part in early)
    loops = any(map(orphans.is_loop, early))
    return follows and (loops or (len(early) == len(now) and machine.frame.node is not None))


def _without_settled(machine: Machine, path: Path, site: Site) -> Iterator[object]:
    """A path without the questions that have one answer in all rounds of the loop: `if scheduler is not None`.

    They stay if the scheduler steps at another place too: `if OLD_TORCH` may choose between the two.
    """
    call, loop = machine.nodes.get(site.origin), None
    for place, part in enumerate(path):
        loop = part[0] if isinstance(part, tuple) and isinstance(part[0], ir.For | ir.While) else loop
        fork = part[0] if isinstance(part, tuple) and isinstance(part[0], Fork) else None
        settled = fork is not None and rarely.is_settled(machine, fork, path[:place])
        if not settled or loop is None or not _is_only_step(call, loop):
            yield part


def _is_only_step(call: ir.Node | None, loop: ir.Node) -> bool:
    """Whether a loop has this one call of a scheduler's step."""
    calls = [part for part in ir.walk(loop) if isinstance(part, ir.Call)]
    name = rarely.words(call.func) if isinstance(call, ir.Call) else None
    return name is not None and [rarely.words(part.func) for part in calls].count(name) == 1


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
    """Note that another optimizer trains parameters of the one that a scheduler drives, or that nobody can step it."""
    theirs = state.get(optimizer, OptimizerCell)
    driven = [(one, mine) for one in cell.optimizers if (mine := state.get(one, OptimizerCell))]
    if theirs is None:
        return
    if cell.moved is False and all((one, "stepped") in state.marks for one, _ in driven):
        state.marks.add(((cell.optimizers, theirs.name, theirs.made.origin), DONE))
    if any((one, "stepped") in state.marks or _is_kept(one, state) for one, _ in driven):
        return
    if all(covers.share(mine, theirs, state) for _, mine in driven):
        state.marks.add(((cell.optimizers, theirs.name, theirs.made.origin), TRAINED))
    elif not any(tensor_uses.is_held(one, state) for one, _ in driven):
        state.marks.add(((cell.optimizers, theirs.name, theirs.made.origin), LOST))


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
    used = {(scheduler, "moved"), *((one, "escaped") for one in made.optimizers)}
    if (scheduler, "stepped") not in marks or used & marks:
        return
    done = all((one, "stepped") in marks for one in made.optimizers)
    words = {DONE} if done else {TRAINED} if RATES_READ & machine.readings().attributes else {TRAINED, LOST}
    trained = [key for key, word in marks if word in words and isinstance(key, tuple)]
    others = [name for driven, name, origin in trained if driven == made.optimizers
              and (origin, rebuilt.REBUILT) not in machine.flagged]  # fmt: skip
    if others and not _may_step_elsewhere(machine, made.optimizers):
        machine.emit(events.SchedulerOfOther(made.made, made.name, name, sorted(others)[0], done))


def _may_step_elsewhere(machine: Machine, optimizers: tuple[Ref, ...]) -> bool:
    """Whether the file has steps that were not run, or that may be anyone's whenever they are."""
    if machine.cut_short:
        return True
    nodes = list(ir.walk_all(machine.block, machine.bodies))
    named = [node for node in nodes if isinstance(node, ir.Attribute) and node.attr == "step"]
    called = {id(node.func): node for node in nodes if isinstance(node, ir.Call)}
    steps = [called[id(node)] for node in named if id(node) in called]
    given = (machine.values.get(node.origin) for node in named if id(node) not in called)
    passed_on = any(isinstance(value, Method) and value.receiver in optimizers for value in given)
    return passed_on or any((node.origin, KNOWN) not in machine.flagged for node in steps)
