"""What the code around a line shows of a variable: that it is a module, or a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.python import classes
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.flow.core.machine import Machine

OF_MODULES = frozenset({"eval", "parameters", "named_parameters"})  # methods that no tensor has
ASKS = frozenset({("isinstance",), ("hasattr",), ("type",)})
SAME_OBJECT = frozenset({"to", "cuda", "cpu", "float", "half", "double", "eval", "train"})


def is_used_as_module(machine: Machine, receiver: ir.Expression) -> bool:
    """Whether code around a line calls what it sets an attribute on, or what only modules have of it.

    That is a variable, or an attribute of the object.
    """
    owner, node = machine.frame.owner, machine.frame.node
    calls_parts = owner is not None and classes.is_module(owner) is True
    if isinstance(receiver, ir.Attribute) and owner is not None:
        parts = ir.walk_all(owner.node.body, machine.bodies)
    elif isinstance(receiver, ir.Name):
        block = machine.bodies(node) if isinstance(node, ir.Function) else machine.block
        parts = (part for statement in block for part in ir.walk(statement))
    else:
        return False
    calls = [part for part in parts if isinstance(part, ir.Call)]
    path, called = _path(receiver), [call.func for call in calls]
    if any(_path(call.func) in ASKS and call.args and _path(call.args[0].value) == path for call in calls):
        return False  # it may be one thing or another
    if len(path) < 3 and (calls_parts or isinstance(receiver, ir.Name)) and any(_path(func) == path for func in called):
        return True
    if any(_is_of_modules(func, path) for func in called):
        return True
    return len(path) == 1 and any(_takes_for_module(machine, call, path[0]) for call in calls)


def _is_of_modules(func: ir.Expression, path: tuple[str, ...]) -> bool:
    return isinstance(func, ir.Attribute) and func.attr in OF_MODULES and _origin(func) == path


def _takes_for_module(machine: Machine, call: ir.Call, name: str) -> bool:
    """Whether a function of the file that is given a variable calls what only modules have of it."""
    named = [known.node for known in machine.functions if _path(call.func) == (getattr(known.node, "name", ""),)]
    if len(named) != 1 or not isinstance(named[0], ir.Function):
        return False
    body = [*ir.walk_all(machine.bodies(named[0]), machine.bodies)]
    bound = {target.id for part in body if isinstance(part, ir.Assign) for target in _names(part.targets)}
    calls = [part for part in body if isinstance(part, ir.Call)]
    asked = {_path(one.args[0].value) for one in calls if _path(one.func) in ASKS and one.args}
    taken = {(parameter,) for parameter in _given_as(call, name, named[0]) if parameter not in bound} - asked
    return any(_is_of_modules(one.func, path) for path in taken for one in calls)


def _names(targets: Iterable[ir.Expression]) -> Iterator[ir.Name]:
    return (part for target in targets for part in ir.walk(target) if isinstance(part, ir.Name))


def _given_as(call: ir.Call, name: str, function: ir.Function) -> Iterator[str]:
    """The parameters that a call gives a variable to."""
    for place, argument in enumerate(call.args):
        if argument.star or place >= len(function.parameters):
            return
        if isinstance(argument.value, ir.Name) and argument.value.id == name:
            yield argument.keyword or function.parameters[place].name


def goes_backward(machine: Machine, target: ir.Attribute) -> bool:
    """Whether code around `loss.requires_grad = True` calls `loss.backward()`.

    Only leaves let it be set, so whatever made the loss is out of its reach.
    """
    if target.attr != "requires_grad" or not isinstance(target.value, ir.Name):
        return False
    node = machine.frame.node
    block = machine.bodies(node) if isinstance(node, ir.Function) else machine.block
    calls = (part.func for part in ir.walk_all(block, machine.bodies) if isinstance(part, ir.Call))
    return any(_path(func) == (target.value.id, "backward") for func in calls)


def is_switched(block: ir.Block, call: ir.Call) -> bool:
    """Whether some code sets `requires_grad` on what a call gives it, or on a part of that."""
    assigned = [part for statement in block for part in ir.walk(statement) if isinstance(part, ir.Assign)]
    given = [_path(target) for part in assigned if part.value is call for target in part.targets]
    set_on = [
        _path(target.value)
        for part in assigned
        for target in part.targets
        if isinstance(target, ir.Attribute) and target.attr == "requires_grad"
    ]
    return any(path and other[: len(path)] == path for path in given for other in set_on)


def _origin(func: ir.Attribute) -> tuple[str, ...]:
    """Whose method is called in the end: `model` in `model.to(device).eval`."""
    node = func.value
    while isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr in SAME_OBJECT:
        node = node.func.value
    return _path(node)


def _path(node: ir.Expression) -> tuple[str, ...]:
    if isinstance(node, ir.Name):
        return (node.id,)
    return (*_path(node.value), node.attr) if isinstance(node, ir.Attribute) else ()
