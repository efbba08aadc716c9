"""What decorators make of functions: properties, the function itself, or something that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import UNKNOWN, Closure, Descriptor, External, Value
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir, relevance

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

KINDS = {
    "builtins.property": "property",
    "functools.cached_property": "cached",
    "builtins.staticmethod": "static",
    "builtins.classmethod": "class",
}
# What a wrapper that only looks at calls has nothing to do with.
SWITCHES = frozenset("no_grad enable_grad set_grad_enabled inference_mode step zero_grad eval train".split())


def decorated(machine: Machine, decorator: ir.Expression, value: Value, state: State) -> Value:
    """What a decorator makes of a function; of a method, "hidden" keeps what is run where nobody calls it."""
    found = machine.evaluate(decorator, state)
    cell = state.get(found, InstanceCell)
    if cell is not None and isinstance(cell.cls, External) and cell.cls.path in torch_api.NO_GRAD:
        return Descriptor("no_grad", value)
    if isinstance(found, Descriptor) and isinstance(decorator, ir.Attribute):
        return found  # `@name.setter`
    path = found.path if isinstance(found, External) else ""
    if path in torch_api.NO_GRAD:
        return Descriptor("no_grad", value)
    if path in KINDS:
        hidden = isinstance(value, Descriptor) and value.kind == "hidden"
        return value if hidden else Descriptor(KINDS[path], value)
    if path in torch_api.KEEPS_FUNCTION or registered(machine, decorator, found, value, state):
        return value
    if _calls_through(machine, decorator, found, state):
        return value
    in_class = machine.frame.owner is not None and machine.frame.owner.scope == machine.frame.scopes[0]
    return Descriptor("hidden", value) if in_class and isinstance(value, Closure) else UNKNOWN


def registered(machine: Machine, decorator: ir.Expression, found: Value, value: Value, state: State) -> bool:
    """Whether a decorator of the project gives back what it was given, and may keep it: `TABLE[name] = function`."""
    if isinstance(found, External):
        found = machine.imported(found.path, given=True) or found
    if not isinstance(found, Closure) or not isinstance(found.node, ir.Function):
        return False
    body = machine.bodies(found.node)
    given = found.node.parameters[-1].name if found.node.parameters else ""
    last = body[-1] if body else None
    if not (isinstance(last, ir.Return) and isinstance(last.value, ir.Name) and last.value.id == given):
        return False
    if any(isinstance(part, ir.Function | ir.Lambda) for part in ir.walk_all(body, machine.bodies)):
        return False
    site = machine.site(decorator)
    call = ir.Call(decorator.origin, decorator, ())
    return machine.call(found, Arguments((value,), {}, (site,), {}), call, state) == value


def _calls_through(machine: Machine, decorator: ir.Expression, found: Value, state: State) -> bool:
    """Whether a decorator of the project wraps the function in another one that calls it and trains nothing."""
    if isinstance(decorator, ir.Call):
        found = machine.evaluate(decorator.func, state)
    if isinstance(found, External):
        found = machine.imported(found.path, given=True) or found
    if not isinstance(found, Closure) or not isinstance(found.node, ir.Function):
        return False
    words = machine.mentions(found.node)
    if relevance.concerns_training(words) or not SWITCHES.isdisjoint(words):
        return False
    parts = list(ir.walk_all((found.node,), machine.bodies))
    functions = [part for part in parts if isinstance(part, ir.Function)]
    given = {parameter.name for function in functions for parameter in function.parameters if not parameter.star}
    called = (part.func for part in parts if isinstance(part, ir.Call))
    return any(isinstance(function, ir.Name) and function.id in given for function in called)
