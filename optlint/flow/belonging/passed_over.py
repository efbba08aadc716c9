"""Parameters of a model's own that nobody takes who goes through all its modules for their `weight` and `bias`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.belonging import untrained, ways
from optlint.flow.core.cells import InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import ClassValue, External, Ref
from optlint.flow.events import Site
from optlint.flow.order import subjects
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from optlint.flow.core.cells import Cover, Group
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

USUAL = frozenset({"weight", "bias"})
ANY_KIND = frozenset({"hasattr", "getattr", "Parameter"})  # words of code that asks no module for its class


def judge(machine: Machine, optimizer: Ref, state: State) -> None:
    """Tell of own parameters of modules whose other parameters an optimizer was given, all by name."""
    cell = state.get(optimizer, OptimizerCell)
    groups = cell.groups if cell is not None else None
    if not groups or any(group.covers is None and group.picked is None for group in groups):
        return
    taken = frozenset().union(*(group.picked or () for group in groups if group.covers is None))
    models = frozenset(cover.module for cover, name in taken if name)
    if not any(models) or untrained.is_doubtful(machine, state):
        return
    had = subjects.reach((*_had(groups), *(cover.module for cover, name in taken if not name)), state)
    suspects = (one for model in models for one in _in_model(machine, model, taken, had, state))
    untrained.judge(machine, optimizer, (*suspects,), state)


def _had(groups: tuple[Group, ...]) -> Iterator[Ref]:
    yield from (cover.module for group in groups for cover in group.covers or ())


def _in_model(
    machine: Machine, model: Ref, taken: frozenset[tuple[Cover, str]], had: Set[Ref], state: State
) -> Iterator[untrained.Suspect]:
    """The parameters that are passed over in one model."""
    covers = {cover for cover, _ in taken if cover.module == model}
    names = {name for cover, name in taken if cover in covers}
    inside = subjects.reach((model,), state)
    if not names >= USUAL or any(cover.sliced or not cover.again for cover in covers):
        return
    if not _takes_all_kinds(machine, {cover.site.origin for cover in covers if cover.site}, inside, state):
        return
    for owner in sorted(inside - had, key=lambda one: one.id):
        yield from _own(machine, owner, names, had, state)


def _own(machine: Machine, owner: Ref, names: Set[str], had: Set[Ref], state: State) -> Iterator[untrained.Suspect]:
    """The parameters that a class of the project sets, and computes with, under other names than those."""
    cell = state.get(owner, InstanceCell)
    run = ways.of_model(machine, cell, state) if cell is not None and isinstance(cell.cls, ClassValue) else None
    if cell is None or run is None:
        return
    for name, part in cell.attrs:
        if not isinstance(part, Ref) or state.get(part, TensorCell) is None or part in had or name in names:
            continue
        if part in run.read.outcome and not untrained.is_handled(machine, cell.cls, name, tensor=True):
            yield untrained.Suspect(part, name, Site(run.file, run.read.used[part].origin), owner)


def _takes_all_kinds(machine: Machine, walks: Set[object], inside: Set[Ref], state: State) -> bool:
    """Whether the loops that go through the modules take from all kinds of layers that the model has."""
    loops = [node for node in ir.walk_all(machine.block, machine.bodies) if _goes_along(node, walks)]
    words = {name for loop in loops for part in ir.walk(loop) if (name := _word(part))}
    cells = [cell for one in inside if (cell := state.get(one, InstanceCell)) and isinstance(cell.cls, External)]
    paths = {cell.cls.path for cell in cells if isinstance(cell.cls, External) and cell.layout != ()}
    layers = {path.rpartition(".")[2] for path in paths if path not in torch_api.CONTAINERS}
    return bool(loops) and (not ANY_KIND.isdisjoint(words) or layers <= words)


def _goes_along(node: ir.Node, walks: Set[object]) -> bool:
    sources = [node.iterable] if isinstance(node, ir.For) else []
    if isinstance(node, ir.Comprehension):
        sources = [clause.iterable for clause in node.clauses]
    return any(part.origin in walks for source in sources for part in ir.walk(source))


def _word(node: ir.Node) -> str:
    return node.attr if isinstance(node, ir.Attribute) else node.id if isinstance(node, ir.Name) else ""
