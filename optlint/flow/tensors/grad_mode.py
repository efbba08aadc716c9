"""Whether autograd records what the program does: `no_grad`, `enable_grad`, and code that may use them.

`State.no_grad` tells whether gradients are off; `State.recording` how sure it is that they are on: True if the program
shows it, None if the caller is not known, False inside a context or decorator that might switch them off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell
from optlint.flow.core.values import NONE, ClassValue, Closure, Const, External, Value
from optlint.flow.pytorch import torch_api

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.reading import ir

SWITCHES = torch_api.NO_GRAD | torch_api.ENABLE_GRAD | {"torch.set_grad_enabled"}
WORDS = frozenset("no_grad inference_mode set_grad_enabled enable_grad".split())


def switch(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`torch.no_grad()`, a context or decorator; `torch.set_grad_enabled(…)` switches at once, too."""
    mode = arguments.pick(0, "mode") or Const(True)
    off = not mode.value if isinstance(mode, Const) else None
    if path in torch_api.NO_GRAD:
        off = None if off is None else not off
    elif path in torch_api.ENABLE_GRAD:
        off = False
    elif node in machine.effects:
        state.no_grad, state.recording = off, off is False
    attrs = (("off", Const(off)),)
    return machine.new(state, InstanceCell(External(path), machine.site(node), attrs, is_module=False))


def _off(value: Value, state: State) -> Value | None:
    """What a context or decorator of torch makes of gradients."""
    cell = state.get(value, InstanceCell)
    if cell is not None and isinstance(cell.cls, External) and cell.cls.path in SWITCHES:
        return cell.get("off")
    return Const(True) if isinstance(value, External) and value.path in torch_api.NO_GRAD else None


def enter(machine: Machine, node: ir.Expression, value: Value, state: State) -> bool:
    """`with value:`; true if it switches gradients off."""
    off = _off(value, state)
    if isinstance(off, Const):
        state.no_grad, state.recording = off.value, off.value is False  # type: ignore[assignment]
        return off.value is True
    if not _is_harmless(_path_of(machine, node, value, state)):
        state.recording = False
    return False


def _path_of(machine: Machine, node: ir.Expression, value: Value, state: State) -> str:
    """The dotted path of what makes a context."""
    func = getattr(node, "func", None)
    made_by = machine.evaluate(func, state) if func is not None else value
    return made_by.path if isinstance(made_by, External) else ""


def _is_harmless(path: str) -> bool:
    return path.startswith(torch_api.KEEPS_GRAD_MODE)


def of_function(machine: Machine, node: ir.Function, state: State) -> None:
    """Note what the decorators of a function make of gradients, for when it is run by itself."""
    for decorator in node.decorators:
        found = machine.evaluate(decorator, state)
        off = _off(found, state)
        if isinstance(off, Const):
            machine.modes[node] = (off.value, off.value is False)  # type: ignore[assignment]
            return
        if isinstance(found, Closure | ClassValue):
            hidden = not WORDS.isdisjoint(machine.mentions(found.node))
            machine.modes[node] = (None if hidden else False, False)
        elif not _is_harmless(_path_of(machine, decorator, found, state)):
            machine.modes[node] = (False, False)


def of_caller(machine: Machine, node: ir.Node, state: State) -> None:
    """Start a function whose callers are not known; nobody builds objects with gradients off."""
    state.recording = True if getattr(node, "name", "") == "__init__" else None
    if node in machine.modes:
        state.no_grad, state.recording = machine.modes[node]


def goes_backward(state: State) -> Value:
    """`loss.backward()` shows that the computation before it was recorded."""
    if state.no_grad is False:
        state.recording = True
    return NONE
