"""The right classes that a loss is given beside what was predicted: gradients flow into the prediction alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.values import Method, Unknown, Value
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine


def into(machine: Machine, path: str, arguments: Arguments) -> tuple[Value, ...]:
    """What gradients flow into; the right classes that a loss is given are numbers, if nobody computed them."""
    classes = arguments.pick(1, "target") if path in torch_tensors.OF_CLASSES else None
    site = arguments.site(1, "target")
    node = machine.nodes.get(site.origin) if site is not None else None
    if not isinstance(classes, Unknown | Method) or node is None or _is_computed(machine, node):
        return arguments.all()
    return tuple(value for value in arguments.all() if value is not classes)


def _is_computed(machine: Machine, node: ir.Node) -> bool:
    """Whether an expression, or what the running function assigns to that name, may be more than a part of a batch."""
    while isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr in torch_tensors.MOVES:
        node = node.func.value
    if isinstance(node, ir.Attribute | ir.Subscript):
        return _is_computed(machine, node.value)
    function = machine.frame.node
    if not isinstance(node, ir.Name) or not isinstance(function, ir.Function):
        return not isinstance(node, ir.Name)
    assigned = (part for part in ir.walk_all(machine.bodies(function), machine.bodies) if isinstance(part, ir.Assign))
    sources = (part.value for part in assigned for target in part.targets if node.id in _names(target))
    return any(isinstance(source, ir.Call) and _is_computed_by(source) for source in sources)


def _is_computed_by(call: ir.Call) -> bool:
    return not isinstance(call.func, ir.Attribute) or call.func.attr not in torch_tensors.MOVES


def _names(target: ir.Expression) -> set[str]:
    return {part.id for part in ir.walk(target) if isinstance(part, ir.Name)}
