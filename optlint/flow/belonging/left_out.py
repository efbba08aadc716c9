"""Parts of a model that no optimizer was given, though it has others by name that get their input from these.

Nobody can say of one part that is given alone whether the others are meant to stay as they are. But of who names
several parts, and leaves out one that gradients go through, all that begins at random is expected to be trained: unless
anything is loaded, frozen, or done to that part in any other way than to compute with it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from optlint.flow.belonging import answers, criteria, feeding, untrained, ways
from optlint.flow.core.cells import InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import ClassValue, Ref
from optlint.flow.events import Site
from optlint.flow.groups import modules
from optlint.flow.reading import ir, nesting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

FEWEST = 2  # parts that are given by name
DEEPEST = 6


def judge(machine: Machine, optimizer: Ref, state: State) -> None:
    """Tell of what an optimizer leaves out between the parts that it was given, once all of the program was run."""
    cell = state.get(optimizer, OptimizerCell)
    groups = cell.groups if cell is not None else None
    if cell is None or groups is None or any(group.covers is None for group in groups):
        return
    covers = [cover for group in groups for cover in group.covers or ()]
    given = frozenset(cover.module for cover in covers)
    if len(given) < FEWEST or any(cover.sliced for cover in covers) or untrained.is_doubtful(machine, state):
        return
    untrained.judge(machine, optimizer, [*_in_models(machine, given, state)], state)
    programs = partial(_in_programs, machine, given, state)
    if any(part in machine.owned.callers for part in given):
        untrained.judge(machine, optimizer, [*programs()], state)
    else:
        machine.when_over(lambda: untrained.tell(machine, optimizer, [*programs()], state))


def _in_models(machine: Machine, given: frozenset[Ref], state: State) -> Iterator[untrained.Suspect]:
    """The parts left out of models whose `forward` runs them with those that are given."""
    for address in list(state.heap):
        cell = state.get(Ref(address), InstanceCell)
        if cell is None or not cell.is_module or cell.frozen or not isinstance(cell.cls, ClassValue):
            continue
        mine = frozenset(value for _, value in cell.attrs if isinstance(value, Ref) and _is_given(value, given, state))
        if len(mine) >= FEWEST:
            yield from _in_model(machine, Ref(address), cell, mine, state)


def _is_given(part: Ref, given: frozenset[Ref], state: State, depth: int = 0) -> bool:
    """Whether all parameters of a part are given, and it has some."""
    cell = state.get(part, InstanceCell)
    if part in given or cell is None or depth > DEEPEST:
        return part in given
    if cell.names is not None:
        return bool(cell.names) and all(cell.get(name) in given for name in cell.names)
    inner = modules.children_of(part, state) or ()
    held = [one for one in inner if modules.has_parameters(one, state) is not False]
    own = modules.own_parameters(part, state)
    return bool(held or own) and given.issuperset(own) and all(_is_given(one, given, state, depth + 1) for one in held)


def _in_model(
    machine: Machine, model: Ref, cell: InstanceCell, given: frozenset[Ref], state: State
) -> Iterator[untrained.Suspect]:
    """The parts left out of one model."""
    run = ways.of_model(machine, cell, state)
    if run is None:
        return
    read = run.read
    for name, part in cell.attrs:
        if not isinstance(part, Ref) or part in given or part not in read.used:
            continue
        tensor = state.get(part, TensorCell) is not None
        wanted = _is_last_of_all(read, cell, part, given, state) if tensor else _is_on_the_way(read, part, given)
        if wanted and not untrained.is_handled(machine, cell.cls, name, tensor=tensor):
            yield untrained.Suspect(part, name, Site(run.file, read.used[part].origin), None if run.alone else model)


def _is_on_the_way(read: feeding.Feeding, part: Ref, given: frozenset[Ref]) -> bool:
    """Whether what goes through a module comes from one that is given, and goes to another one or to the loss.

    What comes before all that is given may be meant to stay as it is.
    """
    if given.isdisjoint(read.inputs.get(part, ())):
        return False
    return part in read.outcome or any(read.is_fed(one, part) for one in given)


def _is_last_of_all(read: feeding.Feeding, cell: InstanceCell, part: Ref, given: frozenset[Ref], state: State) -> bool:
    """Whether a loss goes through a parameter of the model itself, all of whose modules are given."""
    parts = [value for _, value in cell.attrs if isinstance(value, Ref) and value not in given]
    layers = [one for one in parts if state.get(one, InstanceCell) is not None]
    if any(modules.has_parameters(one, state) is not False for one in layers):
        return False
    return part in read.outcome or any(read.is_fed(one, part) for one in given)


def _in_programs(machine: Machine, given: frozenset[Ref], state: State) -> Iterator[untrained.Suspect]:
    """The modules left out that functions run together with those that are given."""
    names, own = ways.OfRun(machine, state), {None, *nesting.statements(machine.block, machine.bodies)}
    callers = {node for part in given for node in machine.owned.callers.get(part, ())} & own
    blocks = {node: machine.bodies(node) if isinstance(node, ir.Function) else machine.block for node in callers}
    reads = {node: feeding.read(block, names, machine.bodies) for node, block in blocks.items()}
    inner: frozenset[ir.Function] = frozenset().union(*(read.entered for read in reads.values()))
    outer = {node: read for node, read in reads.items() if node not in inner}
    others = inner - own
    if any(untrained.is_own_way(machine, node) for node in others):
        return
    for part in dict.fromkeys(part for read in outer.values() for part in read.inputs if part not in given):
        runs = {node: read for node, read in outer.items() if part in read.inputs}
        trained = [[read.is_fed(one, part) for read in outer.values() if one in read.inputs] for one in given]
        call = next(read.used[part] for read in runs.values())
        if not isinstance(call, ir.Call) or any(given.isdisjoint(read.inputs[part]) for read in runs.values()):
            continue
        if any(feeds and all(feeds) for feeds in trained) or all(_is_loss(machine, call, node) for node in runs):
            yield from _alone(machine, part, call, others, state)


def _is_loss(machine: Machine, call: ir.Call, function: ir.Node | None) -> bool:
    """Whether a function calls `backward` on what a call gives, or on what it makes of that."""
    block = machine.bodies(function) if isinstance(function, ir.Function) else machine.block
    return answers.goes_backward(call, [*ir.walk_all(block, machine.bodies)], by_calls=True)


def _alone(
    machine: Machine, part: Ref, call: ir.Call, others: frozenset[ir.Function], state: State
) -> Iterator[untrained.Suspect]:
    """A module that a program surely runs, if nobody asks it for anything but what it gives."""
    cell, used = state.get(part, InstanceCell), Site(machine.owned.files[call.origin], call.func.origin)
    handled = cell is None or part in machine.owned.perhaps_run or criteria.is_handled(machine, part, cell.cls, others)
    if not handled and not criteria.is_handled_elsewhere(machine, call.func):
        yield untrained.Suspect(part, used.text, used)
