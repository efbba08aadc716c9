"""Layers that a model makes when it first runs, after an optimizer was given the parameters that it had until then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.belonging import held, untrained
from optlint.flow.belonging.contents import Question
from optlint.flow.belonging.fates import fate_of
from optlint.flow.core.cells import InstanceCell, OptimizerCell
from optlint.flow.core.values import NONE, ClassValue, Closure, External, Ref
from optlint.flow.events import Site
from optlint.flow.groups import growth
from optlint.flow.order import subjects
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_api, torch_layers
from optlint.flow.reading import ir, names_read, nesting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optlint.flow.core.cells import Group
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

LATE = "late"  # notes of a layer that it was told of, as `late` does of one that is made in each round


class Maker(NamedTuple):
    """A module that makes a part of itself when it first runs, where it puts that, and what makes it."""

    module: Ref
    store: Site
    value: ir.Expression


def given(machine: Machine, optimizer: Ref, groups: tuple[Group, ...], state: State) -> None:
    """An optimizer gets groups: look for modules in them that have not run so far, and will get more parts then."""
    modules = {cover.module for group in groups for cover in group.covers or () if not cover.sliced}
    ran = subjects.reach(machine.owned.called, state)
    inside = [one for one in subjects.reach(modules, state) if (one, growth.GROWS) in state.marks and one not in ran]
    makers = [maker for module in inside for maker in _makers(machine, module, state)]
    time = machine.counter.last
    if makers:
        machine.when_settled(lambda last: _settle(machine, optimizer, makers, time, last))


def _makers(machine: Machine, module: Ref, state: State) -> Iterator[Maker]:
    """The lines in what a module runs that make a part which it does not have yet, and compute with it."""
    cell = state.get(module, InstanceCell)
    if cell is None or not isinstance(cell.cls, ClassValue) or cell.given or not cell.attrs:
        return
    if (module, "switched") in state.marks or not held.is_plain_module(cell.cls):
        return
    nodes = [base.node for base in classes.ancestry(cell.cls) if isinstance(base, ClassValue)]
    for function in growth.in_forward(machine, nodes):
        found = classes.find(cell.cls, function.name, state)
        method = found[0] if found is not None else None
        if isinstance(method, Closure) and method.node is function:
            file, scope = machine.unit_of(method.scopes[-1]).file, method.scopes[-1]
            stores = _stores(machine, function, partial(_trains, scope=scope, state=state))
            missing = (pair for pair in stores if cell.get(pair[0].attr) in (None, NONE))
            yield from (
                Maker(module, Site(file, target.origin), value)
                for target, value in missing
                if _is_computed_with(machine, cell.cls, target.attr)
            )


def _stores(
    machine: Machine, function: ir.Function, trains: Callable[[ir.Expression], bool]
) -> Iterator[tuple[ir.Attribute, ir.Expression]]:
    """The attributes of `self` that a method sets to a new layer, with what makes that."""
    me = function.parameters[0].name if function.parameters else ""
    for node in nesting.statements(machine.bodies(function)):
        if not isinstance(node, ir.Assign) or node.value is None or not trains(node.value):
            continue
        for target in node.targets:
            if isinstance(target, ir.Attribute) and names_read.dotted(target) == f"{me}.{target.attr}":
                yield target, node.value


def _trains(value: ir.Expression, scope: int, state: State) -> bool:
    """Whether an expression makes a layer that has parameters to train, and perhaps moves it somewhere."""
    while isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute) and isinstance(value.func.value, ir.Call):
        if value.func.attr not in torch_api.MODULE_FLUENT:
            return False
        value = value.func.value
    if not isinstance(value, ir.Call):
        return False
    path = _path(value.func, scope, state)
    if path in torch_api.CONTAINERS:
        return any(_trains(argument.value, scope, state) for argument in value.args)
    return path in torch_layers.TRAINED


def _path(func: ir.Expression, scope: int, state: State) -> str:
    """The dotted path of a function of another package; nothing for any other."""
    first, _, rest = names_read.dotted(func).partition(".")
    value = state.look_up(scope, first) if first else None
    return torch_api.canonical(f"{value.path}.{rest}".rstrip(".")) if isinstance(value, External) else ""


def _is_computed_with(machine: Machine, cls: ClassValue, name: str) -> bool:
    """Whether code does nothing with an attribute of a model but compute with it."""
    own = tuple(base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue))
    block = (*machine.block, *(node for node in own if node not in machine.block))
    question = Question(name, held.family(machine, cls) | frozenset(own))
    fate = fate_of(question, block, machine.bodies, machine.mentions)
    return bool(fate.used) and not fate.handled


def _settle(machine: Machine, optimizer: Ref, makers: list[Maker], time: int, state: State) -> None:
    """Once all was run: tell, if the model runs, the optimizer steps, and nobody gives it or another one any more."""
    cell = state.get(optimizer, OptimizerCell)
    reached = {maker.module: subjects.reach((maker.module,), state) for maker in makers}

    def verdict() -> None:
        ran = frozenset().union(*(subjects.reach((one,), state) for one in machine.owned.ran))
        for maker in makers if cell is not None and untrained.steps(machine, optimizer) else ():
            again = _is_given_again(machine, optimizer, reached[maker.module], time)
            if cell is not None and maker.module in ran and not again and not _is_told(machine, maker):
                machine.flagged.add((maker.value.origin, LATE))
                machine.emit(events.PartAdded(maker.store, cell.name, cell.made))

    if not machine.says_elsewhere(r"\b(?:add_param_group|param_groups)\b"):
        machine.when_over(verdict)


def _is_given_again(machine: Machine, optimizer: Ref, inside: frozenset[Ref], time: int) -> bool:
    """Whether this optimizer got something later, or another one a module or what nobody knows."""
    later = [gift for gift in machine.owned.gifts if gift.time > time]
    return any(gift.parts is None or gift.parts & inside or gift.optimizer == optimizer for gift in later)


def _is_told(machine: Machine, maker: Maker) -> bool:
    return any((part.origin, LATE) in machine.flagged for part in ir.walk(maker.value))
