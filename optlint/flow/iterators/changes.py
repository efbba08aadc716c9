"""What may have changed while a program ran on: what lazy iterators see of it depends on when they are walked through.

Changes are kept as words, in the order of the run: the name of what was written to, `=name` for a name that stands for
something else now, or one of those below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, IteratorCell, MappingCell, OptimizerCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, Closure, Const, External, Method, Value, options_of
from optlint.flow.pytorch import torch_api, torch_tensors
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

PARTS = "<parts of models>"  # layers may have been replaced
ANYTHING = "<anything>"
CHANGING = frozenset({"builtins.setattr", "builtins.delattr", "builtins.exec", "builtins.eval"})
HARMLESS_PACKAGES = frozenset(
    "builtins numpy math itertools functools collections operator time logging os sys random json typing dataclasses "
    "copy tqdm warnings pathlib re argparse timm torchvision".split()
)
HARMLESS_METHODS = (torch_api.MODULE_FLUENT - {"requires_grad_", "apply"}) | torch_api.MODULE_ITERATORS.keys()
HARMLESS_METHODS |= frozenset(
    "state_dict zero_grad get_submodule get_parameter copy get keys values items index count format join split strip "
    "lower upper startswith endswith info debug warning error".split()
)


def changed(machine: Machine, *names: str) -> None:
    """Something of one of these names may not be what it was."""
    machine.changes.extend(names)


def bound(name: str) -> str:
    """The word for a name that stands for something else now."""
    return f"={name}"


def attribute_set(machine: Machine, receiver: Value, name: str, value: Value, state: State) -> None:
    """`receiver.name = value`: a new layer, or something that no iterator over a model depends on."""
    changed(machine, name)
    if not _is_no_part(value, state) and not _has_no_parts(receiver, state):
        changed(machine, PARTS)


def _is_no_part(value: Value, state: State) -> bool:
    if isinstance(value, Closure) or (isinstance(value, Const) and value.value is not None):
        return True
    return isinstance(state.cell(value), IteratorCell | OptimizerCell | SequenceCell | MappingCell)


def _has_no_parts(owner: Value, state: State) -> bool:
    cell = state.cell(owner)
    return cell.is_module is False if isinstance(cell, InstanceCell) else isinstance(cell, TensorCell | OptimizerCell)


def item_set(machine: Machine, target: ir.Subscript, receiver: Value, state: State) -> None:
    """`receiver[index] = value`."""
    changed(machine, name_of(target.value))
    if not isinstance(state.cell(receiver), SequenceCell | MappingCell | TensorCell):
        changed(machine, PARTS)


def ran(machine: Machine, node: ir.Call, function: Value, arguments: Arguments, state: State) -> None:
    """A function was called: one of another package may change what it is given."""
    if isinstance(function, Method):
        _method_ran(machine, node, function, arguments, state)
    elif isinstance(function, External):
        _external_ran(machine, node, torch_api.canonical(function.path), arguments, state)
    elif function is UNKNOWN:
        _anything_ran(machine, node, arguments.all(), state)


def _method_ran(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    receiver = state.cell(method.receiver)
    if isinstance(receiver, IteratorCell | OptimizerCell) or method.name in HARMLESS_METHODS:
        return
    if isinstance(receiver, SequenceCell | MappingCell | TensorCell):
        changed(machine, name_of(method.node.value) if isinstance(method.node, ir.Attribute) else ANYTHING)
        changed(machine, *(["requires_grad"] if method.name == "requires_grad_" else []))
        return
    _anything_ran(machine, node, (method.receiver, *arguments.all()), state)


def _external_ran(machine: Machine, node: ir.Call, path: str, arguments: Arguments, state: State) -> None:
    package, name = path.partition(".")[0], path.rpartition(".")[2]
    if path in CHANGING or path.startswith(torch_tensors.REPARAMETRIZES):
        changed(machine, PARTS, ANYTHING)
    elif package not in HARMLESS_PACKAGES and not (package == "torch" and name[:1].isupper()):
        _anything_ran(machine, node, arguments.all(), state)


def _anything_ran(machine: Machine, node: ir.Call, values: tuple[Value, ...], state: State) -> None:
    """Code that is not known got these values; a module among them may have other parts, or frozen ones, now."""
    changed(machine, *(name_of(argument.value) for argument in node.args))
    if isinstance(node.func, ir.Attribute):
        changed(machine, name_of(node.func.value))
    for value in values:
        for option in options_of(value):
            cell = state.get(option, InstanceCell)
            if cell is not None and cell.is_module is not False:
                changed(machine, PARTS, "requires_grad")


def name_of(node: ir.Expression) -> str:
    """The last name of a dotted one."""
    if isinstance(node, ir.Subscript | ir.Starred):
        return name_of(node.value)
    return node.id if isinstance(node, ir.Name) else node.attr if isinstance(node, ir.Attribute) else ""
