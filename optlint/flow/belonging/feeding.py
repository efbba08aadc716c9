"""Which parts of a model are computed from which others, told from the spelling of code that runs them.

Only what is surely so counts, with gradients all the way: what happens in one of two branches alone does not, and what
a function of unknown code gives is computed from nothing. A loop is taken to run at least once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from optlint.flow.belonging.contents import is_quiet
from optlint.flow.core.values import Ref
from optlint.flow.frozen import dataclass
from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.flow.belonging.contents import Bodies

DEEPEST = 4  # functions that call each other
# What no gradient flows through, as far as names tell.
CUTS = frozenset(
    "detach detach_ item tolist numpy argmax argmin argsort long int bool byte short sign round floor ceil sample eq "
    "ne lt gt le ge zeros_like ones_like empty_like full_like rand_like randn_like new_zeros new_ones new_tensor "
    "new_full new_empty zeros ones full empty rand randn randint arange tensor as_tensor bernoulli multinomial one_hot "
    "bincount nonzero any all isnan isinf size dim numel unique searchsorted bucketize topk sort histc print".split()
)
MAY_BE_QUIET = frozenset({"set_grad_enabled"})
ADDS = frozenset({"append", "extend", "insert"})
NUMBERS = frozenset({"shape", "device", "dtype", "data", "ndim", "grad"})
MAKES = frozenset("tuple list zip enumerate reversed sum dict iter next sorted".split())

Flow: TypeAlias = "Part | frozenset[Ref] | tuple[Flow, ...]"
Environment: TypeAlias = dict[str, Flow]
NOTHING: frozenset[Ref] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the model itself: a module that may be called, and not what it gives."""

    ref: Ref


class Names(Protocol):
    """What expressions stand for in some code."""

    def part(self, node: ir.Expression) -> Flow | None:
        """The part of the model that an expression is, or that a call runs: a module, or what a parameter gives."""

    def function(self, node: ir.Call) -> ir.Function | None:
        """The function or method of the project that a call runs."""

    def is_torch(self, func: ir.Expression) -> bool:
        """Whether a function is one of torch, which computes with what it is given."""

    def truth(self, test: ir.Expression) -> bool | None:
        """How a test ends, if that is known."""


@dataclass(slots=True)
class Feeding:
    """What some code computes from what.

    `inputs` are, for each part, those that every call of it is given something computed from; `outcome` are those that
    everything that is returned is computed from. `used` is where each part first computes, `entered` are the functions
    that were read on the way.
    """

    inputs: dict[Ref, frozenset[Ref]] = field(default_factory=dict)
    outcome: frozenset[Ref] = NOTHING
    used: dict[Ref, ir.Node] = field(default_factory=dict)
    entered: set[ir.Function] = field(default_factory=set)

    def is_fed(self, part: Ref, source: Ref) -> bool:
        """Whether a part is surely given something that is computed from another one."""
        return source in self.inputs.get(part, NOTHING)


def read(block: ir.Block, names: Names, bodies: Bodies) -> Feeding:
    """What some statements compute."""
    reading = _Reading(names, bodies)
    returned = reading.all_of(block, {})
    reading.found.outcome = _met(map(sure, returned))
    return reading.found


def flat(flow: Flow) -> frozenset[Ref]:
    """All that something is computed from."""
    if isinstance(flow, Part):
        return frozenset({flow.ref})
    return flow if isinstance(flow, frozenset) else NOTHING.union(*map(flat, flow))


def sure(flow: Flow) -> frozenset[Ref]:
    """What each of several tensors is computed from, but for those without gradients."""
    return _met(filter(None, map(sure, flow))) if isinstance(flow, tuple) else flat(flow)


def _met(flows: Iterable[frozenset[Ref]]) -> frozenset[Ref]:
    known = [*flows]
    return known[0].intersection(*known[1:]) if known else NOTHING


@dataclass(slots=True)
class _Reading:
    """The statements of one function after another; `quiet` tells that gradients are off."""

    names: Names
    bodies: Bodies
    found: Feeding = field(default_factory=Feeding)
    quiet: int = 0
    depth: int = 0
    returned: list[Flow] = field(default_factory=list)

    def all_of(self, block: ir.Block, known: Environment) -> list[Flow]:
        """What a function returns."""
        outer, self.returned = self.returned, []
        self.run(block, known)
        mine, self.returned = self.returned, outer
        return mine

    def run(self, block: ir.Block, known: Environment) -> bool:
        """Run statements; whether their end is reached."""
        for node in block:
            if isinstance(node, ir.If):
                reached = self._if(node, known)
            elif isinstance(node, ir.Return):
                self.returned += [self.flow(node.value, known)] if node.value is not None else []
                reached = False
            else:
                reached = not isinstance(node, ir.Raise | ir.Break | ir.Continue)
                self._statement(node, known)
            if not reached:
                return False
        return True

    def _statement(self, node: ir.Node, known: Environment) -> None:
        if isinstance(node, ir.Assign) and node.value is not None:
            flow = self.flow(node.value, known)
            for target in node.targets:
                self._bind(target, flow, known)
        elif isinstance(node, ir.AugmentedAssign):
            self._bind(node.target, flat(self.flow(node.target, known)) | flat(self.flow(node.value, known)), known)
        elif isinstance(node, ir.Evaluate):
            self.flow(node.value, known)
        elif isinstance(node, ir.For):
            self._bind(node.target, self._items(node.iterable, known), known)
            self.run(node.body, known)
        elif isinstance(node, ir.While):
            self.run(node.body, known)
        elif isinstance(node, ir.With):
            self._with(node, known)
        elif isinstance(node, ir.Try):
            self._either([(*node.body, *node.orelse), *(handler.body for handler in node.handlers)], known)
            self.run(node.final, known)
        elif isinstance(node, ir.Match):
            self._either([*(case.body for case in node.cases), ()], known)

    def _if(self, node: ir.If, known: Environment) -> bool:
        truth = self.names.truth(node.test)
        self.flow(node.test, known)
        if truth is not None:
            return self.run(node.body if truth else node.orelse, known)
        return self._either([node.body, node.orelse], known)

    def _either(self, blocks: list[ir.Block], known: Environment) -> bool:
        """One of several blocks runs: what is known then is what is so after each of them."""
        ends = [(branch := dict(known), self.run(block, branch)) for block in blocks]
        live = [branch for branch, reached in ends if reached]
        for name in known.keys() | {name for branch in live for name in branch}:
            flows = [branch.get(name, NOTHING) for branch in live]
            known[name] = flows[0] if flows and all(flow == flows[0] for flow in flows) else _met(map(flat, flows))
        return bool(live)

    def _with(self, node: ir.With, known: Environment) -> None:
        quiet = any(is_quiet(context) or name_of(context) in MAY_BE_QUIET for context, _ in node.items)
        self.quiet += quiet
        self.run(node.body, known)
        self.quiet -= quiet

    def _bind(self, target: ir.Expression, flow: Flow, known: Environment) -> None:
        if isinstance(target, ir.Name):
            known[target.id] = flow
        elif isinstance(target, ir.Starred):
            self._bind(target.value, flat(flow), known)
        elif isinstance(target, ir.Display):
            fits = isinstance(flow, tuple) and len(flow) == len(target.items)
            flows = flow if isinstance(flow, tuple) and fits else (_whole(flow),) * len(target.items)
            for item, part in zip(target.items, flows, strict=True):
                self._bind(item, part, known)
        elif isinstance(target, ir.Subscript) and isinstance(target.value, ir.Name):
            self._add(target.value.id, flow, known)

    @staticmethod
    def _add(name: str, flow: Flow, known: Environment) -> None:
        """Something is put into what a name stands for."""
        known[name] = flat(known.get(name, NOTHING)) | flat(flow)

    def _items(self, source: ir.Expression, known: Environment) -> Flow:
        """What a loop goes through, one by one; `enumerate` and `zip` give several at once."""
        given = [argument.value for argument in source.args] if isinstance(source, ir.Call) else []
        name = name_of(source.func) if isinstance(source, ir.Call) else ""
        if name == "enumerate" and given:
            return (NOTHING, self._items(given[0], known))
        if name == "zip":
            return tuple(self._items(one, known) for one in given)
        if (
            name in ("items", "named_children")
            and isinstance(source, ir.Call)
            and isinstance(source.func, ir.Attribute)
        ):
            return (NOTHING, self._items(source.func.value, known))
        return _whole(self.flow(source, known))

    def flow(self, node: ir.Expression | None, known: Environment) -> Flow:
        """What an expression is computed from."""
        if node is None or self.quiet:
            return NOTHING
        part = self.names.part(node)
        if part is not None and not isinstance(node, ir.Call):
            for ref in flat(part):
                self.found.used.setdefault(ref, node)
            return part
        reader = _READERS.get(type(node))
        return NOTHING if reader is None else reader(self, node, known)

    def _name(self, node: ir.Name, known: Environment) -> Flow:
        return known.get(node.id, NOTHING)

    def _attribute(self, node: ir.Attribute, known: Environment) -> Flow:
        """`x.T`; what an attribute of a module is nobody knows."""
        return NOTHING if node.attr in NUMBERS else flat(_tensor(self.flow(node.value, known)))

    def _subscript(self, node: ir.Subscript, known: Environment) -> Flow:
        """`x[:, 0]`, `outputs[-1]`, `self.layers[i]`."""
        flow = self.flow(node.value, known)
        place = node.index.value if isinstance(node.index, ir.Literal) else None
        if isinstance(flow, tuple) and isinstance(place, int) and -len(flow) <= place < len(flow):
            return flow[place]
        return _whole(flow)

    def _any(self, node: ir.Binary | ir.Unary | ir.Starred | ir.Await, known: Environment) -> Flow:
        return NOTHING.union(*(flat(self.flow(child, known)) for child in ir.children(node)))

    def _display(self, node: ir.Display | ir.DictDisplay, known: Environment) -> Flow:
        return tuple(self.flow(child, known) for child in ir.children(node))

    def _boolean(self, node: ir.Boolean, known: Environment) -> Flow:
        return _met(flat(self.flow(one, known)) for one in (node.left, node.right))

    def _conditional(self, node: ir.Conditional, known: Environment) -> Flow:
        truth = self.names.truth(node.test)
        if truth is not None:
            return self.flow(node.body if truth else node.orelse, known)
        return _met(flat(self.flow(one, known)) for one in (node.body, node.orelse))

    def _comprehension(self, node: ir.Comprehension, known: Environment) -> Flow:
        inner = dict(known)
        for clause in node.clauses:
            self._bind(clause.target, self._items(clause.iterable, inner), inner)
        return flat(self.flow(node.element, inner))

    def _walrus(self, node: ir.Walrus, known: Environment) -> Flow:
        flow = self.flow(node.value, known)
        self._bind(node.target, flow, known)
        return flow

    def _call(self, node: ir.Call, known: Environment) -> Flow:
        given = [self.flow(argument.value, known) for argument in node.args]
        runs = self.names.part(node) or self.flow(node.func, known)
        if isinstance(runs, Part):
            return self._run_part(runs.ref, node, flat(tuple(given)))
        function = self.names.function(node)
        return self._by_name(node, given, known) if function is None else self._run_own(function, node, given)

    def _by_name(self, node: ir.Call, given: list[Flow], known: Environment) -> Flow:
        """`torch.cat(parts)`, `x.view(…)`, `outputs.append(x)`: what a function or a method of a tensor gives."""
        func, name = node.func, name_of(node.func)
        if isinstance(func, ir.Attribute) and name in ADDS and isinstance(func.value, ir.Name):
            self._add(func.value.id, tuple(given), known)
        if name in CUTS | ADDS:
            return NOTHING
        if self.names.is_torch(func) or (isinstance(func, ir.Name) and name in MAKES):
            return flat(tuple(given))
        if isinstance(func, ir.Attribute):
            receiver = flat(_tensor(self.flow(func.value, known)))
            return receiver.union(*map(flat, given)) if receiver else NOTHING
        return NOTHING

    def _run_part(self, part: Ref, node: ir.Call, given: frozenset[Ref]) -> Flow:
        """A part of the model is called."""
        self.found.used.setdefault(part, node)
        self.found.inputs[part] = self.found.inputs.get(part, given) & given
        return given | {part}

    def _run_own(self, function: ir.Function, node: ir.Call, given: list[Flow]) -> Flow:
        """A function of the project is called: what it returns."""
        if self.depth == DEEPEST:
            return NOTHING
        known = _given(function, node, given)
        self.found.entered.add(function)
        self.depth += 1
        self.quiet += (quiet := any(map(is_quiet, function.decorators)))
        returned = self.all_of(self.bodies(function), known)
        self.quiet -= quiet
        self.depth -= 1
        return returned[0] if len(returned) == 1 else _met(map(flat, returned))


def _given(function: ir.Function, node: ir.Call, given: list[Flow]) -> Environment:
    """The parameters of a function that a call gives something that is computed."""
    places = [one.name for one in function.parameters if not one.star and not one.keyword_only]
    places = places[places[:1] in (["self"], ["cls"]) :]
    positional = [flow for argument, flow in zip(node.args, given, strict=True) if not argument.keyword]
    if any(argument.star for argument in node.args):
        positional = []
    named = {argument.keyword: flow for argument, flow in zip(node.args, given, strict=True) if argument.keyword}
    return dict(zip(places, positional, strict=False)) | named


def _whole(flow: Flow) -> Flow:
    """What stands for any item of something: one of several modules is taken for all of them."""
    return flow if isinstance(flow, Part) else flat(flow)


def _tensor(flow: Flow) -> Flow:
    """What has a method or attribute, if it is a tensor: nobody knows what those of modules are."""
    return NOTHING if isinstance(flow, Part) else flow


_READERS: Mapping[type, Callable[[_Reading, Any, Environment], Flow]] = {
    ir.Name: _Reading._name,
    ir.Attribute: _Reading._attribute,
    ir.Subscript: _Reading._subscript,
    ir.Binary: _Reading._any,
    ir.Unary: _Reading._any,
    ir.Starred: _Reading._any,
    ir.Await: _Reading._any,
    ir.Display: _Reading._display,
    ir.DictDisplay: _Reading._display,
    ir.Boolean: _Reading._boolean,
    ir.Conditional: _Reading._conditional,
    ir.Comprehension: _Reading._comprehension,
    ir.Walrus: _Reading._walrus,
    ir.Call: _Reading._call,
}
