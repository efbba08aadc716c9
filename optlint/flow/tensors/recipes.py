"""How tensors were made, where making them in another way would do what was meant, and nothing else.

A tensor that gets gradients must not be changed in place, nor turned into an array; so where the program does that to
a tensor that has none so far, there is no recipe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, External, Method, Ref, Union, Unknown, options_of
from optlint.flow.events import Recipe
from optlint.flow.iterators.changes import name_of
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Value

FLOATS = frozenset({"torch.float16", "torch.bfloat16", "torch.float32", "torch.float64"})
UNFIT = ("written", "array")  # what is noted of tensors, by the expression that made them


def note(machine: Machine, cell: TensorCell | None, word: str) -> None:
    """Note what the program does to a tensor."""
    if cell is not None:
        machine.flagged.add((cell.made.origin, word))


def of_constants(machine: Machine, tensors: tuple[Ref, ...], state: State) -> tuple[Recipe, ...]:
    """How tensors without gradients were made, if they could have them."""
    return _each(tuple(_of_constant(machine, tensor, state) for tensor in tensors))


def of_products(machine: Machine, tensors: tuple[Ref, ...], state: State) -> tuple[Recipe, ...]:
    """How tensors that are no leaves were made from leaves."""
    return _each(tuple(of_product(machine, tensor, state) for tensor in tensors))


def _each(recipes: tuple[Recipe | None, ...]) -> tuple[Recipe, ...]:
    known = {recipe.made.origin: recipe for recipe in recipes if recipe is not None}
    return tuple(known.values()) if None not in recipes else ()


def _of_constant(machine: Machine, tensor: Ref, state: State) -> Recipe | None:
    cell = state.get(tensor, TensorCell)
    if cell is None or cell.dtype not in FLOATS or cell.registered or (tensor, "registered") in state.marks:
        return None
    if not _is_fit(machine, cell) or not _is_from_scratch(machine, cell, state):
        return None
    return Recipe(cell.made, (cell.made,) if _is_maker(machine, cell) else (), parameter=False)


def _is_fit(machine: Machine, cell: TensorCell) -> bool:
    """Whether an expression gives the tensor, not one of several, and nothing is done to it that gradients forbid."""
    node = machine.nodes.get(cell.made.origin)
    several = isinstance(node, ir.Call) and name_of(node.func) in torch_tensors.MANY_PIECES
    return not several and not any((cell.made.origin, word) in machine.flagged for word in UNFIT)


def _is_maker(machine: Machine, cell: TensorCell) -> bool:
    """Whether a tensor is what a function of torch made, with gradients if it is asked for them."""
    node, path = machine.nodes.get(cell.made.origin), cell.how.strip("`")
    if not isinstance(node, ir.Call) or path.rpartition(".")[2] not in torch_tensors.TAKES_REQUIRES_GRAD:
        return False
    return machine.values.get(node.func.origin) == External(path) or name_of(node.func) == path.rpartition(".")[2]


def _is_from_scratch(machine: Machine, cell: TensorCell, state: State) -> bool:
    """Whether an expression makes tensors and computes with them, and nothing in it ever had to do with gradients."""
    node = machine.nodes.get(cell.made.origin)
    if node is None:
        return False
    for part in ir.walk(node):
        if isinstance(part, ir.Attribute) and (part.attr in torch_tensors.CUTS or part.attr == "data"):
            return False
        for option in options_of(machine.values.get(part.origin, UNKNOWN)) if part is not node else ():
            inner = state.get(option, TensorCell)
            if inner is not None and (inner.parameter or inner.requires_grad is not False):
                return False
    return True


def of_product(machine: Machine, tensor: Ref, state: State) -> Recipe | None:
    """How a tensor was computed from leaves, if it could be a leaf itself."""
    cell = state.get(tensor, TensorCell)
    if cell is None or not _is_fit(machine, cell):
        return None
    leaves = [leaf for base in cell.bases or () if (leaf := state.get(base, TensorCell))]
    parameters = [leaf for leaf in leaves if leaf.how == "`nn.Parameter`"]
    if not leaves or (parameters and len(leaves) > 1):
        return None
    if not parameters and not all(_is_maker(machine, leaf) for leaf in leaves):
        return None
    return Recipe(cell.made, tuple(leaf.made for leaf in leaves), parameter=bool(parameters))


def can_require(machine: Machine, tensors: tuple[Value, ...], wanted: Value, state: State) -> bool:
    """Whether `requires_grad` of tensors can be set: torch refuses what is no leaf, has no floats, or is written to."""
    if not _may_be_flag(wanted):
        return False
    cells = [cell for tensor in tensors if (cell := state.get(tensor, TensorCell)) and not cell.parameter]
    if wanted == Const(False):
        return all(cell.leaf or cell.requires_grad is False for cell in cells)
    noted = any((cell.made.origin, word) in machine.flagged for cell in cells for word in UNFIT)
    return not noted and all(cell.leaf and cell.dtype in FLOATS for cell in cells)


def _may_be_flag(value: Value) -> bool:
    return isinstance(value.value, bool) if isinstance(value, Const) else isinstance(value, Unknown | Method | Union)


def initialised(machine: Machine, receiver: Value) -> None:
    """`Module.__init__` ran: Parameters can be registered from now on."""
    if isinstance(receiver, Ref):
        machine.flagged.add((receiver, "initialised"))


def can_register(machine: Machine, receiver: Ref, attribute: str | None, state: State) -> bool:
    """Whether a module would take a Parameter under this name, here and wherever else the attribute is set."""
    cell = state.get(receiver, InstanceCell)
    if cell is None or not _is_ready(machine, receiver):
        return False
    if attribute is None:
        return True
    if classes.find(cell.cls, attribute, state) is not None:
        return False
    return sum(1 for _ in _stores(machine, cell, attribute)) <= 1


def _is_ready(machine: Machine, receiver: Ref) -> bool:
    """Whether `Module.__init__` has run, in an `__init__` of the project."""
    frame = machine.frame
    while frame.caller is not None:
        if frame.bound == receiver and getattr(frame.node, "name", "") == "__init__":
            return (receiver, "initialised") in machine.flagged
        frame = frame.caller
    return True


def _stores(machine: Machine, cell: InstanceCell, attribute: str) -> Iterator[ir.Node]:
    """The places where the attribute is set: on `self` in classes that may be that object's, or on anything else."""
    blocks = [known.node.body for known in machine.classes if _are_related(known, cell.cls)]
    own = (node for block in blocks for node in ir.walk_all(block, machine.bodies))
    everywhere = ir.walk_all(machine.block, machine.bodies)
    seen: set[object] = set()
    for nodes, on_self in ((own, True), (everywhere, False)):
        for target in _targets(nodes):
            of_self = isinstance(target.value, ir.Name) and target.value.id == "self"
            if target.attr == attribute and of_self is on_self and target.origin not in seen:
                seen.add(target.origin)
                yield target


def _are_related(known: ClassValue, cls: Value) -> bool:
    return known in classes.ancestry(cls) or cls in classes.ancestry(known)


def _targets(nodes: Iterator[ir.Node]) -> Iterator[ir.Attribute]:
    for node in nodes:
        if isinstance(node, ir.Assign | ir.AugmentedAssign | ir.For):
            found = node.targets if isinstance(node, ir.Assign) else (node.target,)
            yield from (part for target in found for part in _flat(target) if isinstance(part, ir.Attribute))


def _flat(target: ir.Node) -> Iterator[ir.Node]:
    for part in target.items if isinstance(target, ir.Display) else (target,):
        yield part.value if isinstance(part, ir.Starred) else part
