"""The order in which a file is run: the module first, then what nobody called, then classes.

A function that is called is run where it is called, with what it is given. What is left, and what matters
(`relevance`), is run with unknown arguments, after the module, since it sees the module's final globals. A class is
run as an object would live: `__init__`, then the methods that set attributes, then the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, cast

from optlint.flow import worth
from optlint.flow.belonging import held, late, loose
from optlint.flow.core.cells import InstanceCell, IteratorCell, OptimizerCell
from optlint.flow.core.joining import join
from optlint.flow.core.machine import Arguments, Frame, Machine, Unit
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, ClassValue, Closure, Descriptor, Ref, Value
from optlint.flow.events import Site, Text
from optlint.flow.files import foreign, templates
from optlint.flow.groups import growth
from optlint.flow.order import gradients, rounds, trace, uncalled
from optlint.flow.python import classes, inlining, kinds, objects
from optlint.flow.reading import ir, relevance, texts
from optlint.flow.reading.names_read import Readings, readings_of
from optlint.flow.tensors import grad_mode

PER_STEP = frozenset(
    "training_step train_step train_batch optimize_parameters forward step update __call__ train_one_step "
    "on_train_batch_end on_train_batch_start optimizer_step".split()
)


@dataclass(slots=True)
class Life:
    """Runs all of one file on a machine."""

    machine: Machine
    unit: Unit
    words: frozenset[str] = frozenset()
    renamed: frozenset[str] = frozenset()
    switchers: frozenset[str] = frozenset()
    read: dict[Text, Readings] = field(default_factory=dict)
    lived: set[tuple[object, ...]] = field(default_factory=set)  # by `_kind`
    suspects: dict[ClassValue, tuple[held.Suspect, ...]] = field(default_factory=dict)

    def run(self, block: ir.Block, state: State) -> None:
        """Run the module, then its functions and classes."""
        self.machine.own_methods = _method_names(block)
        self.machine.block = block
        self.machine.readings = partial(self._readings, block)
        own = {node.name: self.machine.mentions(node) for node in _classes(block)}
        elsewhere = self._trainers_elsewhere(block)
        self.machine.trace.wanted = bool(elsewhere) or gradients.are_computed_in(block, self.machine)
        heirs = {node.name for node in _classes(block) if not elsewhere.isdisjoint(self._bases(node))}
        self.renamed = relevance.renamed(block) | relevance.trainers(own) | elsewhere | heirs
        functions = {node.name: self.machine.mentions(node) for node in _functions(block)}
        self.switchers = relevance.switchers(functions)
        self.words = relevance.spread_over(functions, self.renamed)
        self.machine.execute(block, state)
        state.live = True
        self._settle(state)
        self._run_rest(state, _Mark())
        rounds.judge(self.machine)
        for verdict in self.machine.verdicts:
            verdict()

    def _readings(self, block: ir.Block) -> Readings:
        """What this file reads, of which `block` is the whole, and the one whose code is running."""
        own, running = self.unit.file, self.machine.frame.unit.file
        if own not in self.read:
            self.read[own] = readings_of(block, self.machine.bodies)
        if running not in self.read:
            theirs = readings_of(texts.statements_of(cast("texts.Parsed", running)), self.machine.bodies)
            self.read[running] = theirs.joined(self.read[own])
        return self.read[running]

    def _trainers_elsewhere(self, block: ir.Block) -> frozenset[str]:
        """The names that imports give to other files, or functions and classes of theirs, that deal with training."""
        file = self.unit.file.filename
        imports = (node for node in block if isinstance(node, ir.Import | ir.ImportFrom))
        return frozenset(node.name for node in imports if self.machine.trains(self._path_of(node), file))

    def _path_of(self, node: ir.Import | ir.ImportFrom) -> str:
        if isinstance(node, ir.Import):
            return node.path
        return f"{objects.absolute(self.unit.name, node.module, node.level)}.{node.path}"

    def _bases(self, node: ir.Class) -> frozenset[str]:
        return frozenset().union(*map(self.machine.mentions, node.bases))

    def _settle(self, state: State) -> None:
        """Judge what waited for the end of a root, if that came: who knows what else would have happened."""
        machine = self.machine
        machine.cut_short |= machine.exhausted
        pending, machine.pending = machine.pending, []
        for judge in () if machine.exhausted else pending:
            judge(state)

    def _run_rest(self, state: State, before: _Mark) -> None:
        """Run the functions and classes that a root defined and nobody called, and the objects that it made."""
        machine = self.machine
        for cls, ref in machine.instances[before.instances :]:
            if _kind(cls) not in self.lived and self._class_matters(cls):
                self.lived.add(_kind(cls))
                self._live(cls, ref, state.copy())
            elif _kind(cls) not in self.lived and self._suspects(cls):
                self.lived.add(_kind(cls))
                self._grow(cls, ref, state.copy())
        for closure in machine.functions[before.functions :]:
            if closure.node not in machine.called and self._matters(closure.node, state):
                self._run_root(closure, state.copy())
        for cls in machine.classes[before.classes :]:
            if _kind(cls) not in self.lived and (self._class_matters(cls) or self._suspects(cls)):
                self.lived.add(_kind(cls))
                self._run_class(cls, state.copy())

    def _mark(self) -> _Mark:
        machine = self.machine
        return _Mark(len(machine.functions), len(machine.classes), len(machine.instances))

    def _matters(self, node: ir.Node, state: State) -> bool:
        words = self.machine.mentions(node)
        return (
            relevance.concerns_training(words)
            or not self.words.isdisjoint(words)
            or uncalled.is_in(self.machine, node)
            or any(
                scope == 0 and name in words and isinstance(state.cell(value), IteratorCell | OptimizerCell)
                for (scope, name), value in state.variables.items()
            )
        )

    def _class_matters(self, cls: ClassValue) -> bool:
        here = {known.node for known in self.machine.classes}
        bases = [base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue) and base.node in here]
        own = map(self.machine.mentions, bases)
        if any(relevance.concerns_training(words) or not self.renamed.isdisjoint(words) for words in own):
            return True
        if classes.is_module(cls) and not self.switchers.isdisjoint(self.machine.mentions(cls.node)):
            return True
        return late.may_build(self.machine, cls) or any(uncalled.is_in(self.machine, part) for part in cls.node.body)

    def _run_root(self, closure: Closure, state: State) -> State:
        """Run a function with arguments of which only the annotations tell anything."""
        machine, node = self.machine, closure.node
        before = self._mark()
        machine.begin_root()
        machine.frame = Frame(self.unit, (0,))
        frame = inlining.enter(machine, closure, Arguments((), {}, (), {}, open=True), _call_of(node), state)
        kinds.annotate(machine, closure, frame, state)
        mode = state.no_grad, state.recording
        head = gradients.begins(machine, closure, state)
        grad_mode.of_caller(machine, node, state)
        machine.frame = machine.trace.root = frame
        assert isinstance(node, ir.Function)
        machine.called[node] = 1
        machine.execute(self.machine.bodies(node), state)
        ends = [end for end, _ in frame.returns] + ([state] if state.live else [])
        last = join(ends, ()) or state
        last.live, last.depth = True, 0
        last.no_grad, last.recording = mode
        trace.round_ends(head, last)
        trace.loop_ends(machine, head)
        machine.frame = Frame(self.unit, (0,))
        self._settle(last)
        self._run_rest(last, before)
        return last

    def _run_class(self, cls: ClassValue, state: State) -> None:
        """Run an object's life from its `__init__` on, with unknown arguments."""
        self._suspects(cls)  # these tell which helpers of other files matter
        is_module = classes.is_module(cls)
        ref = self.machine.new(state, InstanceCell(cls, Site(self.unit.file, cls.node.origin), is_module=is_module))
        growth.born(self.machine, cls, ref, state)
        init = classes.find(cls, "__init__", state)
        if init is not None and isinstance(init[0], Closure) and foreign.is_long(self.machine, init[0]):
            state.marks.add((ref, growth.GROWS))
        elif init is not None and isinstance(init[0], Closure):
            state = self._run_root(replace(init[0], bound=ref), state)
        (self._live if self._class_matters(cls) else self._grow)(cls, ref, state)

    def _suspects(self, cls: ClassValue) -> tuple[held.Suspect, ...]:
        """Attributes that may hold modules which the class does not register."""
        if cls not in self.suspects:
            self.suspects[cls] = held.suspects(self.machine, cls)
        return self.suspects[cls]

    def _grow(self, cls: ClassValue, ref: Ref, state: State) -> set[str]:
        """Run the methods of an object that set its attributes, and judge what it is then."""
        methods = {name: function for name, function in self._methods(cls, state) if name != "__init__"}
        setters = {name: method for name, method in methods.items() if worth.attributes_set(self.machine, method)}
        if classes.is_module(cls) is not True:
            running = worth.running(self.machine, methods, self._known_to_train(cls))
            setters = worth.setting(self.machine, setters, running, methods)
        for name, function in setters.items():
            self._absorb(state, self._run_method(name, replace(function, bound=ref), state), ref)
        held.judge(self.machine, self._suspects(cls), ref, state)
        loose.judge(self.machine, cls, ref, state)
        return set(setters)

    def _live(self, cls: ClassValue, ref: Ref, state: State) -> None:
        """Run the methods of an object that is there: first those that set its attributes, then the others."""
        setters = self._grow(cls, ref, state)
        methods = {name: function for name, function in self._methods(cls, state) if name != "__init__"}
        running = worth.running(self.machine, methods, self._known_to_train(cls))
        inner = {name for name in methods if self._is_called_inside(name, methods)}
        differing = self._differing(cls, methods) - inner
        for name in sorted(methods.keys() - setters, key=lambda name: (name in inner, list(methods).index(name))):
            method = methods[name]
            builds = name == late.FORWARD and late.may_build(self.machine, cls)
            if (method.node not in self.machine.called or name in differing) and (
                name in running or builds or worth.tells(self.machine, method, ref, state)
            ):
                self._run_method(name, replace(method, bound=ref), state)
        for template in templates.of(self.machine, cls, state):
            self._run_root(replace(template, bound=ref), state.copy())

    def _known_to_train(self, cls: ClassValue) -> frozenset[str]:
        """The names of what deals with training, methods that a class inherits from other files among them."""
        own = {known.node for known in self.machine.classes}
        bases = [base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue) and base.node not in own]
        inherited = {node.name: self.machine.mentions(node) for base in bases for node in _functions(base.body)}
        training = {name for name, words in inherited.items() if relevance.concerns_training(words)}
        return self.words | self.renamed | training

    def _methods(self, cls: ClassValue, state: State) -> Iterator[tuple[str, Closure]]:
        """The methods that an object has, nearest class first; those of other files run only where they are called."""
        seen: set[str] = set()
        for base in classes.ancestry(cls):
            for node in base.node.body if isinstance(base, ClassValue) else ():
                name = node.name if isinstance(node, ir.Function) else ""
                value = state.variables.get((base.scope, name)) if isinstance(base, ClassValue) else None
                function = value.function if isinstance(value, Descriptor) and value.kind != "static" else value
                if name not in seen and isinstance(function, Closure) and isinstance(function.node, ir.Function):
                    seen.add(name)
                    yield name, function

    def _is_called_inside(self, name: str, methods: dict[str, Closure]) -> bool:
        return any(name in self.machine.mentions(other.node) for key, other in methods.items() if key != name)

    def _differing(self, cls: ClassValue, methods: dict[str, Closure]) -> set[str]:
        """The inherited methods that call something else here, because a class below defines that anew."""
        words = {name: self.machine.mentions(method.node) for name, method in methods.items() if method.owner != cls}
        below = {name for name, method in methods.items() if method.owner == cls}
        anew = {name for name in below if any(self._defines(base, name) for base in [*classes.ancestry(cls)][1:])}
        found: set[str] = set()
        while more := {name for name, used in words.items() if not used.isdisjoint(anew | found)} - found:
            found |= more
        return found

    @staticmethod
    def _defines(base: Value, name: str) -> bool:
        return isinstance(base, ClassValue) and any(getattr(part, "name", "") == name for part in base.node.body)

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
            state.adopt(later)
            state.update(ref, attrs=attrs)


class _Mark(NamedTuple):
    """How many functions, classes and objects the machine had met at some point."""

    functions: int = 0
    classes: int = 0
    instances: int = 0


def _functions(block: ir.Block) -> list[ir.Function]:
    return [node for node in block if isinstance(node, ir.Function)]


def _classes(block: ir.Block) -> list[ir.Class]:
    return [node for node in block if isinstance(node, ir.Class)]


def _call_of(node: ir.Node) -> ir.Call:
    return ir.Call(node.origin, node, ())


def _method_names(block: ir.Block) -> frozenset[str]:
    """The names of all methods that the file's classes define."""
    found = [statement.body for statement in block if isinstance(statement, ir.Class)]
    return frozenset(node.name for body in found for node in _functions(body))


def _kind(cls: ClassValue) -> tuple[object, ...]:
    """A class with its bases, whichever call of a function defined them: each call defines them anew."""
    return tuple(base.node if isinstance(base, ClassValue) else base for base in classes.ancestry(cls))
