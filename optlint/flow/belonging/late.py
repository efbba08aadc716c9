"""Layers and Parameters that `forward` makes: new ones in each round, which no optimizer ever gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import contents, fates, held
from optlint.flow.core.cells import InstanceCell, TensorCell
from optlint.flow.core.values import ClassValue, Closure, External, Ref, Value
from optlint.flow.groups import growth
from optlint.flow.iterators.changes import name_of
from optlint.flow.python import classes, objects
from optlint.flow.pytorch import torch_layers
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Path

FORWARD = "forward"
FRESH = frozenset("zeros ones randn rand empty full normal Tensor FloatTensor zeros_like ones_like randn_like".split())
PARAMETER = "`nn.Parameter`"
CACHES = frozenset({"cache", "lru_cache", "cached_property"})


def may_build(machine: Machine, cls: ClassValue) -> bool:
    """Whether `forward` of a class of modules, or what it calls, makes something that looks like a layer."""
    if classes.is_module(cls) is not True:
        return False
    nodes = [base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue)]
    words = {word for node in growth.in_forward(machine, nodes) for word in machine.mentions(node)}
    for function in machine.functions:
        if isinstance(function.node, ir.Function) and function.node.name in words:
            words |= machine.mentions(function.node)
    return any(_is_layer(machine, word) for word in words) or any(_helpers_make(machine, words))


def _helpers_make(machine: Machine, words: Set[str]) -> Iterator[bool]:
    """Of each function of another file with one of these names, whether it makes something that looks like a layer."""
    imports = (node for node in machine.block if isinstance(node, ir.ImportFrom) and node.name in words)
    for node in imports:
        module = objects.absolute(machine.frame.unit.name, node.module, node.level)
        found = machine.imported(f"{module}.{node.path}")
        if isinstance(found, Closure):
            yield any(_is_layer(machine, word) for word in machine.mentions(found.node))


def _is_layer(machine: Machine, word: str) -> bool:
    known = f"torch.nn.{word}" in torch_layers.TRAINED | torch_layers.LAYERS.keys() or word in (
        "Parameter",
        "Sequential",
    )
    return known or any(cls.node.name == word and classes.is_module(cls) for cls in machine.classes)


def called(machine: Machine, node: ir.Call, function: Value, value: Value, before: int, state: State) -> None:
    """A call gave this value: if it is a new layer, and `forward` runs, it is judged when that is over.

    What was there `before`, by its address, is not new.
    """
    cell, inside = state.cell(value), machine.frame.node
    if not isinstance(cell, InstanceCell | TensorCell) or cell.made is None or not isinstance(value, Ref):
        return
    direct = cell.made.origin is node.origin
    helper = machine.trace.entered.get((node, function.path)) if isinstance(function, External) else function
    if not direct and not _is_from_helper(helper, value, cell, before):
        return
    tensor, taken = isinstance(cell, TensorCell), _taken(node, cell)
    if taken is None or state.no_grad is True or not isinstance(inside, ir.Function):
        return
    model = _in_forward(machine.frame, state)
    if model is None or (node.origin, "late") in machine.flagged or _is_drawn_anew(node, machine.bodies(inside)):
        return
    if not direct and tensor_uses.is_held(value, state):
        return
    owner, known = model[0], held.registered(model[1], state)
    always = _is_straight(state.path) and inside.name == FORWARD and _is_always_run(node, machine.bodies(inside))
    made = machine.site(node)

    def judge(last: State) -> None:
        now = last.cell(value)
        trained = now.requires_grad if isinstance(now, TensorCell) else held.trains(value, last, apart=known)
        fate = fates.fate_of_value(node.origin, inside, machine.bodies, tensor=tensor) if trained else None
        if fate is None or fate.handled or (node.origin, "late") in machine.flagged:
            return
        if taken:
            lost = always and bool(fate.kept) and all(_is_taken(machine, owner, name, taken) for name in fate.kept)
        else:
            lost = _computes(machine, fate, owner, always, tensor)
        if lost:
            machine.flagged.add((node.origin, "late"))
            machine.emit(events.LayerBuiltLate(made, name_of(node.func), _is_random(value, last), bool(taken)))

    machine.when_settled(judge)


def _taken(node: ir.Call, cell: InstanceCell | TensorCell) -> frozenset[str] | None:
    """The attributes that a new Parameter is computed from, nothing for one made of fresh data, or for a module.

    None for what is neither.
    """
    if isinstance(cell, InstanceCell):
        return frozenset() if cell.is_module else None
    taken = _taken_from(node) if cell.how == PARAMETER else frozenset[str]()
    return taken if taken or (cell.how == PARAMETER and _is_fresh(node)) else None


def _is_from_helper(function: Value | None, value: Ref, cell: InstanceCell | TensorCell, before: int) -> bool:
    """Whether a function of the project made a layer of torch just now."""
    made = isinstance(cell, InstanceCell) and isinstance(cell.cls, External) and value.id > before
    return made and isinstance(function, Closure)


def _is_fresh(node: ir.Call) -> bool:
    """Whether the data of a Parameter is made right there."""
    data = node.args[0].value if node.args else None
    while isinstance(data, ir.Call) and name_of(data.func) not in FRESH and isinstance(data.func, ir.Attribute):
        data = data.func.value
    return isinstance(data, ir.Call) and name_of(data.func) in FRESH


def _taken_from(node: ir.Call) -> frozenset[str]:
    """The attributes of `self` that the data of a Parameter is computed from, perhaps the Parameter before it."""
    data = node.args[0].value if node.args else None
    parts = ir.walk(data) if isinstance(data, ir.Call | ir.Binary) and not _is_fresh(node) else ()
    return frozenset(
        part.attr
        for part in parts
        if isinstance(part, ir.Attribute) and isinstance(part.value, ir.Name) and part.value.id == "self"
    )


def _in_forward(frame: Frame | None, state: State) -> tuple[ClassValue, Ref] | None:
    """The module whose `forward` is running, and its class; None inside what is made once, or makes an object."""
    while frame is not None:
        name = getattr(frame.node, "name", "")
        bound = frame.bound if isinstance(frame.bound, Ref) else None
        cell = state.get(bound, InstanceCell) if bound is not None else None
        if name == "__init__" or _is_cached(frame.node):
            return None
        if name == FORWARD and cell is not None and bound is not None:
            return (cell.cls, bound) if isinstance(cell.cls, ClassValue) and cell.is_module else None
        frame = frame.caller
    return None


def _is_cached(node: ir.Node | None) -> bool:
    """Whether a function is run once, and what it gave is kept."""
    decorators = node.decorators if isinstance(node, ir.Function) else ()
    return any(name_of(one.func if isinstance(one, ir.Call) else one) in CACHES for one in decorators)


def _is_always_run(node: ir.Call, body: ir.Block) -> bool:
    """Whether a function runs a call each time: it stands in no branch, and no branch ends the function before."""
    for statement in body:
        inside = list(ir.walk(statement))
        if _is_inside(node, statement):
            plain = isinstance(statement, ir.Assign | ir.Evaluate | ir.Return)
            return plain or (isinstance(statement, ir.Try | ir.With) and _is_always_run(node, statement.body))
        if any(isinstance(part, ir.Return) for part in inside):
            return False
    return False


def _is_drawn_anew(node: ir.Call, body: ir.Block) -> bool:
    """Whether a loop draws the weights of the one layer again in each round: they are random on purpose."""
    parts = [part for statement in body for part in ir.walk(statement)]
    made = [part for part in parts if isinstance(part, ir.Assign) and _is_inside(node, part)]
    names = {target.id for part in made for target in part.targets if isinstance(target, ir.Name)}
    loops = [part for part in parts if isinstance(part, ir.For | ir.While) and not _is_inside(node, part)]
    return any(_sets_weights(part, names) for loop in loops for part in ir.walk(loop))


def _is_inside(node: ir.Call, other: ir.Node) -> bool:
    return any(part.origin is node.origin for part in ir.walk(other))


def _sets_weights(node: ir.Node, names: Set[str]) -> bool:
    """`init(conv.weight)`, `conv.weight.normal_()` and such as a statement."""
    parts = ir.walk(node) if isinstance(node, ir.Evaluate) and isinstance(node.value, ir.Call) else ()
    return any(
        isinstance(part, ir.Attribute)
        and part.attr in contents.WEIGHTS
        and isinstance(part.value, ir.Name)
        and part.value.id in names
        for part in parts
    )


def _computes(machine: Machine, fate: contents.Fate, owner: ClassValue, always: bool, tensor: bool) -> bool:
    """Whether the new layer is run; one that is kept, only if it is made anew each time and all code just runs it."""
    if not fate.kept:
        return bool(fate.used)
    return always and all(_is_made_anew(machine, owner, name, tensor) for name in fate.kept)


def _is_made_anew(machine: Machine, owner: ClassValue, name: str, tensor: bool) -> bool:
    fate = _fate_of(machine, owner, name, tensor)
    return _is_set_once(fate) and bool(fate.used) and not fate.handled


def _is_taken(machine: Machine, owner: ClassValue, name: str, taken: frozenset[str]) -> bool:
    """Whether a Parameter takes the place of the one that it was computed from, which an optimizer may have."""
    return name in taken and _is_set_once(_fate_of(machine, owner, name, tensor=True))


def _fate_of(machine: Machine, owner: ClassValue, name: str, tensor: bool) -> contents.Fate:
    question = contents.Question(name, held.family(machine, owner), tensor)
    return fates.fate_of(question, machine.block, machine.bodies, machine.mentions)


def _is_set_once(fate: contents.Fate) -> bool:
    """Whether one line alone sets an attribute, but for `__init__`."""
    later = [store for store in fate.stores if store.function is None or store.function.name != "__init__"]
    return len(later) == 1


def _is_straight(path: Path) -> bool:
    """Whether no branch leads to a line but the body of a `try`."""
    return all(isinstance(part, tuple) and part[1] == "body" for part in path)


def _is_random(part: Ref, state: State) -> bool:
    """Whether a layer starts from random weights: a norm starts from ones and zeros, a PReLU from a constant."""
    return any("Norm" not in path and "PReLU" not in path for path in _layers(part, state))


def _layers(part: Ref, state: State, depth: int = 0) -> Iterator[str]:
    """The classes of the layers in a module that have parameters."""
    cell = state.get(part, InstanceCell)
    if cell is None or depth > held.DEEPEST or any(state.get(value, TensorCell) for _, value in cell.attrs):
        yield ""
    elif isinstance(cell.cls, External) and not cell.children and not cell.among:
        yield from [cell.cls.path] if held.trains(part, state) else []
    else:
        for value in (*(value for _, value in (*cell.attrs, *(cell.children or ()))), *cell.among):
            if isinstance(value, Ref) and state.get(value, InstanceCell) is not None:
                yield from _layers(value, state, depth + 1)
