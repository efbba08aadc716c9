"""How each statement changes the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.belonging import averages
from optlint.flow.core.cells import OptimizerCell, SchedulerCell
from optlint.flow.core.joining import join
from optlint.flow.core.machine import Executor, Fork, Loop, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, UNKNOWN, ClassValue, Closure, Const, External, Value
from optlint.flow.groups import counters
from optlint.flow.iterators import births, consumption
from optlint.flow.iterators.draws import Purpose
from optlint.flow.order import gradients, losses, trace, uncalled
from optlint.flow.python import assignment, claims, classes, containers, contexts, decorators, kinds, objects, sets
from optlint.flow.pytorch import torch_api
from optlint.flow.rates import configured
from optlint.flow.reading import ir, relevance
from optlint.flow.tensors import batches, grad_mode, rebinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optlint.flow.core.values import Path

LONGEST_UNROLLED = 12
OTHER_ERRORS = frozenset(
    "AssertionError AttributeError EOFError FileExistsError FileNotFoundError ImportError IndexError IOError "
    "KeyboardInterrupt KeyError ModuleNotFoundError OSError StopIteration SystemExit TypeError ValueError".split()
)


def _evaluate(machine: Machine, node: ir.Evaluate, state: State) -> None:
    if not isinstance(node.value, ir.Call):
        gradients.named(machine, node.value, state)
        uncalled.statement(machine, node.value, state)
        return
    machine.effects.add(node.value)
    func = node.value.func
    name = func.attr if isinstance(func, ir.Attribute) else func.id if isinstance(func, ir.Name) else ""
    before, machine.claiming = machine.claiming, machine.claiming or name.startswith("assert")
    machine.evaluate(node.value, state)
    machine.claiming = before


def _raises(block: ir.Block) -> bool:
    """Whether a branch does nothing but raise: its test is a claim, as `assert` makes."""
    return len(block) == 1 and isinstance(block[0], ir.Raise)


def _if(machine: Machine, node: ir.If, state: State) -> None:
    before = state.path
    objects.foresee(machine, node, state)
    machine.frame.condition = node
    claiming, machine.claiming = machine.claiming, machine.claiming or _raises(node.body)
    value = machine.evaluate(node.test, state)
    verdict = True if isinstance(state.cell(value), OptimizerCell | SchedulerCell) else truth(value)
    machine.frame.condition, machine.claiming = None, claiming
    kinds.prepare(machine, node.test, state)
    key = _recurring(node) or Fork(machine.site(node.test))
    then, other = state.copy(), state.copy()
    then.path = before if verdict is True else (*before, (key, True))
    other.path = before if verdict is False else (*before, (key, False))
    kinds.refine(machine, node.test, then, True)
    kinds.refine(machine, node.test, other, False)
    then.live, other.live = verdict is not False, verdict is not True
    machine.execute(node.body, then)
    machine.execute(node.orelse, other)
    _meet(state, [then, other], before)


def _recurring(node: ir.If) -> object | None:
    """The node itself if its test comes true again and again (`step % 100 == 0`), so that rounds can be told equal."""
    test = node.test
    if isinstance(test, ir.Unary):
        test = test.operand
    if isinstance(test, ir.Comparison):
        test = test.left
    return node if isinstance(test, ir.Binary) and test.op == "%" else None


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None if that cannot be told."""
    return bool(value.value) if isinstance(value, Const) and isinstance(value.value, bool) else None


def _meet(state: State, states: list[State], path: Path) -> None:
    """Go on with what is true on all paths that get here."""
    joined = join(states, path)
    if joined is None:
        state.live = False
        return
    state.become(joined)
    state.path = path


def _for(machine: Machine, node: ir.For, state: State) -> None:
    iterable = machine.evaluate(node.iterable, state)
    averages.walked(machine, node, iterable, state)
    items = containers.exact_items(iterable, state)
    purpose = Purpose("for", whole=not _has_break(node.body), body=node)
    item = consumption.walk(machine, iterable, state, machine.site(node.iterable), purpose)
    item = batches.item(machine, node.iterable, item, state)
    if items is not None and 0 < len(items) <= LONGEST_UNROLLED:
        rounds: list[Value] = list(items)
    else:
        rounds = [item, consumption.another(machine, item, state)]
    shuffled = sets.is_shuffled(iterable, state)
    machine.frame.shuffled += shuffled
    again = items is None or len(items) > LONGEST_UNROLLED
    counted = counters.of_for(machine, node, iterable, state)
    _loop(machine, node, state, rounds, repeats=items is None, again=again, source=iterable, counted=counted)
    counters.end(machine, counted, state)
    machine.frame.shuffled -= shuffled


def _has_break(block: ir.Block) -> bool:
    """Whether a `break` or `return` may leave this loop in the middle."""
    for node in block:
        if isinstance(node, ir.Break | ir.Return):
            return True
        inner: tuple[ir.Block, ...] = ()
        if isinstance(node, ir.If):
            inner = (node.body, node.orelse)
        elif isinstance(node, ir.With):
            inner = (node.body,)
        elif isinstance(node, ir.Try):
            inner = (node.body, node.orelse, *(handler.body for handler in node.handlers))
        if any(map(_has_break, inner)):
            return True
    return False


def _loop(
    machine: Machine, node: ir.For | ir.While, state: State, rounds: list[Value], repeats: bool,
    again: bool = True, source: Value | None = None, counted: tuple[counters.Counter, ...] = (),
) -> None:  # fmt: skip
    """Run a loop's body once per value; a second round of the same kind only if the first changed anything."""
    before, ends = state.path, []
    names = rebinding.names_of(node) if isinstance(node, ir.For) else frozenset()
    loop = Loop(source, (*before, (node, True)), names, unrolled=not again)
    machine.frame.loops.append(loop)
    current, changes = state.copy(), -1
    current.path, current.depth = loop.inside, state.depth + repeats
    head = trace.loop_begins(machine, node, current) if goes_round(rounds, state, repeats=again) else None
    for item in rounds:
        if repeats and current.changes == changes:
            break
        changes = current.changes
        _begin_round(machine, node, item, counted, current)
        machine.execute(node.body, current)
        joined = join([current, *loop.continues], loop.inside)
        loop.continues.clear()
        if joined is None:
            current.live = False
            break
        trace.round_ends(head, joined)
        ends.append(joined)
        current = joined.copy()
        if isinstance(node, ir.While):
            machine.evaluate(node.test, current)
    machine.frame.loops.pop()
    trace.loop_ends(machine, head)
    depth = state.depth
    if node.orelse and current.live:
        machine.execute(node.orelse, current)
        ends.append(current)
    if ends or loop.breaks:
        _meet(state, ends[-1:] + loop.breaks, before)
    else:  # each round returns or raises: what follows runs if there is no round
        state.live = isinstance(node, ir.For)
    state.depth = depth


def _begin_round(
    machine: Machine, node: ir.For | ir.While, item: Value, counted: tuple[counters.Counter, ...], state: State
) -> None:
    if isinstance(node, ir.For):
        assignment.bind(machine, node.target, item, state, node.iterable)
    counters.begin(machine, counted, state)


def goes_round(rounds: Sequence[Value], state: State, *, repeats: bool) -> bool:
    """Whether a loop does the same again and again: its rounds differ in numbers and data only, if they are known."""
    return repeats or (len(rounds) > 1 and all(batches.is_data(item, state) for item in rounds))


def _while(machine: Machine, node: ir.While, state: State) -> None:
    machine.evaluate(node.test, state)
    counted = counters.of_while(machine, node, state)
    _loop(machine, node, state, [UNKNOWN, UNKNOWN], repeats=True, counted=counted)
    counters.end(machine, counted, state)


def _try(machine: Machine, node: ir.Try, state: State) -> None:
    before = state.path
    start = state.copy()
    body = state.copy()
    body.path = (*before, (node, "body"))
    body.recording = False if any(map(_forgives, node.handlers)) else state.recording
    raised: list[State] = []
    machine.frame.raises.append(raised)
    machine.execute(node.body, body)
    machine.frame.raises.pop()
    interrupted = [start, body.copy() if body.live else start.copy(), *raised]
    if body.live:
        machine.execute(node.orelse, body)
    ends = [body, *(_handle(machine, handler, interrupted, before) for handler in node.handlers)]
    _meet(state, ends, before)
    state.recording = start.recording
    if node.final:
        finals = state if state.live else start
        machine.execute(node.final, finals)


def _forgives(node: ir.Handler) -> bool:
    """Whether the program may go on after an error of torch, which is a RuntimeError."""
    kinds = node.kind.items if isinstance(node.kind, ir.Display) else (node.kind,)
    others = all(isinstance(kind, ir.Name) and kind.id in OTHER_ERRORS for kind in kinds)
    return not others and not (node.body and isinstance(node.body[-1], ir.Raise))


def _handle(machine: Machine, node: ir.Handler, interrupted: list[State], path: Path) -> State:
    copies = [state.copy() for state in interrupted]
    for copy in copies:
        copy.live = True
    state = join(copies, (*path, (node, "handler")))
    assert state is not None
    if node.name:
        assignment.bind_name(machine, node.name, UNKNOWN, state)
    machine.execute(node.body, state)
    return state


def _match(machine: Machine, node: ir.Match, state: State) -> None:
    before, ends = state.path, []
    machine.evaluate(node.subject, state)
    for case in node.cases:
        branch = state.copy()
        branch.path = (*before, (object(), case.origin))
        for name in case.names:
            assignment.bind_name(machine, name, UNKNOWN, branch)
        if case.guard is not None:
            machine.evaluate(case.guard, branch)
        machine.execute(case.body, branch)
        ends.append(branch)
    if not any(case.catches_all for case in node.cases):
        ends.append(state.copy())
    _meet(state, ends, before)


def _return(machine: Machine, node: ir.Return, state: State) -> None:
    value = NONE if node.value is None else machine.evaluate(node.value, state)
    gradients.returned(machine, value, state)
    losses.returned(machine, node, value, state)
    configured.returned(machine, value, state)
    machine.frame.returns.append((state.copy(), value))
    state.live = False


def _raise(machine: Machine, node: ir.Raise, state: State) -> None:
    if node.value is not None:
        machine.evaluate(node.value, state)
    if machine.frame.raises:
        machine.frame.raises[-1].append(state.copy())
    state.live = False


def _assert(machine: Machine, node: ir.Assert, state: State) -> None:
    kinds.prepare(machine, node.test, state)
    before, machine.claiming = machine.claiming, not claims.asks_for_graph(node.test)
    machine.evaluate(node.test, state)
    machine.claiming = before
    kinds.refine(machine, node.test, state, True)


def _break(machine: Machine, _: ir.Break, state: State) -> None:
    if machine.frame.loops:
        machine.frame.loops[-1].breaks.append(state.copy())
    state.live = False


def _continue(machine: Machine, _: ir.Continue, state: State) -> None:
    if machine.frame.loops:
        machine.frame.loops[-1].continues.append(state.copy())
    state.live = False


def _import(machine: Machine, node: ir.Import, state: State) -> None:
    assignment.bind_name(machine, node.name, External(node.path), state)


def _import_from(machine: Machine, node: ir.ImportFrom, state: State) -> None:
    module = objects.absolute(machine.frame.unit.name, node.module, node.level)
    if node.path == "*":
        machine.starred.append(module)
        return
    assignment.bind_name(machine, node.name, External(torch_api.canonical(f"{module}.{node.path}")), state)


def _declare(machine: Machine, node: ir.Declare, _: State) -> None:
    machine.frame.declared.update(dict.fromkeys(node.names, node.kind))


def _function(machine: Machine, node: ir.Function, state: State) -> None:
    defaults = tuple(
        (parameter.name, machine.evaluate(parameter.default, state))
        for parameter in node.parameters
        if parameter.default is not None
    )
    births.kept_as_defaults(machine, defaults, state)
    frame = machine.frame
    in_class = frame.owner is not None and frame.owner.scope == frame.scopes[0]
    closure = Closure(node, frame.scopes[in_class:], frame.owner, None, defaults)
    if not in_class:
        machine.functions.append(closure)
    value: Value = closure
    for decorator in reversed(node.decorators):
        value = decorators.decorated(machine, decorator, value, state)
    grad_mode.of_function(machine, node, state)
    if machine.rebound:
        rebinding.captured(machine, machine.mentions(node), state)
    assignment.bind_name(machine, node.name, value, state)


def _base(machine: Machine, node: ir.Expression, state: State, matters: bool) -> Value:
    """A base class; one that another file of the project defines is looked up there if the class matters, or that."""
    base = machine.evaluate(node, state)
    if not isinstance(base, External) or classes.is_known(base):
        return base
    if not matters and not machine.trains(base.path, machine.frame.unit.file.filename):
        return base
    return machine.imported(base.path) or base


def _class(machine: Machine, node: ir.Class, state: State) -> None:
    words = machine.mentions(node)
    matters = machine.frame.unit.scope != 0 or relevance.concerns_training(words) or relevance.makes_layers(words)
    bases = tuple(_base(machine, base.value, state, matters) for base in node.bases if not base.keyword)
    scope = machine.counter.next()
    name = f"{machine.frame.unit.name}.{node.name}"
    cls = ClassValue(node, scope, bases, name)
    outer = machine.frame
    machine.frame = type(outer)(outer.unit, (scope, *outer.scopes), outer, owner=cls)
    machine.execute(node.body, state)
    machine.frame = outer
    machine.classes.append(cls)
    assignment.bind_name(machine, node.name, cls, state)


EXECUTORS: dict[type, Executor] = {
    ir.Evaluate: _evaluate,
    ir.Assign: assignment.assign,
    ir.AugmentedAssign: assignment.augmented,
    ir.Delete: assignment.delete,
    ir.If: _if,
    ir.For: _for,
    ir.While: _while,
    ir.Try: _try,
    ir.With: contexts.run,
    ir.Match: _match,
    ir.Return: _return,
    ir.Raise: _raise,
    ir.Assert: _assert,
    ir.Break: _break,
    ir.Continue: _continue,
    ir.Import: _import,
    ir.ImportFrom: _import_from,
    ir.Declare: _declare,
    ir.Function: _function,
    ir.Class: _class,
}
