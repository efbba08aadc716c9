"""Which calls clip gradients, and whose: functions of torch, methods of accelerate, of Fabric and of Lightning."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.acts import CLIP, Act
from optlint.flow.core.cells import OptimizerCell
from optlint.flow.core.values import UNKNOWN, Const, External, Method, Value
from optlint.flow.order import lightning, subjects, trace, unknown_code
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.acts import Subject
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

FUNCTIONS = frozenset({"torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_"})
METHODS = frozenset({"clip_grad_norm_", "clip_grad_value_", "clip_gradients"})
BOUND = re.compile(r"clip|max|norm|bound|limit|thresh")
BOUNDS = frozenset({"max_norm", "clip_val", "gradient_clip_val"})
TOLD = "clipped before Lightning goes backward"
LARGE = 1e5  # a bound that nothing reaches


def by_method(machine: Machine, node: ir.Call, method: Method, arguments: Arguments, state: State) -> bool:
    """A method that clips what is given, or the parameters of an optimizer; false if it is none."""
    if method.name == "clip_gradients":
        return _of_optimizer(machine, node, arguments, state)
    if unknown_code.is_helper(method):
        of_parameters(machine, node, arguments, state)
    return unknown_code.is_helper(method)


def _of_optimizer(machine: Machine, node: ir.Call, arguments: Arguments, state: State) -> bool:
    """`self.clip_gradients(optimizer, gradient_clip_val=1)`, `fabric.clip_gradients(model, optimizer, max_norm=1)`."""
    values = {argument.value: machine.values.get(argument.value.origin, UNKNOWN) for argument in node.args}
    given = [part for part, value in values.items() if state.get(value, OptimizerCell) is not None]
    bounds = [argument for argument in node.args if argument.keyword in BOUNDS]
    if len(given) != 1 or len(bounds) != 1:
        return False
    subject = subjects.subject_of(machine, given[0], values[given[0]], state)
    _note(machine, node, subject, bounds[0].value, arguments.keywords.get(bounds[0].keyword or ""), state)
    return True


def of_parameters(machine: Machine, node: ir.Call, arguments: Arguments, state: State) -> None:
    """`clip_grad_norm_(parameters, bound)`."""
    subject = subjects.of_parameters(machine, node.args[0].value, next(iter(arguments.all()), UNKNOWN), state)
    bound = node.args[1].value if len(node.args) > 1 else None
    _note(machine, node, subject, bound, arguments.pick(1, "max_norm") or arguments.pick(1, "clip_value"), state)


def _note(
    machine: Machine, node: ir.Call, subject: Subject, bound: ir.Expression | None, value: Value | None, state: State
) -> None:
    finite = isinstance(value, Const) and isinstance(value.value, int | float) and value.value < LARGE
    doubtful = not finite and (bound is None or not _is_plain_bound(machine, bound, value, node in machine.effects))
    site = machine.site(node)
    trace.note(machine, Act(CLIP, site, subject, node=node, doubtful=doubtful), state)
    if not doubtful and lightning.goes_backward(machine) and (site.origin, TOLD) not in machine.flagged:
        machine.flagged.add((site.origin, TOLD))
        machine.emit(events.ClipUseless(site, None, cleared=True))


def _is_plain_bound(machine: Machine, bound: ir.Expression, value: Value | None, unused: bool) -> bool:
    """Whether a bound that is not known is there to cut gradients: no infinity, and not multiplied by a scale."""
    if isinstance(value, Const) and isinstance(value.value, int | float):
        return value.value < LARGE
    if isinstance(bound, ir.Subscript):
        key = machine.values.get(bound.index.origin)
        name = str(key.value) if isinstance(key, Const) else ""
    else:
        name = subjects.name_of(bound) if isinstance(bound, ir.Name | ir.Attribute) else ""
    path = value.path if isinstance(value, External) else ""
    if not name or path.endswith("inf") or "inf" in name.lower() or "scale" in name.lower():
        return False
    return unused or BOUND.search(name.lower()) is not None
