"""Parameters of a model that are picked one by one: by a test of their names, or by a slice of the list of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cover, InstanceCell, SequenceCell, TensorCell
from optlint.flow.core.values import Ref, Value
from optlint.flow.groups import modules, parameter_names
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

MOST = 200
DEEPEST = 12


def picked(
    machine: Machine, node: ir.Comprehension, covers: tuple[Cover, ...] | None, tests: tuple[Value, ...], state: State
) -> tuple[Cover, ...] | None:
    """The parameters of one model that pass all tests, each as a part of its own; None if they can't be told."""
    if covers is None or len(covers) != 1 or covers[0].sliced or covers[0].again or not _gives_items(node):
        return None
    answers = [parameter_names.verdict(test) for test in tests]
    site = machine.site(node)
    found = [*_parameters(machine, covers[0].module, set(), 0, site, state)]
    if not tests or None in answers or None in found or any(len(one or ()) != len(found) for one in answers):
        return None
    passed = [all(column) for column in zip(*(one for one in answers if one is not None), strict=True)]
    return tuple(Cover(part, site=site) for part, kept in zip(found, passed, strict=True) if kept and part is not None)


def sliced(machine: Machine, cell: SequenceCell, part: slice, site: Site, state: State) -> tuple[Cover, ...] | None:
    """What a slice of the list of a model's parameters holds, one by one; None if they can't be told."""
    if cell.layers is None or not cell.covers or any(cover.sliced or cover.again for cover in cell.covers):
        return None
    found: list[Ref | None] = [cover.module for cover in cell.covers]
    if len(found) == 1 and state.get(cell.covers[0].module, InstanceCell) is not None:
        found = [*_parameters(machine, cell.covers[0].module, set(), 0, site, state)]
    tensors = [one for one in found if one is not None and state.get(one, TensorCell) is not None]
    if len(tensors) != len(found) or len(found) != len(cell.layers):
        return None
    return tuple(Cover(tensor, site=site) for tensor in tensors[part])


def _gives_items(node: ir.Comprehension) -> bool:
    """Whether a comprehension gives the parameters that it walks along, with or without their names."""
    target, element = node.clauses[0].target, node.element
    last = target.items[-1] if isinstance(target, ir.Display) else target
    return isinstance(last, ir.Name) and isinstance(element, ir.Name) and element.id == last.id


def _parameters(
    machine: Machine, module: Ref, seen: set[Ref], depth: int, site: Site, state: State
) -> Iterator[Ref | None]:
    """The parameters of a module, in the order of `parameters()`; None in place of what is not known."""
    cell, children = state.get(module, InstanceCell), modules.children_of(module, state)
    if module in seen:
        return
    seen.add(module)
    if cell is not None and cell.names is not None and len(seen) <= MOST:
        for name in cell.names:
            known = cell.get(name)
            yield known if isinstance(known, Ref) else modules.tensor_attribute(machine, module, name, state, site)
    elif cell is None or cell.layout is not None or children is None or depth > DEEPEST or len(seen) > MOST:
        yield None
    else:
        yield from _own(cell, seen, state)
        for part in children:
            yield from _parameters(machine, part, seen, depth + 1, site, state)


def _own(cell: InstanceCell, seen: set[Ref], state: State) -> Iterator[Ref]:
    """The parameters that are set on a module itself."""
    for _, value in (*cell.attrs, *(cell.children or ())):
        tensor = state.get(value, TensorCell)
        if isinstance(value, Ref) and tensor is not None and tensor.parameter and value not in seen:
            seen.add(value)
            yield value
