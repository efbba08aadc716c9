"""What a schedule makes of the rate at first: a warm-up from zero loses nothing if that is skipped."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from optlint.flow.core.cells import SequenceCell
from optlint.flow.core.values import UNKNOWN, Closure, Const, External, Value
from optlint.flow.frozen import dataclass
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State

SWA = "torch.optim.swa_utils.SWALR"  # goes on from where another schedule was
BY_FUNCTION = "torch.optim.lr_scheduler.LambdaLR"
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "builtins.min": min, "builtins.max": max, "builtins.float": float, "builtins.int": int, "builtins.abs": abs,
    "builtins.pow": pow, "math.pow": math.pow, "math.cos": math.cos, "math.exp": math.exp, "math.sqrt": math.sqrt,
    "numpy.cos": math.cos, "numpy.exp": math.exp, "numpy.sqrt": math.sqrt,
}  # fmt: skip
OPERATORS: Mapping[str, Callable[..., Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip


def may_be_skipped(machine: Machine, path: str, arguments: Arguments, state: State) -> bool:
    """Whether the first rate of a schedule is zero, or may be."""
    if path.startswith("transformers."):
        return not _has_no_warm_up(path, arguments)
    if path == SWA:
        return True
    if path != BY_FUNCTION:
        return False
    given = arguments.pick(1, "lr_lambda") or UNKNOWN
    several = state.get(given, SequenceCell)
    functions = (given,) if several is None else several.items or (UNKNOWN,)
    return not all(_at_start(machine, function, state) for function in functions)


def _has_no_warm_up(path: str, arguments: Arguments) -> bool:
    """Whether a schedule of Hugging Face starts with the whole rate, and goes down from there."""
    steps = arguments.pick(1, "num_warmup_steps")
    return path.endswith("_with_warmup") and "constant" not in path and isinstance(steps, Const) and steps.value == 0


def _at_start(machine: Machine, function: Value, state: State) -> float | None:
    """What a function of the project gives at 0; None if that can't be told."""
    if not isinstance(function, Closure) or not function.node.parameters:
        return None
    node = function.node
    body = machine.bodies(node) if isinstance(node, ir.Function) else (ir.Return(node.origin, node.body),)
    last = body[-1]
    if not isinstance(last, ir.Return) or last.value is None or not all(map(_is_text, body[:-1])):
        return None
    parameter = node.parameters[function.bound is not None :][0].name
    return _Sum(machine, state, parameter).of(last.value)


def _is_text(node: ir.Node) -> bool:
    return isinstance(node, ir.Evaluate) and isinstance(node.value, ir.Literal)


@dataclass(frozen=True, slots=True)
class _Sum:
    """Works an expression out where `parameter` is 0, as far as that is possible."""

    machine: Machine
    state: State
    parameter: str

    def of(self, node: ir.Expression) -> float | None:
        """The number that an expression gives."""
        if isinstance(node, ir.Name):
            return 0 if node.id == self.parameter else None
        if isinstance(node, ir.Literal):
            return node.value if isinstance(node.value, int | float) else None
        if isinstance(node, ir.Unary):
            value = self.of(node.operand)
            return -value if value is not None and node.op == "-" else None
        if isinstance(node, ir.Binary):
            return self._binary(node)
        return self._call(node) if isinstance(node, ir.Call) else None

    def _binary(self, node: ir.Binary) -> float | None:
        left, right = self.of(node.left), self.of(node.right)
        if node.op == "**" and right == 0:
            return 1
        if (node.op in "*/" and left == 0) or (node.op == "*" and right == 0):
            return 0
        return _applied(OPERATORS.get(node.op), left, right)

    def _call(self, node: ir.Call) -> float | None:
        function = self.machine.evaluate(node.func, self.state)
        values = [self.of(argument.value) for argument in node.args if not argument.keyword and not argument.star]
        known = isinstance(function, External) and len(values) == len(node.args)
        return _applied(FUNCTIONS.get(function.path) if known and isinstance(function, External) else None, *values)


def _applied(function: Callable[..., Any] | None, *values: float | None) -> float | None:
    if function is None or None in values:
        return None
    try:
        result = function(*values)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return result if isinstance(result, int | float) else None
