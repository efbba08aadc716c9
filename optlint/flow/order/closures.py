"""Closures that LBFGS evaluates: whether there is one, and whether it computes gradients and gives the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.core.acts import BACKWARD, CLEAR
from optlint.flow.core.cells import InstanceCell, OptimizerCell, SequenceCell, TensorCell
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import ClassValue, Closure, External, Method, Partial, Value
from optlint.flow.events import Site
from optlint.flow.iterators import wrappers
from optlint.flow.order import losses
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Act
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

NEEDS_ONE = External("torch.optim.LBFGS")
HARMLESS_PACKAGES = frozenset({"torch", "numpy", "math", "builtins", "time", "logging"})
HARMLESS_METHODS = torch_tensors.COMPUTES | torch_tensors.CUTS | torch_tensors.NOT_TENSORS | torch_tensors.PERHAPS_SAME
ROUNDS = 2
FAULTY = "a faulty closure"  # note of a step, or of a closure: what is wrong was told


def evaluated(machine: Machine, optimizer: OptimizerCell, arguments: Arguments, site: Site, state: State) -> None:
    """`optimizer.step(closure)` runs the closure, some more than once."""
    closure = arguments.pick(0, "closure")
    strict = optimizer.kind == NEEDS_ONE and optimizer.cls == NEEDS_ONE.path and not arguments.open
    if closure is None or _is_loss(machine, closure, arguments, state):
        if strict and not _is_given_elsewhere(machine, site):
            machine.emit(events.ClosureFaulty(site, "missing"))
        return
    seen = _run(machine, closure, site, state)
    losses.optimizer_stepped(machine, state)
    function = closure.function if isinstance(closure, Partial) else closure
    if strict and seen is not None and isinstance(function, Closure):
        _judge(machine, function, seen, state)
        if seen.kinds == {BACKWARD} and not _evaluates_once(machine, optimizer):
            machine.flagged.add((site.origin, FAULTY))
            text = site.text.partition(".step(")[0]
            machine.emit(events.StepUncleared(site, text, None, cleared_inside=False, looped=False, closure=True))


def _run(machine: Machine, closure: Value, site: Site, state: State) -> _Evaluation | None:
    """Evaluate a closure as often as it matters; None if it has been run too often already, and is not run."""
    outer, machine.called_inside = machine.called_inside, []
    since, steps = len(machine.trace.acts), machine.steps
    for _ in range(ROUNDS):
        machine.call(closure, Arguments((), {}, (), {}), wrappers.no_call(site), state)
    made, machine.called_inside = machine.called_inside, outer
    kinds = {act.kind for act in machine.trace.acts[since:]}
    return _Evaluation(made, kinds, site) if machine.steps > steps else None


def is_told_of(machine: Machine, step: Act) -> bool:
    """Whether it was told what is wrong with the closure of a step."""
    return step.site is not None and (step.site.origin, FAULTY) in machine.flagged


def _evaluates_once(machine: Machine, optimizer: OptimizerCell) -> bool:
    """Whether an optimizer is told to evaluate its closure but once in a step."""
    built = machine.nodes.get(optimizer.made.origin)
    arguments = built.args if isinstance(built, ir.Call) else ()
    given = (argument for argument in arguments if argument.keyword == "max_iter")
    return any(not isinstance(one.value, ir.Literal) or one.value.value == 1 for one in given)


def _is_loss(machine: Machine, closure: Value, arguments: Arguments, state: State) -> bool:
    """Whether a step gets what a closure gives, and not the closure."""
    if state.get(closure, TensorCell) is not None:
        return True
    site = arguments.site(0, "closure")
    call = machine.nodes.get(site.origin) if site is not None else None
    called = machine.values.get(call.func.origin) if isinstance(call, ir.Call) else None
    node = called.node if isinstance(called, Closure) else None
    if not isinstance(node, ir.Function) or "backward" not in machine.mentions(node):
        return False
    return not any(
        isinstance(part, ir.Function | ir.Lambda) for part in ir.walk_all(machine.bodies(node), machine.bodies)
    )


def _is_given_elsewhere(machine: Machine, site: Site) -> bool:
    """Whether the same function also gives the same optimizer a closure: then it knows what optimizer it has."""
    node = machine.frame.node
    block = machine.bodies(node) if isinstance(node, ir.Function) else machine.block
    parts = [part for statement in block for part in ir.walk(statement)]
    given = [part for part in parts if isinstance(part, ir.Call) and part.args and part.origin is not site.origin]
    funcs = [part.func for part in given if isinstance(part.func, ir.Attribute)]
    return any(site.text.startswith(f"{machine.site(func).text}(") for func in funcs)


class _Evaluation(NamedTuple):
    """What a closure called when the step at `site` evaluated it, and which kinds of acts that were."""

    called: list[Value]
    kinds: set[str]
    site: Site


def _judge(machine: Machine, closure: Closure, seen: _Evaluation, state: State) -> None:
    node = closure.node
    inside = [node, *(function.node for function in seen.called if isinstance(function, Closure))]
    words = frozenset[str]().union(*(machine.mentions(one) for one in inside))
    fault = ""
    if seen.kinds <= {CLEAR} and not any("backward" in word for word in words):
        fault = "" if any(_may_do_anything(function, state) for function in seen.called) else "backward"
    if not fault and isinstance(node, ir.Function) and not _gives_something(machine.bodies(node)):
        fault = "return"
    if fault:
        machine.flagged.add((seen.site.origin, FAULTY))
    if fault and (node.origin, FAULTY) not in machine.flagged:
        machine.flagged.add((node.origin, FAULTY))
        machine.emit(events.ClosureFaulty(Site(machine.frame.unit.file, _head(node)), fault))


def _head(node: ir.Function | ir.Lambda) -> object:
    """The name of a function, where the parser keeps it as a node; else all of it."""
    name = getattr(node.origin, "name", None)
    return node.origin if name is None or isinstance(name, str) else name


def _may_do_anything(function: Value, state: State) -> bool:
    """Whether what is called may compute gradients without the file saying so."""
    if isinstance(function, External):
        return function.path.partition(".")[0] not in HARMLESS_PACKAGES
    if isinstance(function, Method):
        known = state.cell(function.receiver)
        of_known = isinstance(known, TensorCell | OptimizerCell | SequenceCell) or _is_module(function.receiver, state)
        return not of_known and function.name not in HARMLESS_METHODS
    return not isinstance(function, Closure | ClassValue) and not _is_module(function, state)


def _is_module(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and cell.is_module is True


def _gives_something(block: ir.Block) -> bool:
    """Whether some `return` of a function has a value, or it may end in another way."""
    parts = [part for statement in block for part in ir.walk(statement)]
    returned = [part.value for part in parts if isinstance(part, ir.Return) and part.value is not None]
    nothing = all(isinstance(value, ir.Literal) and value.value is None for value in returned)
    return not nothing or any(isinstance(part, ir.Raise | ir.Yield) for part in parts)
