"""Whether code could do what it was meant to by a small change, and go on to run: facts for fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import TensorCell
from optlint.flow.core.values import UNKNOWN, Const, External, Method, Unknown, Value, options_of
from optlint.flow.pytorch import torch_tensors
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

COUNTERS = ("q", "each", "one", "other")  # variables of a generator expression
SETS = frozenset({"builtins.set", "builtins.frozenset"})
COPIES = frozenset({"builtins.list", "builtins.tuple"})
# Methods of a tensor that give another one of its shape.
ELEMENTWISE = frozenset("add sub mul div clamp clip clamp_min clamp_max neg sign abs tanh sigmoid relu".split())
LIKE = frozenset(path.rpartition(".")[2] for path in torch_tensors.LIKE_MAKERS)
RATES = frozenset({"lr", "weight_decay", "momentum", "eps"})
MEANT = {
    "learning_rate": "lr", "learningrate": "lr", "lr_rate": "lr", "learn_rate": "lr", "lrate": "lr", "rate": "lr",
    "wd": "weight_decay", "weight_decay_rate": "weight_decay", "weightdecay": "weight_decay", "l2": "weight_decay",
    "moment": "momentum", "epsilon": "eps",
}  # fmt: skip
CLOSE = 0.85
BOUND_AND_READ = 2
WRITES = (".data.copy_", ".copy_")  # into a parameter: anywhere, and without gradients


def meant_key(key: str, known: frozenset[str], value: Value, others: frozenset[str]) -> str | None:
    """The hyperparameter that an unknown key stands for, if its value is fit for that."""
    from difflib import get_close_matches

    numbers = RATES & known
    folded = key.lower()
    close = get_close_matches(folded, sorted(numbers), 1, CLOSE)
    meant = folded if folded in numbers else MEANT.get(folded) or next(iter(close), None)
    return meant if meant in numbers and meant not in others and _may_be_number(value) else None


def _may_be_number(value: Value) -> bool:
    if isinstance(value, Const):
        number = value.value
        return isinstance(number, int | float) and not isinstance(number, bool) and number >= 0
    return isinstance(value, Unknown | Method)


def counter(machine: Machine, node: ir.Comparison, tensor: Value, state: State) -> str | None:
    """A name for the tensors that `any(… is q for q in …)` walks through, where that would do as well as `in`.

    Whoever looks up a parameter means that one; of other tensors, the values may be meant.
    """
    frame = machine.frame
    in_class = frame.owner is not None and frame.owner.scope == frame.scopes[0]
    plain = len(node.rest) == 1 and _is_dotted(node.left)
    cells = [state.get(option, TensorCell) for option in options_of(tensor)]
    parameters = all(cell is not None and cell.parameter for cell in cells)
    if in_class or not plain or not parameters or not _is_builtin(machine, "any", state):
        return None
    used = machine.mentions(node)
    return next((name for name in COUNTERS if name not in used), None)


def _is_dotted(node: ir.Expression) -> bool:
    return isinstance(node, ir.Name) or (isinstance(node, ir.Attribute) and _is_dotted(node.value))


def _is_builtin(machine: Machine, name: str, state: State) -> bool:
    """Whether nothing hides a built-in function here."""
    return all(state.look_up(scope, name) is None for scope in machine.frame.scopes)


def set_made(machine: Machine, node: ir.Expression | None, state: State) -> ir.Expression | None:
    """The expression that makes a set of parameters which nothing else refers to, where a dict would do as well."""
    if isinstance(node, ir.Name):
        return set_made(machine, _only_value(machine, node.id), state)
    if isinstance(node, ir.Call) and len(node.args) == 1 and not node.args[0].keyword and not node.args[0].star:
        function = machine.evaluate(node.func, state)
        if function in {External(path) for path in COPIES}:
            return set_made(machine, node.args[0].value, state)
        made = function in {External(path) for path in SETS}
    else:
        made = isinstance(node, ir.Display | ir.Comprehension) and node.kind == "set"
    return node if made and node is not None and _is_builtin(machine, "dict", state) else None


def _only_value(machine: Machine, name: str) -> ir.Expression | None:
    """What a variable of a function is bound to, if it is read once only."""
    node = machine.frame.node
    declared = machine.frame.declared
    if not isinstance(node, ir.Function) or name in declared or any(one.name == name for one in node.parameters):
        return None
    inside = list(ir.walk_all(machine.bodies(node), machine.bodies))
    mentions = [one for one in inside if isinstance(one, ir.Name) and one.id == name]
    assigned = [
        one for one in inside if isinstance(one, ir.Assign) and len(one.targets) == 1 and one.targets[0] in mentions
    ]
    return assigned[0].value if len(mentions) == BOUND_AND_READ and len(assigned) == 1 else None


def written_back(machine: Machine, name: str, value: ir.Expression, state: State) -> str | None:
    """The method that writes a new value into a parameter: that has the same shape, and is another."""
    if not isinstance(value, ir.Binary | ir.Unary | ir.Call) or not _has_shape_of(machine, name, value, state):
        return None
    if isinstance(value, ir.Call) and isinstance(value.func, ir.Attribute) and value.func.attr in ("detach", "clone"):
        return None
    return WRITES[state.no_grad is True]


def _has_shape_of(machine: Machine, name: str, node: ir.Expression, state: State) -> bool:
    """Whether an expression gives a tensor of the shape of the parameter of this name."""
    if isinstance(node, ir.Name):
        return node.id == name
    if isinstance(node, ir.Attribute):
        return node.attr in ("grad", "data") and _has_shape_of(machine, name, node.value, state)
    if isinstance(node, ir.Unary):
        return node.op == "-" and _has_shape_of(machine, name, node.operand, state)
    if isinstance(node, ir.Binary):
        return node.op in ("+", "-", "*", "/") and _all_fit(machine, name, (node.left, node.right), state)
    return isinstance(node, ir.Call) and _call_has_shape(machine, name, node, state)


def _all_fit(machine: Machine, name: str, nodes: tuple[ir.Expression, ...], state: State) -> bool:
    """Whether one of several operands has the shape, and the others have it or are numbers."""
    shaped = [_has_shape_of(machine, name, node, state) for node in nodes]
    numbers = [_is_number(machine, name, node, state) for node in nodes]
    return any(shaped) and all(map(any, zip(shaped, numbers, strict=True)))


def _call_has_shape(machine: Machine, name: str, node: ir.Call, state: State) -> bool:
    func, values = node.func, tuple(argument.value for argument in node.args if not argument.star)
    if not isinstance(func, ir.Attribute) or len(values) != len(node.args):
        return False
    if machine.evaluate(func.value, state) == External("torch"):
        first = values[:1]
        return func.attr in LIKE | {"clamp", "neg", "sign"} and bool(first) and _all_fit(machine, name, values, state)
    if func.attr in ("detach", "clone") and not values:
        return _has_shape_of(machine, name, func.value, state)
    return func.attr in ELEMENTWISE and _all_fit(machine, name, (func.value, *values), state)


def _is_number(machine: Machine, name: str, node: ir.Expression, state: State) -> bool:
    """Whether an operand is a number, as far as can be told: no tensor that is known, no item by a variable index."""
    if isinstance(node, ir.Unary):
        return _is_number(machine, name, node.operand, state)
    if isinstance(node, ir.Binary):
        return _is_number(machine, name, node.left, state) and _is_number(machine, name, node.right, state)
    if isinstance(node, ir.Subscript) and not isinstance(node.index, ir.Literal):
        return False
    if not isinstance(node, ir.Literal | ir.Name | ir.Attribute | ir.Subscript):
        return False
    if isinstance(node, ir.Name) and node.id == name:
        return False
    value = machine.evaluate(node, state)
    if isinstance(value, Const):
        return isinstance(value.value, int | float) and not isinstance(value.value, bool)
    return value is UNKNOWN or isinstance(value, Unknown | Method) or _is_rate(node)


def _is_rate(node: ir.Expression) -> bool:
    """`group["lr"]`, `group["weight_decay"]`."""
    return isinstance(node, ir.Subscript) and isinstance(node.index, ir.Literal) and node.index.value in RATES
