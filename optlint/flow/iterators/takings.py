"""Which models the parameters in a list were taken from, and whether it has all of them that can be trained.

`holdings` knows the parts one by one; this is what is left to tell once a test has let some of them through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cover, InstanceCell, IteratorCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.machine import Fork
from optlint.flow.core.values import Closure, Ref, Value, options_of
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Loop, Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Path


def sources(value: Value, state: State) -> frozenset[Ref] | None:
    """The modules that all of these tensors were taken from; None if one may come from elsewhere."""
    owners: set[Ref] = set()
    for tensor in _tensors(value, state):
        cell = state.get(tensor, TensorCell)
        if cell is None or cell.owner is None:
            return None
        owners.add(cell.owner)
    return frozenset(owners) or None


def picked(value: Value, state: State) -> frozenset[tuple[Cover, str]] | None:
    """The names by which tensors were taken of modules one after another: `m.bias` of all in a model.

    One that is known by itself has no name. None if one may come from elsewhere.
    """
    found: set[tuple[Cover, str]] = set()
    for tensor in _tensors(value, state):
        cell = state.get(tensor, TensorCell)
        if cell is None or cell.parameter is not True or cell.piece_of is not None or not isinstance(tensor, Ref):
            return None
        holder = state.get(cell.parent[0], InstanceCell) if cell.parent is not None else None
        around = holder.part_of if holder is not None else None
        if around is not None and cell.parent is not None:
            found.add((around, cell.parent[1]))
        elif holder is not None or cell.how == "`nn.Parameter`":
            found.add((Cover(tensor), ""))
        else:
            return None
    return frozenset(found)


def has_all(value: Value, state: State) -> bool:
    """Whether a value gives all parameters of the models that it was taken from, but for frozen ones."""
    cell = state.cell(value)
    if not isinstance(cell, IteratorCell | SequenceCell):
        return False
    whole = cell.covers is not None and not any(cover.sliced for cover in cell.covers)
    return whole or cell.trainable is True


def kept_by(test: ir.Expression, name: str) -> bool | None:
    """Whether a test keeps what is trainable (True) or what is frozen (False); None for any other test."""
    if isinstance(test, ir.Unary) and test.op == "not":
        inner = kept_by(test.operand, name)
        return None if inner is None else not inner
    if not isinstance(test, ir.Attribute) or test.attr != "requires_grad":
        return None
    return True if isinstance(test.value, ir.Name) and test.value.id == name else None


def kept_by_function(function: Value) -> bool | None:
    """What `filter(lambda p: p.requires_grad, …)` keeps."""
    if not isinstance(function, Closure) or not isinstance(function.node, ir.Lambda) or not function.node.parameters:
        return None
    return kept_by(function.node.body, function.node.parameters[0].name)


def comprehended(node: ir.Comprehension, iterable: Value, state: State) -> bool:
    """Whether a comprehension takes all that can be trained of what it goes through."""
    name = tensor_name(node.clauses[0].target)
    tests = [kept_by(test, name) for test in node.clauses[0].tests]
    return len(node.clauses) == 1 and all(tests) and has_all(iterable, state)


def appended(machine: Machine, value: Value, state: State) -> bool:
    """Whether a loop puts all of what it goes through into a list that can be trained; `value` holds what it puts."""
    loop = machine.frame.loops[-1] if machine.frame.loops else None
    if loop is None or loop.source is None or loop.breaks or not has_all(loop.source, state):
        return False
    begun = loop.inside[-1]
    node = begun[0] if isinstance(begun, tuple) else None
    if not isinstance(node, ir.For) or sources(value, state) is None:
        return False
    name, left = tensor_name(node.target), (skipped.path for skipped in loop.continues)
    return _asks_only(machine, loop, state.path, name, True) and all(
        _asks_only(machine, loop, path, name, False) for path in left
    )


def _asks_only(machine: Machine, loop: Loop, path: Path, name: str, wanted: bool) -> bool:
    """Whether all branches that lead here in a round ask if a parameter can be trained, with this answer."""
    start, branches = path[: len(loop.inside)], path[len(loop.inside) :]
    answers = [_answer(machine, branch, name) for branch in branches]
    return start == loop.inside and all(answer is wanted for answer in answers)


def _answer(machine: Machine, branch: object, name: str) -> bool | None:
    """Whether a parameter can be trained where this branch was taken; None if that was not asked."""
    fork, taken = branch if isinstance(branch, tuple) else (None, None)
    test = machine.nodes.get(fork.test.origin) if isinstance(fork, Fork) else None
    kept = kept_by(test, name) if test is not None else None
    return None if kept is None else kept is taken


def tensor_name(target: ir.Expression) -> str:
    """The name that a loop gives to a parameter: the last of `name, p`."""
    last = target.items[-1] if isinstance(target, ir.Display) and target.items else target
    return last.id if isinstance(last, ir.Name) else ""


def _tensors(value: Value, state: State) -> Iterator[Value]:
    """What is in a group or a list, one by one; of a pair of a name and a tensor, the tensor."""
    for option in options_of(value):
        cell = state.cell(option)
        if isinstance(cell, MappingCell) and (entry := cell.get("params")) is not None:
            yield from _tensors(entry.value, state)
        elif isinstance(cell, SequenceCell | IteratorCell):
            known = cell.items if cell.items is not None else (cell.item,)
            for held in known[-1:] if _is_named(cell, state) else known:
                yield from _tensors(held, state)
        else:
            yield option


def _is_named(cell: SequenceCell | IteratorCell, state: State) -> bool:
    """Whether this is the pair of a name and a parameter."""
    pair = cell.items if isinstance(cell, SequenceCell) and cell.kind == "tuple" else None
    return pair is not None and len(pair) == 2 and state.cell(pair[0]) is None
