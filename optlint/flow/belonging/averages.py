"""Averages of a model that are the model itself: both names mean one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import IteratorCell
from optlint.flow.core.values import Closure, Ref, Value
from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir
from optlint.flow.tensors.rebinding import names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

WALKS = frozenset({"parameters", "named_parameters"})


def walked(machine: Machine, node: ir.For, iterable: Value, state: State) -> None:
    """`for e, p in zip(ema.parameters(), model.parameters())`, where both are one and the loop writes to `e`."""
    call = node.iterable
    while isinstance(call, ir.Call) and name_of(call.func) in ("enumerate", "tqdm") and call.args:
        call = call.args[0].value
    if not isinstance(call, ir.Call) or name_of(call.func) != "zip" or state.get(iterable, IteratorCell) is None:
        return
    models = [model for argument in call.args if (model := _model(argument.value)) is not None]
    if len(models) != 2 or machine.site(models[0]).text == machine.site(models[1]).text:
        return
    known = _walked_twice(iterable, state)
    if known is None or not _writes(node):
        return
    alias = next((found for model in _names(machine, models) for found in _aliases(machine, model, known)), None)
    if alias is not None and (alias.origin, "alias") not in machine.flagged:
        machine.flagged.add((alias.origin, "alias"))
        machine.emit(events.AverageIsModel(machine.site(alias), machine.site(alias).text, machine.site(node.iterable)))


def _walked_twice(iterable: Value, state: State) -> Ref | None:
    """The module that two iterators, zipped, both go through."""
    cell = state.get(iterable, IteratorCell)
    while cell is not None and cell.kind != "zip":
        cell = state.get(cell.sources[0], IteratorCell) if cell.sources else None
    sources = [state.get(source, IteratorCell) for source in cell.sources] if cell is not None else []
    modules = {cover.module for source in sources if source is not None for cover in source.covers or ()}
    return modules.pop() if len(sources) == 2 and len(modules) == 1 and all(s and s.covers for s in sources) else None


def _model(node: ir.Expression) -> ir.Expression | None:
    """`model` of `model.parameters()`."""
    named = isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr in WALKS
    return node.func.value if named and isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) else None


def _writes(node: ir.For) -> bool:
    """Whether a loop changes one of its items in place, by another one."""
    names = names_in(node.target)
    for statement in node.body:
        for part in ir.walk(statement):
            for receiver, value in _written(part):
                used = {inner.id for inner in ir.walk(value) if isinstance(inner, ir.Name)} & names
                if isinstance(receiver, ir.Name) and receiver.id in names and used - {receiver.id}:
                    return True
    return False


def _written(node: ir.Node) -> Iterator[tuple[ir.Expression, ir.Node]]:
    """What a node changes in place, and by what."""
    if isinstance(node, ir.AugmentedAssign):
        yield _root(node.target), node.value
    elif isinstance(node, ir.Assign) and node.value is not None:
        yield from ((_root(target), node.value) for target in node.targets if isinstance(target, ir.Attribute))
    elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr.endswith("_"):
        yield from ((_root(node.func), argument.value) for argument in node.args)


def _root(node: ir.Expression) -> ir.Expression:
    """`e` of `e.data.mul_(…).add_`."""
    while isinstance(node, ir.Attribute | ir.Call):
        node = node.value if isinstance(node, ir.Attribute) else node.func
    return node


def _names(machine: Machine, models: list[ir.Expression]) -> Iterator[ir.Expression]:
    """What two models are called: here, and where they were handed to the running function."""
    frame = machine.frame
    yield from models
    call = machine.nodes.get(frame.call.origin) if frame.call is not None else None
    given = isinstance(frame.node, ir.Function) and {parameter.name for parameter in frame.node.parameters}
    if isinstance(call, ir.Call) and given and all(isinstance(one, ir.Name) and one.id in given for one in models):
        yield from (argument.value for argument in call.args)


def _aliases(machine: Machine, model: ir.Expression, known: Ref) -> Iterator[ir.Expression]:
    """Where a name got an object that was made elsewhere."""
    for node in ir.walk_all(machine.block, machine.bodies):
        plain = isinstance(node, ir.Assign) and node.value is not None and _is_plain(machine, node.value)
        if isinstance(node, ir.Assign) and node.value is not None and len(node.targets) == 1 and plain:
            target = node.targets[0]
            same = type(target) is type(model) and name_of(target) == name_of(model)
            if same and machine.values.get(node.value.origin) == known:
                yield target


def _is_plain(machine: Machine, value: ir.Expression) -> bool:
    """`model`, `self.model`, `model.eval()`, or what a function of the project gives: nothing new."""
    if isinstance(value, ir.Call):
        if isinstance(machine.values.get(value.func.origin), Closure):
            return True
        return isinstance(value.func, ir.Attribute) and value.func.attr in ("eval", "train", "to", "requires_grad_")
    return isinstance(value, ir.Name | ir.Attribute)
