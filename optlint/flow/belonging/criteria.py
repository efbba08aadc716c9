"""Losses with parameters of their own, computed from what a model gives, that no optimizer was given.

Nobody can say of a part of a model that is left out whether that is meant. A module apart from it, without layers, that
turns the model's answer into the loss has its parameters to be trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import answers, held
from optlint.flow.core.acts import STEP
from optlint.flow.core.cells import InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import ClassValue, Ref, Union, Value, options_of
from optlint.flow.groups import modules
from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.state import State

TOLD = "criterion"
DEEPEST = 3  # losses in losses
# What is asked of a loss by who neither trains it by hand nor loads it.
MOVES = frozenset("to cuda cpu train float double half forward training".split())
# What gives a copy or a number of a parameter that changes nothing in it.
LOOKS = frozenset("detach clone item tolist shape size numel dtype device norm mean sum abs".split())
COMPARES = frozenset({"print", "equal", "allclose", "isclose"})
# Words of a class that deals with its parameters itself, or gets them from elsewhere.
OWN_WAYS = frozenset(
    "data grad no_grad detach eval requires_grad requires_grad_ load load_state_dict optimizer optim backward".split()
)
# Words of a class whose parameters begin at random: they are there to be trained, not to hold something that is known.
DRAWN = frozenset(
    "randn rand normal_ uniform_ trunc_normal_ xavier_normal_ xavier_uniform_ xavier_normal xavier_uniform "
    "kaiming_normal_ kaiming_uniform_ orthogonal_".split()
)


def called(machine: Machine, node: ir.Call, function: Value, state: State) -> None:
    """A call was run: perhaps of a module that gives the loss, or of one of several that may."""
    known = [one for one in options_of(function) if isinstance(one, Ref)]
    machine.owned.called.update(known)
    machine.owned.perhaps_run.update(known if isinstance(function, Union) else ())
    if state.no_grad is True:
        return
    for module in options_of(function):
        cell = state.get(module, InstanceCell)
        if isinstance(module, Ref) and cell is not None:
            _note(machine, node, module)
            if machine.owned.gifts:
                _answered(machine, node, module, cell)


def _note(machine: Machine, node: ir.Call, module: Ref) -> None:
    """A module ran: note where, and what functions were running then."""
    machine.owned.answers[node.origin] = module
    machine.owned.files[node.origin] = machine.frame.unit.file
    frame: Frame | None = machine.frame
    while frame is not None:
        machine.owned.callers.setdefault(module, set()).add(frame.node)
        frame = frame.caller


def _answered(machine: Machine, node: ir.Call, module: Ref, cell: InstanceCell) -> None:
    """A module was called: it is judged if `backward` is called on its answer, and it may be a loss."""
    if not node.args or not isinstance(cell.cls, ClassValue) or ((node.origin, module), TOLD) in machine.flagged:
        return
    if not held.is_plain_module(cell.cls) or not OWN_WAYS.isdisjoint(machine.mentions(cell.cls.node)):
        return
    block = machine.bodies(machine.frame.node) if isinstance(machine.frame.node, ir.Function) else machine.block
    parts = [*ir.walk_all(block, machine.bodies)]
    drawn = not DRAWN.isdisjoint(machine.mentions(cell.cls.node))
    if not answers.goes_backward(node, parts, by_calls=drawn):
        return
    machine.flagged.add(((node.origin, module), TOLD))
    models, used = frozenset(_models(machine, node, parts)), machine.site(node.func)
    machine.when_settled(lambda last: _judge(machine, node, module, models, used, last))


def _models(machine: Machine, call: ir.Call, parts: list[ir.Node]) -> Iterator[Ref]:
    """The modules whose answers a call is given, right there or by names, or what was computed from them."""
    given = [inner for argument in call.args for inner in ir.walk(argument.value)]
    named = {one.id for one in given if isinstance(one, ir.Name)}
    values = (
        part.value
        for part in parts
        if isinstance(part, ir.Assign) and named.intersection(answers.names_in(part.targets))
    )
    computed = (inner for value in values if value is not None for inner in ir.walk(value))
    for one in (*given, *computed):
        model = machine.owned.answers.get(one.origin) if isinstance(one, ir.Call) else None
        if model is not None:
            yield model


def _judge(machine: Machine, call: ir.Call, loss: Ref, models: frozenset[Ref], used: events.Site, state: State) -> None:
    """Tell if an optimizer has the model and steps, and surely none has the loss that is `used` here."""
    name, cell = _trainable(machine, loss, state), state.get(loss, InstanceCell)
    if name is None or cell is None or any((loss, mark) in state.marks for mark in (modules.LISTED, "switched")):
        return
    optimizer = _stepping(machine, models, state)
    if optimizer is None or any(value == loss for module in _modules(state) for value in _parts(module)):
        return
    event = events.CriterionLeftOut(optimizer.made, optimizer.name, f"{used.text}.{name}", used)

    def verdict() -> None:
        given = any(gift.parts is None or loss in gift.parts for gift in machine.owned.gifts)
        if not given and not is_handled(machine, loss, cell.cls) and not is_handled_elsewhere(machine, call.func):
            machine.emit(event)

    machine.when_over(verdict)


def _stepping(machine: Machine, models: frozenset[Ref], state: State) -> OptimizerCell | None:
    """An optimizer that has one of these models, and steps."""
    subjects = [act.subject for act in machine.trace.acts if act.kind == STEP and act.subject is not None]
    stepped = frozenset(ref for subject in subjects for ref in subject.refs)
    holding = [gift.optimizer for gift in machine.owned.gifts if gift.parts is not None and gift.parts & models]
    cells = (state.get(optimizer, OptimizerCell) for optimizer in holding if optimizer in stepped)
    return next((cell for cell in cells if cell is not None), None)


def _trainable(machine: Machine, loss: Ref, state: State) -> str | None:
    """The name of a parameter that a module without layers has to be trained."""
    cell = state.get(loss, InstanceCell)
    if cell is None or cell.parent is not None:
        return None
    found = [*_to_be_trained(machine, loss, state, 0)]
    return None if None in found else next(iter(found), None)


def _to_be_trained(machine: Machine, part: Ref, state: State, depth: int) -> Iterator[str | None]:
    """The names of the parameters to train in a module and its parts; None for a layer, or what is not known."""
    cell = state.get(part, InstanceCell)
    children = modules.children_of(part, state, _numbers(machine, cell.cls)) if cell is not None else None
    if cell is None or cell.frozen or children is None or depth > DEEPEST:
        yield None
        return
    tensors = ((name, state.get(value, TensorCell)) for name, value in cell.attrs)
    yield from (name for name, one in tensors if one is not None and one.parameter and one.requires_grad)
    for name, value in cell.attrs:
        if isinstance(value, Ref) and value in children and modules.has_parameters(value, state) is not False:
            yield from (inner and f"{name}.{inner}" for inner in _to_be_trained(machine, value, state, depth + 1))


def _numbers(machine: Machine, cls: Value) -> frozenset[str]:
    """The attributes that a class only ever gives numbers: `self.cos = math.cos(m)`, `self.scale = 2 * s`."""
    numbers: set[str] = set()
    others: set[str] = set()
    for part in ir.walk_all(cls.node.body, machine.bodies) if isinstance(cls, ClassValue) else ():
        if isinstance(part, ir.Assign):
            names = {target.attr for target in part.targets if isinstance(target, ir.Attribute)}
            (numbers if _is_number(part.value) else others).update(names)
    return frozenset(numbers - others)


def _is_number(value: ir.Expression | None) -> bool:
    if isinstance(value, ir.Binary):
        return _is_number(value.left) or _is_number(value.right)
    if isinstance(value, ir.Unary):
        return _is_number(value.operand)
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute):
        return isinstance(value.func.value, ir.Name) and value.func.value.id == "math"
    return isinstance(value, ir.Literal) and isinstance(value.value, int | float)


def _modules(state: State) -> Iterator[InstanceCell]:
    """The modules of a program."""
    cells = (state.cell(Ref(address)) for address in list(state.heap))
    yield from (cell for cell in cells if isinstance(cell, InstanceCell) and cell.is_module)


def _parts(module: InstanceCell) -> Iterator[Value]:
    yield from (value for _, value in (*module.attrs, *(module.children or ())))


def is_handled_elsewhere(machine: Machine, loss: ir.Expression) -> bool:
    """Whether a file that may meet a loss speaks of it, and gives parameters to somebody."""
    if isinstance(loss, ir.Attribute):
        name = rf"\.{loss.attr}\b"
    else:
        name = rf"\b{loss.id}\b" if isinstance(loss, ir.Name) else r"\b"
    return machine.says_elsewhere(rf"(?s)\A(?=.*{name}).*\b(?:parameters|add_param_group)\b")


def is_handled(machine: Machine, loss: Ref, cls: Value, others: Iterable[ir.Function] = ()) -> bool:
    """Whether code outside its class asks a loss for more than its value: it may train it by hand, or load it.

    That is the code of this file, and of these functions of others.
    """
    own = ir.walk_all(cls.node.body, machine.bodies) if isinstance(cls, ClassValue) else ()
    inside = frozenset(node.origin for node in own)
    blocks = (machine.block, *map(machine.bodies, others))
    nodes = [node for block in blocks for node in ir.walk_all(block, machine.bodies)]
    harmless = inside.union(*map(_looked_at, nodes))
    asked = (node for node in nodes if isinstance(node, ir.Attribute) and node.attr not in MOVES)
    values = (machine.values.get(node.value.origin) for node in asked if node.origin not in harmless)
    return any(value is not None and loss in options_of(value) for value in values)


def _looked_at(node: ir.Node) -> Iterator[ir.Origin]:
    """The attributes, and those that lead to them, that a node only looks at: `a.b` and `a` of `print(a.b)`."""
    pending: list[ir.Expression] = []
    if isinstance(node, ir.Attribute) and node.attr in LOOKS:
        pending = [node.value]
    elif isinstance(node, ir.Call) and name_of(node.func) in COMPARES:
        pending = [argument.value for argument in node.args]
    while pending:
        one = pending.pop()
        if isinstance(one, ir.Attribute):
            yield one.origin
            pending.append(one.value)
