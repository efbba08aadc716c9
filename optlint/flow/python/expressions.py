"""What each expression is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import criteria, frozen, late, loaded, stale
from optlint.flow.core import choices
from optlint.flow.core.cells import Entry, IteratorCell, MappingCell, SequenceCell, Use
from optlint.flow.core.joining import join
from optlint.flow.core.machine import Evaluator, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import (
    NONE,
    UNKNOWN,
    Closure,
    Const,
    Derived,
    External,
    Method,
    Path,
    Ref,
    Value,
    options_of,
    union,
)
from optlint.flow.frozen import replace
from optlint.flow.groups import indices, layer_splits, parameter_names
from optlint.flow.iterators import births, changes, consumption, holdings
from optlint.flow.iterators.draws import Purpose
from optlint.flow.order import gradients
from optlint.flow.python import (
    assignment,
    classes,
    comprehensions,
    containers,
    copies,
    generators,
    inlining,
    kinds,
    objects,
    sets,
    statements,
    subscripts,
)
from optlint.flow.pytorch import torch_api
from optlint.flow.pytorch.torch_api import MODULE_ITERATORS
from optlint.flow.reading import ir
from optlint.flow.tensors import rebinding, tensor_uses, tensors

if TYPE_CHECKING:
    from optlint.flow.events import Site

BUILTINS = frozenset(
    "list tuple set frozenset sorted slice sum max min any all next iter filter map zip enumerate len dict super "
    "isinstance getattr setattr property staticmethod classmethod print id repr str type range reversed hasattr int "
    "float bool abs round divmod pow issubclass callable vars dir hash format object Exception".split()
)


def _name(machine: Machine, node: ir.Name, state: State) -> Value:
    for scope in machine.frame.scopes:
        value = state.look_up(scope, node.id)
        if value is not None:
            if machine.rebound:
                rebinding.read(machine, (scope, node.id), value)
            return value
    if node.id in BUILTINS:
        return External(f"builtins.{node.id}")
    return _from_star(machine, node.id) if machine.starred else UNKNOWN


def _from_star(machine: Machine, name: str) -> Value:
    """A name that may come from `from module import *`."""
    for module in reversed(machine.starred):
        path = torch_api.canonical(f"{module}.{name}")
        if classes.is_of_torch(path):
            return External(path)
        found = machine.imported(path, given=True)
        if found is not None:
            return found if isinstance(found, External) else External(path)
    return UNKNOWN


def _literal(_: Machine, node: ir.Literal, __: State) -> Value:
    return UNKNOWN if node.value is ... else Const(node.value)


def _attribute(machine: Machine, node: ir.Attribute, state: State) -> Value:
    """An attribute that is not called: of a module, it is a part of it."""
    if isinstance(node.value, ir.Call):
        machine.dropped.add(node.value)
    receiver = machine.evaluate(node.value, state)
    if node.attr == "grad":
        gradients.gradient_read(machine, node, state)
    value = objects.get_attribute(machine, receiver, node, state)
    if isinstance(value, Method) and isinstance(value.receiver, Ref):
        return objects.part_of_module(machine, value, node, state)
    return value


def _call(machine: Machine, node: ir.Call, state: State) -> Value:
    gradients.about_to_call(machine, node.func)
    function = _callee(machine, node.func, state)
    if machine.called_inside is not None:
        machine.called_inside.append(function)
    arguments = inlining.arguments_of(machine, node, state)
    before = machine.counter.last
    value = machine.call(function, arguments, node, state)
    value = gradients.called(machine, node, function, arguments, value, state)
    changes.ran(machine, node, function, arguments, state)
    births.called(machine, node, function, value, before, state)
    late.called(machine, node, function, value, before, state)
    stale.ran(machine, node, function, arguments, value, state)
    frozen.called(machine, node, function, state)
    criteria.called(machine, node, function, state)
    loaded.called(machine, node, function, arguments, value, state)
    return value


def _callee(machine: Machine, node: ir.Expression, state: State) -> Value:
    """The function of a call; a receiver whose methods show what it is gets an identity."""
    if isinstance(node, ir.Attribute) and node.attr in MODULE_ITERATORS:
        receiver = objects.identify(machine, node.value, state)
        return objects.get_attribute(machine, receiver, node, state)
    if isinstance(node, ir.Attribute):
        if isinstance(node.value, ir.Call):
            machine.dropped.add(node.value)
        return objects.get_attribute(machine, machine.evaluate(node.value, state), node, state)
    return machine.evaluate(node, state)


def _binary(machine: Machine, node: ir.Binary, state: State) -> Value:
    left = machine.evaluate(node.left, state)
    right = machine.evaluate(node.right, state)
    if node.op == "+":
        for value, operand in ((left, node.left), (right, node.right)):
            consumption.as_sequence(machine, value, machine.site(node), machine.site(operand), "`+`", state)
        if state.get(left, SequenceCell) is not None:
            return containers.concatenated(machine, left, right, state, machine.site(node))
    for value in (left, right) if node.op == "*" else ():
        if (more := copies.repeated(machine, value, state, machine.site(node))) is not None:
            return more
    if node.op in sets.OPERATORS and sets.is_set(left, state) and isinstance(left, Ref):
        return sets.combined(machine, left, (right,), node.op in "-&", state, machine.site(node))
    if node.op == "|" and (both := copies.merged(machine, left, right, state, machine.site(node))) is not None:
        return both
    plain = indices.concerns((left, right)) or (isinstance(left, Const) and isinstance(right, Const))
    if plain and not any(tensors.is_tensor(value, state) for value in (left, right)):
        return indices.operated(machine, node, left, right, node.op)
    return tensors.of_operator(machine, node, left, right, node.op, state)


def _unary(machine: Machine, node: ir.Unary, state: State) -> Value:
    value = machine.evaluate(node.operand, state)
    if node.op == "not":
        known = statements.truth(value)
        if isinstance(value, Derived):
            return parameter_names.negated(value)
        return UNKNOWN if known is None else Const(not known)
    if isinstance(value, Const) and type(value.value) is int and node.op == "-":
        return Const(-value.value)
    if node.op == "-" and indices.concerns((value,)):
        return indices.operated(machine, node, Const(0), value, "-")
    return tensors.computed(machine, (value,), f"`{node.op}`", state, machine.site(node))


def _boolean(machine: Machine, node: ir.Boolean, state: State) -> Value:
    left = machine.evaluate(node.left, state)
    known = statements.truth(left)
    if known is not None and known is (node.op == "or"):
        return left
    kinds.prepare(machine, node.left, state)
    path, other = state.path, state.copy()
    other.path = (*path, (object(), node))
    kinds.refine(machine, node.left, other, node.op == "and")
    right = machine.evaluate(node.right, other)
    _go_on(state, [state.copy(), other], path)
    if known is not None:
        return right
    return union((left, right)) if node.op == "or" else UNKNOWN


def _go_on(state: State, states: list[State], path: Path) -> None:
    """Go on with what is true on all paths; on none if all of them end inside the expression."""
    joined = join(states, path)
    if joined is None:
        state.live = False
    else:
        state.become(joined)
        state.path = path


def _comparison(machine: Machine, node: ir.Comparison, state: State) -> Value:
    gradients.about_to_compare(machine, node)
    left = machine.evaluate(node.left, state)
    result: Value = UNKNOWN
    for op, operand in node.rest:
        right = machine.evaluate(operand, state)
        if op in ("in", "not in"):
            _membership(machine, right, node, operand, state)
            tensor_uses.looked_up(machine, left, right, node, operand, state)
        elif op in ("is", "is not") and right == NONE:
            left_out = kinds.may_be_left_out(machine, node.left, left, state)
            result = UNKNOWN if left_out else _compared_to_none(left, op == "is", state)
        if isinstance(left, Derived) and op in layer_splits.LIMITS:
            result = layer_splits.compared(machine, left, op, right, node)
        elif isinstance(left, Derived) or isinstance(right, Derived):
            result = parameter_names.compared(machine, left, op, right, node, state)
    return result if len(node.rest) == 1 else UNKNOWN


def _compared_to_none(left: Value, same: bool, state: State) -> Value:
    if left == NONE:
        return Const(same)
    if all(state.cell(option) is not None or isinstance(option, Closure) for option in options_of(left)):
        return Const(not same)
    return UNKNOWN


def _membership(machine: Machine, value: Value, node: ir.Comparison, operand: ir.Expression, state: State) -> None:
    """`x in value`: a one-shot iterator is used up by the first question."""
    cell = state.get(value, IteratorCell)
    if cell is None or not isinstance(value, Ref):
        return
    repeated = cell.tested
    here, tested = machine.site(node), machine.site(operand)
    births.tested(machine, cell, state)
    known = consumption.facts(value, cell, state)
    births.tell(machine, (cell,), events.MembershipTested(known, here, tested, repeated), state)
    state.put(value, replace(cell, tested=True))
    state.changes += not repeated
    if cell.use in (Use.USED, Use.PARTLY) and not cell.tested:
        consumption.draw(machine, value, state, machine.site(operand), Purpose("in", whole=False))


def _conditional(machine: Machine, node: ir.Conditional, state: State) -> Value:
    verdict = statements.truth(machine.evaluate(node.test, state))
    if verdict is not None:
        return machine.evaluate(node.body if verdict else node.orelse, state)
    kinds.prepare(machine, node.test, state)
    path, body, orelse = state.path, state.copy(), state.copy()
    key = object()
    body.path, orelse.path = (*path, (key, True)), (*path, (key, False))
    kinds.refine(machine, node.test, body, True)
    kinds.refine(machine, node.test, orelse, False)
    values = (machine.evaluate(node.body, body), machine.evaluate(node.orelse, orelse))
    _go_on(state, [body, orelse], path)
    return choices.met(values, [body, orelse], state) if state.live else union(values)


def _display(machine: Machine, node: ir.Display, state: State) -> Value:
    """`[a, *b]`: items one by one unless a starred one is not known."""
    if len(node.items) == 1 and isinstance(alone := node.items[0], ir.Starred):
        value, where = machine.evaluate(alone.value, state), machine.site(alone.value)
        return copies.into(machine, value, node.kind, state, where, Purpose("*"))
    values: list[Value] = []
    sites: list[Site] = []
    spread: list[Value] = []
    exact, covers = True, []
    for item in node.items:
        inner = machine.evaluate(item.value if isinstance(item, ir.Starred) else item, state)
        spread.append(inner)
        if isinstance(item, ir.Starred):
            known = containers.exact_items(inner, state)
            covers.append(holdings.placed(holdings.covers_of(inner, state), machine.site(item.value)))
            if known is None:
                exact = False
                known = (consumption.walk(machine, inner, state, machine.site(item.value), Purpose("*")),)
            values.extend(known)
            sites.extend(machine.site(item.value) for _ in known)
        else:
            covers.append(holdings.cover_of_tensor(inner, machine.site(item), state))
            values.append(inner)
            sites.append(machine.site(item))
    site = machine.site(node)
    if exact:
        made = containers.sequence(machine, state, node.kind, site, tuple(values), sites=tuple(sites))
        state.update(made, path=state.path)
        return made
    all_known = len(covers) == len(node.items) and all(covers)
    found = tuple(cover for group in covers for cover in group or ()) if all_known else None
    members = tuple(values)[: containers.MOST_MEMBERS]
    cell = SequenceCell(node.kind, site, None, union(tuple(values)), None, found, None, node.kind != "set", members)
    ordered = cell.ordered and all(sets.is_ordered(part, state) for part in spread)
    layers = indices.joined_layers(tuple(spread), state) if ordered else None
    return machine.new(state, replace(cell, ordered=ordered, layers=layers))


def _dict(machine: Machine, node: ir.DictDisplay, state: State) -> Value:
    entries: dict[object, Entry] = {}
    blank, item = False, []
    for key_node, value_node in node.items:
        value = machine.evaluate(value_node, state)
        if key_node is None:
            other = state.get(value, MappingCell)
            blank = blank or other is None or other.open
            entries.update(other.entries if other is not None else ())
            continue
        key = machine.evaluate(key_node, state)
        if isinstance(key, Const):
            entries[key.value] = Entry(value, machine.site(value_node), machine.site(key_node))
        else:
            blank = True
            item.append(value)
    made = MappingCell(machine.site(node), tuple(entries.items()), blank, union(tuple(item)) if item else UNKNOWN)
    return machine.new(state, made)


def _formatted(machine: Machine, node: ir.Formatted, state: State) -> Value:
    for value in node.values:
        machine.evaluate(value, state)
    return UNKNOWN


def _walrus(machine: Machine, node: ir.Walrus, state: State) -> Value:
    value = machine.evaluate(node.value, state)
    assignment.bind(machine, node.target, value, state, node.value)
    return value


def _await(machine: Machine, node: ir.Await, state: State) -> Value:
    return machine.evaluate(node.value, state)


def _lambda(machine: Machine, node: ir.Lambda, state: State) -> Value:
    defaults = tuple(
        (parameter.name, machine.evaluate(parameter.default, state))
        for parameter in node.parameters
        if parameter.default is not None
    )
    births.kept_as_defaults(machine, defaults, state)
    rebinding.captured(machine, rebinding.names_in(node.body), state)
    return Closure(node, machine.frame.scopes, machine.frame.owner, None, defaults)


def _starred(machine: Machine, node: ir.Starred, state: State) -> Value:
    return machine.evaluate(node.value, state)


EVALUATORS: dict[type, Evaluator] = {
    ir.Name: _name,
    ir.Literal: _literal,
    ir.Attribute: _attribute,
    ir.Call: _call,
    ir.Subscript: subscripts.subscript,
    ir.Binary: _binary,
    ir.Unary: _unary,
    ir.Boolean: _boolean,
    ir.Comparison: _comparison,
    ir.Conditional: _conditional,
    ir.Display: _display,
    ir.DictDisplay: _dict,
    ir.Comprehension: comprehensions.comprehension,
    ir.Formatted: _formatted,
    ir.Walrus: _walrus,
    ir.Await: _await,
    ir.Yield: generators.yielded,
    ir.Lambda: _lambda,
    ir.Starred: _starred,
}
