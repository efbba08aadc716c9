"""What becomes of tensors: read as if they were parameters, looked up, stored on a module.

Much of it can only be judged when the whole program is known, since any method may ask for gradients later or write
them by hand. What happens anywhere is noted in `State.marks`, which all paths share: a reference, or the name of an
attribute of something unknown, with a word: `gradient` (it gets one by hand), `asked` (for gradients), `escaped`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, IteratorCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import ClassValue, External, Method, Ref, Union, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.iterators import mendable
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir
from optlint.flow.tensors import recipes
from optlint.flow.tensors.tensors import is_one_of_tensors, is_tensor

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site


def mark(value: Value, word: str, state: State) -> None:
    """Note that something happens to a value; of something unknown only the attribute's name is noted."""
    if isinstance(value, Union):
        for option in value.options:
            mark(option, word, state)
    elif isinstance(value, Ref):
        state.marks.add((value, word))
    elif isinstance(value, Method):
        state.marks.add((value.name, word))


def gets_gradient(base: Ref, state: State) -> None:
    """`tensor.grad = …` and `tensor.retain_grad()`."""
    cell = state.get(base, TensorCell)
    state.update(base, gradient_set=True)
    state.marks.add((base, "gradient"))
    if cell is not None and cell.how == "group parameter":
        state.marks.add(("param_groups", "gradient"))


def is_from_parameters(cell: TensorCell, state: State) -> bool:
    """Whether a tensor was computed from parameters and nothing else that could matter."""
    bases = [state.get(base, TensorCell) for base in cell.bases or ()]
    return bool(bases) and all(base is not None and base.parameter for base in bases) and cell.requires_grad is None


def held_by(cell: object) -> tuple[Value, ...]:
    """What a container or an object refers to."""
    if isinstance(cell, SequenceCell):
        return (*(cell.items or ()), cell.item)
    if isinstance(cell, MappingCell):
        return (*(entry.value for _, entry in cell.entries), cell.item)
    if isinstance(cell, InstanceCell):
        return (*(value for _, value in cell.attrs), *(value for _, value in cell.children or ()))
    return (*(cell.items or ()), cell.item) if isinstance(cell, IteratorCell) else ()


def is_held(ref: Ref, state: State) -> bool:
    """Whether a variable, a container or an object refers to a cell."""
    values = (*state.variables.values(), *(value for cell in state.heap.values() for value in held_by(cell)))
    return any(ref in (value.options if isinstance(value, Union) else (value,)) for value in values)


def piece_used(machine: Machine, cell: TensorCell, site: Site, use: str, state: State) -> None:
    """Tell if what is treated as a parameter is a piece of one; once for each piece and use."""
    if cell.how != "piece" or cell.piece_of is None or cell.requires_grad is False or cell.gradient_set:
        return
    whole = state.get(cell.piece_of, TensorCell)
    given_out = whole is not None and whole.how in ("parameter", "group parameter")
    key = (cell.made.origin, use)
    if key in machine.flagged or not (given_out or use != ".grad_fn"):
        return
    machine.flagged.add(key)
    in_groups = whole is not None and whole.how == "group parameter"
    machine.emit(events.PieceUsed(site, site.text, cell.made, use, in_groups))


def asked(machine: Machine, base: Ref, cell: TensorCell, node: ir.Call, wanted: bool | None, state: State) -> None:
    """`piece.requires_grad_()`: a leaf, under `no_grad`; where the value is used, one may be made of it.

    Told is what does nothing: gradients switched off, or asked for and then dropped.
    """
    if wanted is not False and state.no_grad is not False:
        state.update(base, piece_of=None)
    elif wanted is False or node in machine.effects:
        piece_used(machine, cell, machine.site(node), "set", state)


def hooked(machine: Machine, base: Ref, cell: TensorCell, site: Site) -> None:
    """A hook on a piece runs only if something is computed from that piece."""
    if cell.piece_of is None:
        return

    def judge(last: State) -> None:
        now = last.get(base, TensorCell)
        if now is not None and not now.used and not now.escaped and (base, "escaped") not in last.marks:
            piece_used(machine, now, site, "hook", last)

    machine.when_settled(judge)


def gradient_read(machine: Machine, base: Ref, cell: TensorCell, node: ir.Attribute, state: State) -> None:
    """`.grad` of what was computed from a tensor that nothing refers to: the gradient is there, out of reach."""
    key = (cell.made.origin, ".grad of a product")
    if cell.leaf is not False or not cell.requires_grad or cell.piece_of is not None or key in machine.flagged:
        return
    if cell.gradient_set or cell.escaped or all(is_held(inner, state) for inner in cell.bases or ()):
        return
    machine.flagged.add(key)
    event = events.ProductGradientRead(machine.site(node), machine.site(node.value).text, cell.how, cell.made)

    def tell() -> None:
        if not any((base, word) in state.marks for word in ("gradient", "lost", "escaped")):
            machine.emit(replace(event, recipe=recipes.of_product(machine, base, state)))

    machine.when_over(tell)


def grad_fn_read(machine: Machine, receiver: Value, node: ir.Attribute, state: State) -> None:
    """`.grad_fn` is read; told if that is a parameter whenever the program gets there, and nothing is claimed."""
    if machine.claiming or _in_forward(machine):
        return
    cells = [state.get(option, TensorCell) for option in options_of(receiver)]
    if not all(cell is not None and _is_surely_leaf(cell) for cell in cells):
        state.marks.add((node.origin, "not a parameter"))
    elif (node.origin, "grad_fn") not in machine.flagged:
        machine.flagged.add((node.origin, "grad_fn"))
        event = events.GradFnRead(machine.site(node), machine.site(node.value).text)
        marks = state.marks
        machine.when_over(
            lambda: None if {(node.origin, "not a parameter"), ("grad_fn", "own")} & marks else machine.emit(event)
        )


def _is_surely_leaf(cell: TensorCell) -> bool:
    """Whether this is a parameter from its birth or out of a module on; one that others give may have been changed."""
    seen = cell.registered or cell.requires_grad is not None
    return seen and cell.parameter is True and cell.leaf is True


def _in_forward(machine: Machine) -> bool:
    """Whether the program is in `forward`, where a parameter may stand for something computed."""
    frame = machine.frame
    while frame is not None:
        if getattr(frame.node, "name", "") in torch_tensors.FORWARDS:
            return True
        if frame.caller is None:
            return False
        frame = frame.caller
    return False


def looked_up(
    machine: Machine, tensor: Value, among: Value, node: ir.Comparison, operand: ir.Expression, state: State
) -> None:
    """`tensor in among`: told where tensors are compared; a stored iterator has a rule of its own."""
    cell = state.cell(among)
    if not is_one_of_tensors(tensor, state) or (isinstance(cell, SequenceCell) and cell.kind == "set"):
        return
    if isinstance(cell, IteratorCell) and cell.made.origin is not operand.origin:
        return
    negated, variable = node.rest[0][0] == "not in", mendable.counter(machine, node, tensor, state)
    told = events.TensorLookedUp(machine.site(node), machine.site(node.left), machine.site(operand), negated, variable)
    _tell_if_tensors(machine, told, among, state)


def searched(machine: Machine, tensor: Value, among: Value, node: ir.Call, state: State) -> None:
    """`params.index(tensor)`, `.remove(tensor)` and `.count(tensor)` compare as `in` does."""
    plain = isinstance(node.func, ir.Attribute) and len(node.args) == 1 and is_one_of_tensors(tensor, state)
    cell = state.get(among, SequenceCell)
    if plain and isinstance(node.func, ir.Attribute) and cell is not None and cell.kind != "set":
        parts = machine.site(node), machine.site(node.args[0].value), machine.site(node.func.value)
        _tell_if_tensors(machine, events.TensorLookedUp(*parts, False, None), among, state)


def _tell_if_tensors(machine: Machine, told: events.TensorLookedUp, among: Value, state: State) -> None:
    """Tell if there are tensors in a container when the program is over."""
    cell = state.cell(among)
    grows = isinstance(cell, SequenceCell) and cell.items == () and bool(state.depth)

    def judge(last: State) -> None:
        held = _held(last.cell(among) if grows else cell)
        if any(is_tensor(item, last) for part in held for item in options_of(part)):
            machine.emit(told)

    machine.when_settled(judge)


def _held(cell: object) -> tuple[Value, ...]:
    """What a container that is walked through by `in` surely gives."""
    if isinstance(cell, SequenceCell):
        return cell.items if cell.items is not None else cell.members or (cell.item,)
    if isinstance(cell, IteratorCell):
        return cell.items if cell.items is not None else (cell.item,)
    if isinstance(cell, InstanceCell) and cell.cls == External("torch.nn.ParameterList"):
        return tuple(value for _, value in cell.attrs)
    return ()


class Stored(NamedTuple):
    """An attribute of a module that is set: by name, if that is known, in words of the code, and its value's place."""

    module: Ref
    name: str | None
    text: str
    site: Site


def registers(cell: InstanceCell, state: State) -> bool:
    """Whether an object registers the Parameters that it is given: a module, or what has a `forward` and may be one."""
    if cell.is_module is None and isinstance(cell.cls, ClassValue):
        return classes.find(cell.cls, "forward", state) is not None
    return cell.is_module is True


def stored_on_module(machine: Machine, value: Ref, cell: TensorCell, stored: Stored, state: State) -> None:
    """A tensor becomes an attribute of a module: a Parameter is registered, what was computed from one is lost."""
    if cell.parameter:
        state.update(value, registered=True)
        state.marks.add((value, "registered"))
        return
    bases = cell.bases or (() if cell.piece_of is None else (cell.piece_of,))
    if cell.leaf is True or not bases or not (cell.requires_grad or is_from_parameters(cell, state)):
        return

    could_be_kept = recipes.can_register(machine, stored.module, stored.name, state)

    def judge(last: State) -> None:
        if any(_is_lost(base, last) for base in bases):
            last.marks.add((value, "lost"))
            machine.when_over(lambda: tell(last))

    def tell(last: State) -> None:
        if any(_is_lost(base, last) for base in bases):
            recipe = recipes.of_product(machine, value, last) if could_be_kept else None
            how = "taking a piece" if cell.how == "piece" else cell.how
            machine.emit(events.ParameterLost(stored.site, stored.text, how, recipe))

    machine.when_settled(judge)


def _is_lost(base: Ref, state: State) -> bool:
    cell = state.get(base, TensorCell)
    fresh = cell is not None and cell.parameter and not cell.registered and not cell.escaped
    return bool(fresh) and (base, "registered") not in state.marks
