"""What annotations, and tests around a line, tell of what a value is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, MappingCell, OptimizerCell, SequenceCell, TensorCell
from optlint.flow.core.machine import Arguments
from optlint.flow.core.values import DATA, NONE, UNKNOWN, ClassValue, External, Ref, Union, Value, union
from optlint.flow.frozen import replace
from optlint.flow.groups import group_keys
from optlint.flow.order import lightning
from optlint.flow.python import attributes, classes
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.state import State
    from optlint.flow.core.values import Closure
    from optlint.flow.events import Site

LISTS = frozenset({"builtins.list", "builtins.tuple", "typing.List", "typing.Tuple", "typing.Sequence",
                   "collections.abc.Sequence"})  # fmt: skip
DICTS = frozenset({"builtins.dict", "typing.Dict", "typing.Mapping", "collections.abc.Mapping"})


def annotate(machine: Machine, closure: Closure, frame: Frame, state: State, *, classes_too: bool = True) -> None:
    """Give parameters of which nothing is known what their annotations tell; `classes_too` makes objects to match."""
    outer, machine.frame = machine.frame, frame
    for parameter in closure.node.parameters:
        key, annotation = (frame.scopes[0], parameter.name), parameter.annotation
        if parameter.star or state.variables.get(key) is not UNKNOWN:
            continue
        if lightning.is_batch(closure, parameter):
            state.variables[key] = DATA
        if annotation is None or state.variables[key] is not UNKNOWN:
            continue
        if classes_too or not isinstance(machine.evaluate(annotation, state), ClassValue):
            state.variables[key] = of_annotation(machine, annotation, state)
    machine.frame = outer


def may_be_left_out(machine: Machine, node: ir.Expression, value: Value, state: State) -> bool:
    """Whether all that is known of a variable is the annotation of a parameter that is None where it is left out."""
    parameters = machine.frame.node.parameters if isinstance(machine.frame.node, ir.Function) else ()
    named = (one for one in parameters if isinstance(node, ir.Name) and one.name == node.id)
    parameter, cell = next(named, None), state.cell(value)
    if parameter is None or parameter.annotation is None or cell is None:
        return False
    made, default = getattr(cell, "made", None), parameter.default
    origins = (part.origin for part in ir.walk(parameter.annotation))
    is_none = isinstance(default, ir.Literal) and default.value is None
    return is_none and made is not None and any(made.origin is origin for origin in origins)


def of_annotation(machine: Machine, node: ir.Expression, state: State) -> Value:
    """An object of the annotated type, where the type matters to us."""
    if isinstance(node, ir.Subscript):
        return _of_generic(machine, node, state)
    if isinstance(node, ir.Binary) and node.op == "|":
        return _one_of(machine, (node.left, node.right), state)
    if isinstance(node, ir.Literal) and isinstance(node.value, str):
        return _of_text(machine, node, node.value, state)
    if not isinstance(node, ir.Name | ir.Attribute):
        return UNKNOWN
    return _instance_of(machine, machine.evaluate(node, state), state, machine.site(node))


def _of_generic(machine: Machine, node: ir.Subscript, state: State) -> Value:
    """`Optional[X]`, `list[X]`, `dict[str, X]` and their like."""
    outer = machine.evaluate(node.value, state)
    path = outer.path if isinstance(outer, External) else ""
    inner = node.index.items if isinstance(node.index, ir.Display) else (node.index,)
    site = machine.site(node)
    if path in ("typing.Optional", "typing.Union"):
        return _one_of(machine, inner, state)
    if path in LISTS and _is_uniform(inner):
        item = _one_of_many(machine, inner[0], state)
        return UNKNOWN if item is UNKNOWN else machine.new(state, SequenceCell("list", site, item=item))
    if path in DICTS and len(inner) == 2:
        item = _one_of_many(machine, inner[1], state)
        return UNKNOWN if item is UNKNOWN else machine.new(state, MappingCell(site, open=True, item=item))
    return UNKNOWN


def _one_of_many(machine: Machine, node: ir.Expression, state: State) -> Value:
    """A module that stands for each item of a container."""
    item = of_annotation(machine, node, state)
    if not isinstance(item, Ref) or state.get(item, InstanceCell) is None:
        return UNKNOWN
    state.update(item, vague=True)
    return item


def _is_uniform(inner: tuple[ir.Expression, ...]) -> bool:
    """`list[X]` or `tuple[X, ...]`."""
    return len(inner) == 1 or (len(inner) == 2 and isinstance(inner[1], ir.Literal) and inner[1].value is ...)


def _one_of(machine: Machine, options: tuple[ir.Expression, ...], state: State) -> Value:
    """What is left of a union without None, if that is one type."""
    wanted = [option for option in options if not (isinstance(option, ir.Literal) and option.value is None)]
    return of_annotation(machine, wanted[0], state) if len(wanted) == 1 else UNKNOWN


def _of_text(machine: Machine, node: ir.Literal, text: str, state: State) -> Value:
    """A dotted name in quotes."""
    first, *rest = text.split(".")
    if not all(part.isidentifier() for part in (first, *rest)):
        return UNKNOWN
    named: ir.Expression = ir.Name(node.origin, first)
    for part in rest:
        named = ir.Attribute(node.origin, named, part)
    return _instance_of(machine, machine.evaluate(named, state), state, machine.site(node))


def _instance_of(machine: Machine, cls: Value, state: State, site: Site) -> Value:
    if isinstance(cls, External) and cls.path == "torch.nn.Parameter":
        return machine.new(state, TensorCell(site, "parameter", True, None, True, None))
    if isinstance(cls, External) and cls.path == "torch.Tensor":
        return machine.new(state, TensorCell(site))
    if classes.is_optimizer(cls, machine.settings.known_optimizers):
        return machine.new(state, OptimizerCell("", site, keys=group_keys.known_to(machine, cls), kind=cls))
    if isinstance(cls, ClassValue):
        call = ir.Call(site.origin, ir.Literal(site.origin, ...), ())
        return machine.call(cls, Arguments((), {}, (), {}, open=True), call, state)
    if classes.is_module(cls):
        return machine.new(state, InstanceCell(cls, site, is_module=True))
    return UNKNOWN


def refine(machine: Machine, test: ir.Expression, state: State, holds: bool) -> None:
    """Learn from a condition: `x is not None`, `isinstance(x, nn.Module)`, `not …`, `a and b`."""
    if isinstance(test, ir.Unary) and test.op == "not":
        refine(machine, test.operand, state, not holds)
    elif isinstance(test, ir.Boolean) and (test.op == "and") == holds:
        refine(machine, test.left, state, holds)
        refine(machine, test.right, state, holds)
    elif isinstance(test, ir.Comparison) and len(test.rest) == 1 and isinstance(test.left, ir.Name):
        op, right = test.rest[0]
        if isinstance(right, ir.Literal) and right.value is None and op in ("is", "is not"):
            _refine_none(machine, test.left.id, state, (op == "is") == holds)
    elif isinstance(test, ir.Name) and holds:
        _refine_none(machine, test.id, state, False)
    elif isinstance(test, ir.Call) and holds and (name := _asked_if_module(machine, test, state)) is not None:
        value = state.variables.get((_scope_of(machine, name, state), name), UNKNOWN)
        cell = state.get(value, InstanceCell)
        if cell is not None and cell.is_module is None and isinstance(value, Ref):
            cls = External("torch.nn.Module") if cell.cls is UNKNOWN else cell.cls
            state.put(value, replace(cell, cls=cls, is_module=True))


def _refine_none(machine: Machine, name: str, state: State, is_none: bool) -> None:
    scope = _scope_of(machine, name, state)
    value = state.variables.get((scope, name))
    if isinstance(value, Union):
        kept = tuple(option for option in value.options if (option == NONE) is is_none)
        if kept:
            state.variables[scope, name] = union(kept)


def prepare(machine: Machine, test: ir.Expression, state: State) -> None:
    """Give identity to unknown variables of which a condition asks if they are modules, before paths part."""
    for node in _conditions(test):
        name = _asked_if_module(machine, node, state) if isinstance(node, ir.Call) else None
        scope = _scope_of(machine, name, state) if name is not None else 0
        if name is not None and attributes.is_blank(state.variables.get((scope, name), UNKNOWN), state):
            state.variables[scope, name] = machine.new(state, InstanceCell(UNKNOWN, None))


def _conditions(test: ir.Expression) -> tuple[ir.Expression, ...]:
    """The parts of a condition that `and`, `or` and `not` put together."""
    if isinstance(test, ir.Boolean):
        return (*_conditions(test.left), *_conditions(test.right))
    return _conditions(test.operand) if isinstance(test, ir.Unary) else (test,)


def _asked_if_module(machine: Machine, test: ir.Call, state: State) -> str | None:
    """The variable `x` in `isinstance(x, nn.Linear)`."""
    asks = isinstance(test.func, ir.Name) and test.func.id == "isinstance" and len(test.args) == 2
    if not asks or not isinstance(test.args[0].value, ir.Name):
        return None
    asked = test.args[1].value
    found = [machine.evaluate(part, state) for part in (asked.items if isinstance(asked, ir.Display) else (asked,))]
    known = all(isinstance(kind, External) and classes.is_module(kind) for kind in found)
    return test.args[0].value.id if known and found else None


def _scope_of(machine: Machine, name: str, state: State) -> int:
    """The scope that a name is found in."""
    scopes = machine.frame.scopes
    return next((scope for scope in scopes if (scope, name) in state.variables), scopes[0])
