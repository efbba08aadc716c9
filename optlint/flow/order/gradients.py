"""Which calls clear, compute, clip or use gradients, and of whom; told to the trace as they happen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optlint.flow.core.acts import BACKWARD, BUILT, CLEAR, GIVEN, LOOK, RESET, STEP, TOUCH, UNSCALE, UPDATE, Act, start
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SchedulerCell, TensorCell
from optlint.flow.core.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    Closure,
    Const,
    External,
    Method,
    Partial,
    Ref,
    Union,
    Value,
    options_of,
)
from optlint.flow.frozen import replace
from optlint.flow.order import clips, lightning, lightning_steps, steps, subjects, trace, unknown_code, unreached
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

BACKWARDS = frozenset({"torch.autograd.backward"})
HOOKS = re.compile(r"on_|optimizer_|configure_grad|backward$")  # methods that Lightning calls around each step
TRACED = frozenset({"backward", "manual_backward", "optim"})
TRAINING = frozenset({"zero_grad", "backward", "step"})
RESETS = frozenset("load_state_dict reset_parameters apply copy_ init_weights reset_weights reset".split())
ONLY_READ = frozenset(
    "norm abs mean sum max min item pow sqrt square clone detach cpu numpy tolist std var any all isnan isinf isfinite "
    "float double half flatten view reshape size dim numel nelement to".split()
)


def are_computed_in(block: ir.Block, machine: Machine) -> bool:
    """Whether there is anything to trace in a file."""
    return any(not TRACED.isdisjoint(machine.mentions(statement)) for statement in block)


def begins(machine: Machine, closure: Closure, state: State) -> Act | None:
    """A function begins that is run by itself; Lightning calls a `training_step` for each batch, so that is a loop."""
    state.trace = start()
    lightning.configure(machine, closure, state)
    node, bases = closure.node, tuple(classes.ancestry(closure.owner)) if closure.owner is not None else ()
    if getattr(node, "name", "") != "training_step" or lightning_steps.BASE not in bases:
        return None
    own = [part for base in bases if isinstance(base, ClassValue) for part in base.node.body]
    hooks = [part for part in own if isinstance(part, ir.Function) and HOOKS.match(part.name)]
    if any("zero_grad" in machine.mentions(hook) for hook in hooks):
        return None
    return trace.loop_begins(machine, node, state)


def returned(machine: Machine, value: Value, state: State) -> None:
    """A function returns a value; the callers of one that is run by itself are not known."""
    if machine.frame is machine.trace.root and any(
        isinstance(state.cell(ref), OptimizerCell) for ref in subjects.reach(_refs(value), state)
    ):
        trace.note(machine, Act(GIVEN), state)


def _refs(value: Value) -> list[Ref]:
    return [option for option in options_of(value) if isinstance(option, Ref)]


def called(machine: Machine, node: ir.Call, function: Value, arguments: Arguments, value: Value, state: State) -> Value:
    """A call has been run; what comes back is its value."""
    if not machine.trace.wanted:
        return value
    if isinstance(function, Union):
        for option in _different(function):
            called(machine, node, option, arguments, value, state)
        return value
    if isinstance(function, Partial):
        return called(machine, node, function.function, arguments, value, state)
    if isinstance(function, Method):
        return _method(machine, node, function, arguments, value, state)
    if isinstance(function, External):
        path = torch_api.canonical(function.path)
        own = machine.trace.entered.get((node, path))
        if own is not None:
            return called(machine, node, own, arguments, value, state)
        _function(machine, node, path, arguments, value, state)
    elif isinstance(function, Closure):
        if _is_open(machine, function):
            unknown_code.overridden(machine, node, state)
    elif function is UNKNOWN or isinstance(function, Ref):
        if forward_that_trains(machine, function, state) is not None:
            return value  # it was run as what it is, a method
        if _may_train_in_forward(machine, function, state):
            unknown_code.anything(machine, node, state)
        unknown_code.ran(machine, node, function, arguments, state)
    return value


def forward_that_trains(machine: Machine, function: Value, state: State) -> Closure | None:
    """The `forward` of a module of the project that clears or computes gradients itself, as those that adapt do."""
    cell, forward = state.get(function, InstanceCell), _forward_of(function, state)
    if cell is None or not cell.is_module or forward is None:
        return None
    return None if {"zero_grad", "backward"}.isdisjoint(machine.mentions(forward.node)) else forward


def _may_train_in_forward(machine: Machine, function: Value, state: State) -> bool:
    """Whether an object of the project may clear, compute or use gradients when it is called."""
    forward = _forward_of(function, state)
    return forward is not None and not TRAINING.isdisjoint(machine.mentions(forward.node))


def _forward_of(function: Value, state: State) -> Closure | None:
    cell = state.get(function, InstanceCell)
    found = classes.find(cell.cls, "forward", state) if cell is not None else None
    forward = found[0] if found is not None else None
    return replace(forward, bound=function) if isinstance(forward, Closure) else None


def _different(functions: Union) -> tuple[Value, ...]:
    """What one of several functions may be; methods of one name do the same, whatever they are called on."""
    methods = [option for option in functions.options if isinstance(option, Method)]
    same = len(methods) == len(functions.options) and len({method.name for method in methods}) == 1
    return (methods[0],) if same else functions.options


def _is_open(machine: Machine, function: Closure) -> bool:
    """Whether a method does nothing itself, and so is there for subclasses to do something.

    What the program made has no other class than the one that it was made of.
    """
    if function.bound is None or not isinstance(function.node, ir.Function):
        return False
    if any(function.bound == made for _, made in machine.instances):
        return False
    return all(
        isinstance(part, ir.Raise)
        or (isinstance(part, ir.Evaluate) and isinstance(part.value, ir.Literal))
        or (isinstance(part, ir.Return) and part.value is None)
        for part in machine.bodies(function.node)
    )


def _function(machine: Machine, node: ir.Call, path: str, arguments: Arguments, value: Value, state: State) -> None:
    if path in clips.FUNCTIONS and node.args:
        clips.of_parameters(machine, node, arguments, state)
    elif path in BACKWARDS:
        trace.note(machine, Act(BACKWARD, machine.site(node), node=node), state)
    elif path == "builtins.setattr" and arguments.pick(1, "name") == Const("grad"):
        trace.note(machine, Act(TOUCH, machine.site(node)), state)
    else:
        options = options_of(value)
        made = next((one for one in options if _is_made_by(path if options[1:] else "", one, node, state)), None)
        if made is not None:
            built(machine, node, made, state)
        else:
            unknown_code.ran(machine, node, External(path), arguments, state)


def _is_made_by(path: str, value: Value, node: ir.Call, state: State) -> bool:
    """Whether a call made an optimizer; of this class, if it is one of several."""
    cell = state.get(value, OptimizerCell)
    return cell is not None and cell.made.origin is node.origin and path in ("", cell.cls)


def built(machine: Machine, node: ir.Call, value: Value, state: State) -> None:
    """An optimizer was built."""
    subject = subjects.subject_of(machine, node, value, state)
    trace.note(machine, Act(BUILT, machine.site(node), subject, node=node), state)


def _method(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, value: Value, state: State) -> Value:
    """A method that the project does not define."""
    name = method.name
    act = _ACTS.get(name)
    if name in clips.METHODS and node.args and clips.by_method(machine, node, method, arguments, state):
        return value
    if act is None:
        if name == "scale" and len(arguments.values) == 1 and value is UNKNOWN:
            return _scaled(machine, node, method, state)
        if name in RESETS:
            trace.note(machine, Act(RESET, machine.site(node), _reset(machine, method, state)), state)
        unknown_code.ran(machine, node, method, arguments, state)
    elif isinstance(method.node, ir.Attribute):
        act(machine, node, method, arguments, state)
    return value


def _reset(machine: Machine, method: Method, state: State) -> Subject | None:
    """What gets other values: of one parameter, its data or an item of a state dict, what is known is whose it is."""
    if not isinstance(method.node, ir.Attribute):
        return None
    node = method.node.value
    while isinstance(node, ir.Subscript) or (isinstance(node, ir.Attribute) and node.attr == "data"):
        node = node.value
    if isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr == "state_dict":
        node = node.func.value
    value = machine.values.get(node.origin, UNKNOWN)
    cell = state.get(value, TensorCell)
    if cell is not None and cell.owner is not None:
        return subjects.of_owner(machine, node, cell.owner, state)
    return subjects.subject_of(machine, node, value, state)


def _receiver(machine: Machine, method: Method, state: State) -> Subject:
    assert isinstance(method.node, ir.Attribute)
    node = method.node.value
    value = method.receiver if isinstance(method.receiver, Ref) else machine.values.get(node.origin, UNKNOWN)
    return subjects.subject_of(machine, node, value, state)


def _is_scaler(machine: Machine, method: Method, state: State) -> bool:
    cell = state.get(method.receiver, InstanceCell)
    if cell is not None and isinstance(cell.cls, External):
        return torch_api.is_scaler(cell.cls.path)
    owner = subjects.name_of(method.node.value) if isinstance(method.node, ir.Attribute) else ""
    return "scaler" in owner.lower() and cell is None


def _scaled(machine: Machine, node: ir.Call, method: Method, state: State) -> Value:
    """`scaler.scale(loss)`."""
    if not _is_scaler(machine, method, state):
        return UNKNOWN
    if _is_switched_off(method, state):
        return UNKNOWN
    made = machine.new(state, InstanceCell(External("torch.amp.GradScaler.scale"), machine.site(node), is_module=False))
    machine.trace.scaled[made] = _receiver(machine, method, state)
    return made


def _is_switched_off(method: Method, state: State) -> bool:
    """Whether a scaler is there that does nothing: `GradScaler(enabled=False)`."""
    known = state.get(method.receiver, InstanceCell)
    return known is not None and known.get("enabled") == Const(False)


def _zero_grad(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    del arguments
    subject = _receiver(machine, method, state)
    trace.note(machine, Act(CLEAR, machine.site(node), subject, node=node), state)


def _backward(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    receiver = state.cell(method.receiver)
    scaler = machine.trace.scaled.get(method.receiver)
    own = isinstance(receiver, InstanceCell) and isinstance(receiver.cls, ClassValue)
    plain = _are_gradients(arguments, state) and not own and not isinstance(receiver, OptimizerCell)
    if plain or isinstance(receiver, TensorCell) or _only_goes_backward(method):
        loss = steps.loss_of(machine, method, arguments, state)
        act = Act(BACKWARD, machine.site(node), scaler=scaler, node=node, reaches=unreached.reached_by(loss, state))
        act.computed = unreached.computed_by(loss, state)
        act.cut = unreached.cut_off(loss, state)
        trace.note(machine, act, state)
    else:
        unknown_code.anything(machine, node, state)


def _are_gradients(arguments: Arguments, state: State) -> bool:
    """Whether all that `backward` is given are the gradients to begin with, which have no graph; a loss has one."""
    given = (state.get(value, TensorCell) for value in arguments.values)
    return all(cell is not None and cell.requires_grad is False and cell.cut is None for cell in given)


def _only_goes_backward(method: Method) -> bool:
    """`self.manual_backward(loss)`, `accelerator.backward(loss)`, `fabric.backward(loss)`."""
    owner = subjects.name_of(method.node.value) if isinstance(method.node, ir.Attribute) else ""
    return method.name == "manual_backward" or owner.lstrip("_") in ("accelerator", "fabric")


def _step(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    if isinstance(state.cell(method.receiver), SchedulerCell):
        return
    subject = _receiver(machine, method, state)
    if _is_scaler(machine, method, state) and node.args:
        target = subjects.subject_of(machine, node.args[0].value, _first(arguments), state)
        scaler = None if _is_switched_off(method, state) else subject
        act = Act(STEP, machine.site(node), target, scaler=scaler, node=node, reaches=unreached.had_by(target, state))
        trace.note(machine, act, state)
    elif subject.kind == "optimizer" or (subject.trusted and subject.kind == "unknown" and not node.args):
        seen = all(isinstance(value, Closure) for value in arguments.all())
        had = unreached.had_by(subject, state) if seen else None
        trace.note(machine, Act(STEP, machine.site(node), subject, node=node, reaches=had), state)
    elif not unknown_code.is_harmless_object(subject.name):
        unknown_code.anything(machine, node, state)


def _first(arguments: Arguments) -> Value:
    return next(iter(arguments.all()), UNKNOWN)


def _unscale(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    if not node.args:
        unknown_code.anything(machine, node, state)
        return
    target = subjects.subject_of(machine, node.args[0].value, _first(arguments), state)
    act = Act(UNSCALE, machine.site(node), target, scaler=_receiver(machine, method, state), node=node)
    trace.note(machine, act, state)


def _update(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> None:
    if _is_scaler(machine, method, state):
        act = Act(UPDATE, machine.site(node), scaler=_receiver(machine, method, state), node=node)
        trace.note(machine, act, state)
    else:
        unknown_code.ran(machine, node, method, arguments, state)


def assigned(machine: Machine, target: ir.Expression, source: ir.Expression, value: Value, state: State) -> None:
    """An optimizer of which no more is known gets a name: remember what made it."""
    if isinstance(source, ir.Call) and state.cell(value) is None and subjects.means_optimizer(subjects.name_of(target)):
        place = subjects.place_of(machine, target, state)
        if place is not None:
            machine.trace.sources[place] = source


def named(machine: Machine, node: ir.Expression, state: State) -> None:
    """`optimizer.step` as a statement: whoever wrote it meant a call, so nothing is told to be missing."""
    if isinstance(node, ir.Attribute) and node.attr in _ACTS:
        unknown_code.anything(machine, node, state)


def gradient_read(machine: Machine, node: ir.Attribute, state: State) -> None:
    """`p.grad` is evaluated."""
    kind = LOOK if node in machine.trace.only_read else TOUCH
    trace.note(machine, Act(kind, machine.site(node)), state)


def gradient_set(machine: Machine, target: ir.Attribute, receiver: Value, value: Value, state: State) -> None:
    """`p.grad = value`."""
    cell = state.get(receiver, TensorCell)
    site = machine.site(target)
    if value == NONE and cell is not None and cell.parameter and cell.owner is not None:
        subject = subjects.of_owner(machine, target.value, cell.owner, state)
        trace.note(machine, Act(CLEAR, site, subject), state)
    else:
        trace.note(machine, Act(TOUCH, site), state)


def about_to_call(machine: Machine, func: ir.Expression) -> None:
    """Note which gradients are only looked at: those of `p.grad.norm()`."""
    if not isinstance(func, ir.Attribute) or func.attr not in ONLY_READ:
        return
    node = func.value
    while True:
        if isinstance(node, ir.Attribute):
            if node.attr == "grad":
                machine.trace.only_read.add(node)
                return
            if node.attr != "data":
                return
            node = node.value
        elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr in ONLY_READ:
            node = node.func.value
        else:
            return


def about_to_compare(machine: Machine, node: ir.Comparison) -> None:
    """`p.grad is None` only looks."""
    if isinstance(node.left, ir.Attribute) and node.left.attr == "grad" and node.rest[0][0] in ("is", "is not"):
        machine.trace.only_read.add(node.left)


_ACTS = {
    "zero_grad": _zero_grad,
    "backward": _backward,
    "manual_backward": _backward,
    "step": _step,
    "unscale_": _unscale,
    "update": _update,
}
