"""Which functions of other files are worth running: those that are short and may have to do with training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cell, InstanceCell, IteratorCell, OptimizerCell, TensorCell
from optlint.flow.core.values import ClassValue, Closure, Value
from optlint.flow.python import classes
from optlint.flow.reading import ir
from optlint.flow.reading.relevance import concerns_training, spread_over

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

MOST_LINES = 60
FEW_LINES = 12  # that are always run
MOST_STEPS = 1_000  # in functions of other files, for each file that is linted


def is_too_much(machine: Machine, function: Closure, arguments: Arguments, state: State) -> bool:
    """Whether a function of another file is left alone."""
    if function.scopes[-1] not in machine.units:
        return False
    lines = _lines(function.node)
    if machine.foreign_steps > MOST_STEPS or is_very_long(function):
        return True
    words = machine.mentions(function.node)
    held = state.get(function.bound, InstanceCell) if function.bound is not None else None
    used = (value for name, value in held.attrs if name in words) if held is not None else ()
    concerns = lines <= FEW_LINES or "nn" in words or concerns_training(words)
    if concerns or any(_trains(value, state) for value in (*arguments.all(), *used)):
        return False
    return held is None or not _leads_to_training(machine, held.cls, words)


def _leads_to_training(machine: Machine, cls: Value, words: frozenset[str]) -> bool:
    """Whether a method with these words uses others of its object that deal with training."""
    own = [base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue)]
    methods = [part for node in reversed(own) for part in node.body if isinstance(part, ir.Function)]
    used = {part.name: machine.mentions(part) for part in methods}  # what a class defines anew counts
    return not spread_over(used, frozenset()).isdisjoint(words)


def trains(arguments: Arguments, state: State) -> bool:
    """Whether something that is given has to do with training."""
    return any(_trains(value, state) for value in arguments.all())


def is_long(machine: Machine, function: Value) -> bool:
    """Whether this is a function of another file, too long to be run for its own sake."""
    if not isinstance(function, Closure) or function.scopes[-1] not in machine.units:
        return False
    return _lines(function.node) > FEW_LINES


def is_very_long(function: Closure) -> bool:
    """Whether a function of another file is too long to be run at all."""
    return _lines(function.node) > MOST_LINES


def is_entered(machine: Machine, function: Closure) -> bool:
    """Whether a call leads from the file that is linted into another one."""
    return function.scopes[-1] in machine.units and machine.frame.unit.scope not in machine.units


def _lines(node: ir.Node) -> int:
    first, last = getattr(node.origin, "lineno", 0), getattr(node.origin, "end_lineno", 0)
    return int(last or 0) - int(first or 0)


def _trains(value: Value, state: State) -> bool:
    """Whether a value has to do with training, or holds something that has."""
    return any(map(_cell_trains, state.within(value)))


def _cell_trains(cell: Cell) -> bool:
    if isinstance(cell, InstanceCell | TensorCell):
        return bool(cell.is_module if isinstance(cell, InstanceCell) else cell.parameter or cell.requires_grad)
    return isinstance(cell, IteratorCell | OptimizerCell)
