"""From a parsed file to its events: the module is run first, then what nobody called, then classes.

A function that is called is run where it is called, with what it is given. What is left, and what matters
(`relevant`), is run with unknown arguments, after the module, since it sees the module's final globals. A class is
run as an object would live: `__init__`, then the methods that set attributes, then the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from optlint.flow import calls, expressions, inlining, ir, lower, objects, statements
from optlint.flow.events import Site
from optlint.flow.machine import Arguments, Frame, Machine, Unit
from optlint.flow.relevance import concerns_training
from optlint.flow.state import State, join
from optlint.flow.values import NONE, UNKNOWN, ClassValue, Closure, Descriptor, InstanceCell, Ref, Value
from optlint.spans import Positions

if TYPE_CHECKING:
    from libcst import CSTNode, Module

    from optlint.diagnostic import Span
    from optlint.flow.settings import Settings

LONGEST_TEXT = 60
PER_STEP = frozenset(
    "training_step train_step train_batch optimize_parameters forward step update __call__ train_one_step "
    "on_train_batch_end on_train_batch_start optimizer_step".split()
)


def analyse(
    module: Module, filename: str, settings: Settings, positions: Positions | None = None
) -> Iterator[object]:
    """The events of one file, in the order in which they were seen."""
    analysis = _Analysis(SourceText(module, filename, positions or Positions(module, filename)), settings)
    analysis.run(lower.lower_module(module))
    yield from analysis.machine.events


@dataclass(slots=True, eq=False, repr=False)
class SourceText:
    """A parsed file that can say where its nodes stand and how they are written."""

    module: Module
    filename: str
    positions: Positions

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands."""
        return self.positions.of(cast("CSTNode", origin))

    def text_of(self, origin: object) -> str:
        """The source text of a syntax node, on one line."""
        text = " ".join(self.module.code_for_node(cast("CSTNode", origin)).split())
        return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT // 2]}…{text[-LONGEST_TEXT // 3 :]}"


@dataclass(slots=True)
class _Analysis:
    text: SourceText
    settings: Settings
    bodies: dict[ir.Function, ir.Block] = field(default_factory=dict)
    mentioned: dict[ir.Node, frozenset[str]] = field(default_factory=dict)
    machine: Machine = field(init=False)
    unit: Unit = field(init=False)

    def __post_init__(self) -> None:
        self.unit = Unit(self.text, "", 0)
        self.machine = Machine(
            self.settings,
            expressions.EVALUATORS,
            statements.EXECUTORS,
            calls.call,
            Frame(self.unit, (0,)),
            self._body,
            self._mentions,
            lambda path, state: None,
            own_methods=_method_names(self.text.module),
            units={0: self.unit},
        )

    def _body(self, function: ir.Function) -> ir.Block:
        body = self.bodies.get(function)
        if body is None:
            body = self.bodies[function] = lower.body_of(function)
        return body

    def _mentions(self, node: ir.Node) -> frozenset[str]:
        found = self.mentioned.get(node)
        if found is None:
            found = self.mentioned[node] = frozenset(lower.mentions(node.origin))
        return found

    def run(self, block: ir.Block) -> None:
        """Run the module, then its functions and classes."""
        state = State()
        self.machine.execute(block, state)
        state.live = True
        self._settle(state)
        self._run_rest(state, 0, 0)

    def _settle(self, state: State) -> None:
        """Judge what waited for the end of a root."""
        pending, self.machine.pending = self.machine.pending, []
        for judge in pending:
            judge(state)

    def _run_rest(self, state: State, first_function: int, first_class: int) -> None:
        """Run the functions and classes that a root defined and nobody called."""
        machine = self.machine
        for closure in machine.functions[first_function:]:
            if closure.node not in machine.called and self._matters(closure.node):
                self._run_root(closure, state.copy())
        for cls in machine.classes[first_class:]:
            if self._matters(cls.node):
                self._run_class(cls, state.copy())

    def _matters(self, node: ir.Node) -> bool:
        return concerns_training(self._mentions(node))

    def _run_root(self, closure: Closure, state: State) -> State:
        """Run a function with arguments of which only the annotations tell anything."""
        machine = self.machine
        functions, classes = len(machine.functions), len(machine.classes)
        machine.steps, machine.called = 0, dict.fromkeys(machine.called, 1)
        machine.frame = Frame(self.unit, (0,))
        node = closure.node
        arguments = Arguments((), {}, (), {}, open=True)
        frame = inlining.enter(machine, closure, arguments, ir.Call(node.origin, node, ()), state)
        self._annotate(closure, frame, state)
        machine.frame = frame
        assert isinstance(node, ir.Function)
        machine.called[node] = 1
        machine.execute(self._body(node), state)
        ends = [end for end, _ in frame.returns] + ([state] if state.live else [])
        last = join(ends, ()) or state
        last.live, last.depth, last.no_grad = True, 0, False
        machine.frame = Frame(self.unit, (0,))
        self._settle(last)
        self._run_rest(last, functions, classes)
        return last

    def _annotate(self, closure: Closure, frame: Frame, state: State) -> None:
        machine = self.machine
        outer, machine.frame = machine.frame, frame
        for parameter in closure.node.parameters:
            key = (frame.scopes[0], parameter.name)
            if parameter.annotation is not None and not parameter.star and state.variables.get(key) is UNKNOWN:
                state.variables[key] = objects.of_annotation(machine, parameter.annotation, state)
        machine.frame = outer

    def _run_class(self, cls: ClassValue, state: State) -> None:
        """Run an object's life."""
        machine = self.machine
        methods = {name: function for name, function in self._methods(cls, state)}
        ref = machine.new(state, InstanceCell(cls, Site(self.text, cls.node.origin), is_module=_is_module(cls)))
        init = _find_method(cls, "__init__", state)
        if init is not None:
            state = self._run_root(_bound(init, ref), state)
            methods.pop("__init__", None)
        setters = {name: function for name, function in methods.items() if _sets_attributes(self._body(function.node), function)}
        for name, function in setters.items():
            if self._matters(function.node):
                self._absorb(state, self._run_method(name, _bound(function, ref), state), ref)
        called_by_others = {name for name in methods if self._is_called_inside(name, methods)}
        for name, function in sorted(methods.items(), key=lambda pair: pair[0] in called_by_others):
            fresh = name not in setters and function.node not in machine.called
            if fresh and self._matters(function.node):
                self._run_method(name, _bound(function, ref), state)

    def _methods(self, cls: ClassValue, state: State) -> Iterator[tuple[str, Closure]]:
        for (scope, name), value in list(state.variables.items()):
            if scope != cls.scope:
                continue
            function = value.function if isinstance(value, Descriptor) and value.kind != "static" else value
            if isinstance(function, Closure) and isinstance(function.node, ir.Function):
                yield name, function

    def _is_called_inside(self, name: str, methods: dict[str, Closure]) -> bool:
        return any(name in self._mentions(other.node) for key, other in methods.items() if key != name)

    def _run_method(self, name: str, function: Closure, state: State) -> State:
        """Run a method; one that a trainer calls for each batch runs twice."""
        last = self._run_root(function, state.copy())
        if name in PER_STEP and last.changes != state.changes:
            last = self._run_root(function, last)
        return last

    @staticmethod
    def _absorb(state: State, later: State, ref: Ref) -> None:
        """Take over the attributes that a method was the first to set, with what they refer to."""
        mine, theirs = state.get(ref, InstanceCell), later.get(ref, InstanceCell)
        if mine is None or theirs is None:
            return
        known = {name for name, value in mine.attrs if value != NONE}
        new = tuple((name, value) for name, value in theirs.attrs if name not in known)
        if new:
            kept = {name for name, _ in new}
            attrs = (*(pair for pair in mine.attrs if pair[0] not in kept), *new)
            for address, cell in later.heap.items():
                state.heap.setdefault(address, cell)
            state.update(ref, attrs=attrs)


def _method_names(module: Module) -> frozenset[str]:
    """The names of all methods that the file's classes define."""
    names: set[str] = set()
    for statement in lower.lower_module(module):
        if isinstance(statement, ir.Class):
            names.update(inner.name for inner in statement.body if isinstance(inner, ir.Function))
    return frozenset(names)


def _is_module(cls: ClassValue) -> bool | None:
    from optlint.flow.classes import is_module

    return is_module(cls)


def _find_method(cls: ClassValue, name: str, state: State) -> Closure | None:
    from optlint.flow.classes import find

    found = find(cls, name, state)
    return found[0] if found is not None and isinstance(found[0], Closure) else None


def _bound(function: Closure, receiver: Value) -> Closure:
    return Closure(function.node, function.scopes, function.owner, receiver, function.defaults)


def _sets_attributes(body: ir.Block, function: Closure) -> bool:
    """Whether a method assigns to attributes of its first parameter."""
    if not function.node.parameters:
        return False
    name = function.node.parameters[0].name
    return any(_assigns_attribute(node, name) for node in _walk(body))


def _assigns_attribute(node: ir.Node, name: str) -> bool:
    targets = node.targets if isinstance(node, ir.Assign) else ()
    flat = [inner for target in targets for inner in (target.items if isinstance(target, ir.Display) else (target,))]
    return any(
        isinstance(target, ir.Attribute) and isinstance(target.value, ir.Name) and target.value.id == name
        for target in flat
    )


def _walk(block: ir.Block) -> Iterator[ir.Node]:
    """All statements in a block and in the blocks inside it."""
    for node in block:
        yield node
        for name in ("body", "orelse", "final"):
            yield from _walk(getattr(node, name, ()) if not isinstance(node, ir.Class) else ())
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _walk(part.body)


