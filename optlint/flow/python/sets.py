"""Sets, and what is made of them: their order is another one in each run, but for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import IteratorCell, SequenceCell
from optlint.flow.core.values import Ref, Value, options_of, union
from optlint.flow.iterators import consumption
from optlint.flow.iterators.changes import name_of
from optlint.flow.iterators.draws import Purpose
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

OPERATORS = frozenset("-|&^")
METHODS = frozenset({"difference", "union", "intersection", "symmetric_difference"})
# What gives numbers, or tuples of numbers: their hashes are the same in each run.
NUMBERS = frozenset("numel nelement dim ndimension size element_size len int float round ndim shape".split())


def is_ordered(value: Value, state: State) -> bool:
    """Whether the items of a value may come in an order that means something."""
    cells = (state.cell(option) for option in options_of(value))
    return any(cell.ordered if isinstance(cell, SequenceCell | IteratorCell) else True for cell in cells)


def is_shuffled(value: Value, state: State) -> bool:
    """Whether a value surely gives several items in the order of a set."""
    cells = [state.cell(option) for option in options_of(value)]
    kinds = SequenceCell | IteratorCell
    several = all(isinstance(cell, kinds) and (cell.items is None or len(cell.items) != 1) for cell in cells)
    return several and not is_ordered(value, state)


def gives_numbers(node: ir.Node | None) -> bool:
    """Whether an expression surely gives a number or a shape, or several of these."""
    if isinstance(node, ir.Comprehension):
        return node.kind != "dict" and gives_numbers(node.element)
    if isinstance(node, ir.Display):
        return all(gives_numbers(item) for item in node.items)
    if isinstance(node, ir.Subscript):
        return gives_numbers(node.value)
    if isinstance(node, ir.Call) and name_of(node.func) == "tuple":
        return len(node.args) == 1 and gives_numbers(node.args[0].value)
    if isinstance(node, ir.Call) and name_of(node.func) == "map" and node.args:
        function = node.args[0].value
        return gives_numbers(function.body if isinstance(function, ir.Lambda) else function)
    called = node.func if isinstance(node, ir.Call) else node
    return isinstance(called, ir.Attribute | ir.Name) and name_of(called) in NUMBERS


def is_shuffled_by(machine: Machine, receiver: Ref, added: Arguments, state: State) -> bool:
    """Whether what is added to a set may have another place in each run."""
    numbers = all(gives_numbers(machine.nodes.get(site.origin)) for site in added.sites)
    return is_set(receiver, state) and not numbers


def is_set(value: Value, state: State) -> bool:
    """Whether a value is a set."""
    cell = state.get(value, SequenceCell)
    return cell is not None and cell.kind == "set"


def combined(
    machine: Machine, receiver: Ref, others: tuple[Value, ...], keeps_mine: bool, state: State, site: Site
) -> Ref:
    """A set made of others, of which no item is known one by one."""
    mine = consumption.item_of(machine, receiver, state, site)
    theirs = tuple(consumption.walk(machine, other, state, site, Purpose("set")) for other in others)
    item = mine if keeps_mine else union((mine, *theirs))
    alike = all(is_set(each, state) and is_ordered(each, state) for each in (receiver, *others))
    return machine.new(state, SequenceCell("set", site, None, item, ordered=alike))


def call_method(machine: Machine, receiver: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`set.difference(other)` and its like."""
    return combined(machine, receiver, arguments.values, name in ("difference", "intersection"), state, site)
