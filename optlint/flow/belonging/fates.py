"""What the code of a file does with what an attribute holds, told from spelling: code that is never run counts, too.

Whoever only computes with it leaves it where it is. Anything else, such as handing it to code that may register it, is
*handling*: a doubt, in favour of the code. Names stand for the attribute's content wherever they may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from optlint.flow.belonging.contents import (
    STATEMENTS,
    Bodies,
    Expressions,
    Fate,
    Question,
    Scope,
    Store,
    is_quiet,
    is_weight,
    sources,
)
from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir

MOST_ROUNDS = 6
DEEPEST = 3  # methods that hand something on to each other
Found: TypeAlias = tuple[ir.Function | None, ir.Block, ir.Class | None]


def fate_of(question: Question, block: ir.Block, bodies: Bodies, mentions: Callable[[ir.Node], frozenset[str]]) -> Fate:
    """What the statements of a file do with an attribute."""
    fate = Fate()
    for node, statements, cls in _scopes(block):
        if node is None or question.name in mentions(node):
            scope = Scope(node, statements if node is None else bodies(node), cls)
            _Reading(question, scope, bodies, fate).read()
        if fate.handled:
            break
    return fate


def fate_of_value(root: ir.Origin, function: ir.Function, bodies: Bodies, *, tensor: bool) -> Fate:
    """What a function does with the value of one of its calls."""
    fate = Fate()
    question = Question("", frozenset(), tensor, root)
    _Reading(question, Scope(function, bodies(function), None), bodies, fate).read()
    return fate


def _scopes(block: ir.Block, cls: ir.Class | None = None) -> Iterator[Found]:
    """The functions in some statements, those in branches and classes too, then the statements that are in none."""
    for node in _definitions(block):
        if isinstance(node, ir.Function):
            yield node, (), cls
        elif isinstance(node, ir.Class):
            yield from _scopes(node.body, node)
    yield None, block, None


def _definitions(block: ir.Block) -> Iterator[ir.Node]:
    for node in block:
        if isinstance(node, ir.Function | ir.Class):
            yield node
        elif isinstance(node, ir.If | ir.Try | ir.With | ir.For | ir.While):
            yield from (part for part in ir.walk(node) if isinstance(part, ir.Function | ir.Class))


def _pairs(target: ir.Expression, value: ir.Expression) -> Iterator[tuple[ir.Expression, ir.Expression]]:
    """`self.a, self.b = these, those`: each target with what it gets."""
    starred = any(isinstance(part, ir.Starred) for part in (*ir.children(target), *ir.children(value)))
    if isinstance(target, ir.Display) and isinstance(value, ir.Display) and not starred:
        yield from zip(target.items, value.items, strict=False)
    else:
        yield target, value


class _Reading(Expressions):
    """One scope is read again and again until no further name is found that stands for the content."""

    __slots__ = ()

    def read(self) -> None:
        """Note what this scope does."""
        for _ in range(MOST_ROUNDS):
            known = len(self.names)
            trial = Fate()
            final, self.fate = self.fate, trial
            self.quiet = int(self._has_quiet_decorator())
            self._run(self.scope.body)
            self.fate = final
            if len(self.names) == known:
                break
        self.fate.stores += trial.stores
        self.fate.used += trial.used
        self.fate.handled |= trial.handled
        self.fate.built |= trial.built
        self.fate.picked &= trial.picked
        self.fate.kept |= trial.kept

    def _has_quiet_decorator(self) -> bool:
        decorators = self.scope.node.decorators if self.scope.node is not None else ()
        return any(is_quiet(decorator) for decorator in decorators)

    def _run(self, block: ir.Block) -> None:
        for node in block:
            self._statement(node)

    def _statement(self, node: ir.Node) -> None:
        if isinstance(node, ir.Assign):
            self._assign(node)
        elif isinstance(node, ir.AugmentedAssign):
            self._augmented(node)
        elif isinstance(node, ir.For):
            self.walked(node)
            self._run((*node.body, *node.orelse))
        elif isinstance(node, ir.With):
            self._with(node)
        elif isinstance(node, ir.Return):
            self.doubt(node.value is not None and self.holds(node.value) and not self._is_computed(node.value))
        elif isinstance(node, ir.Evaluate):
            self.dropped = node.value
            self.holds(node.value)
        elif isinstance(node, ir.Delete):
            self.doubt(self.one_of(node.targets))
        elif isinstance(node, ir.Function):
            if self.scope.node is not None:  # one inside this one sees its names
                self._run(self.bodies(node))
        elif not isinstance(node, ir.Class | ir.Assert):
            self._others(node)

    def _others(self, node: ir.Node) -> None:
        """Statements that only hold others, and expressions."""
        for child in ir.children(node):
            if type(child) in STATEMENTS:
                self._statement(child)
            elif isinstance(child, ir.Handler | ir.Case):
                self._others(child)
            else:
                self.holds(child)

    def _with(self, node: ir.With) -> None:
        quiet = any(is_quiet(context) for context, _ in node.items)
        for context, _ in node.items:
            self.holds(context)
        self.quiet += quiet
        self._run(node.body)
        self.quiet -= quiet

    def _assign(self, node: ir.Assign) -> None:
        if node.value is None:
            return
        held = self.holds(node.value)
        for target in node.targets:
            for part, value in _pairs(target, node.value):
                self.bind(part, held, value)

    def bind(self, target: ir.Expression, held: bool, value: ir.Expression | None = None) -> None:
        """A target takes what may be the content; or the content takes a value."""
        self.doubt(self.is_weight_of_layer(target))
        if isinstance(target, ir.Name):
            (self.names if held else self.computed).add(target.id)
        elif isinstance(target, ir.Display):
            for item in target.items:
                self.bind(item, held)
        elif isinstance(target, ir.Starred):
            self.bind(target.value, held)
        elif isinstance(target, ir.Attribute) and self.is_it(target):
            self._stored(target, value)
        elif isinstance(target, ir.Subscript) and self.holds(target.value):
            self.added(value)
        elif isinstance(target, ir.Attribute) and self.holds(target.value):
            self.doubt(self.handles(target) or held)
        elif held and self.question.single and _is_of_tensor(target):
            self.use(target)
        elif held:
            self._kept(target)

    def _kept(self, target: ir.Expression) -> None:
        """The content gets a second place; the value of a call may get its first."""
        node = self.scope.node
        me = node.parameters[0].name if node is not None and node.parameters else None
        of_self = isinstance(target, ir.Attribute) and isinstance(target.value, ir.Name) and target.value.id == me
        if self.question.root is not None and isinstance(target, ir.Attribute) and of_self:
            self.fate.kept.add(target.attr)
        else:
            self.doubt(True)

    def walked(self, node: ir.For | ir.Clause) -> None:
        """A loop: which of its names stand for items of the content."""
        self._pair(node.target, node.iterable)

    def _pair(self, target: ir.Expression, source: ir.Expression) -> None:
        """`for i, (a, b) in enumerate(zip(these, those))`: each name with what it goes through."""
        name = name_of(source.func) if isinstance(source, ir.Call) else ""
        parts = target.items if isinstance(target, ir.Display) else ()
        if isinstance(source, ir.Call) and name == "zip" and len(parts) == len(source.args):
            for part, argument in zip(parts, source.args, strict=True):
                self._pair(part, argument.value)
        elif isinstance(source, ir.Call) and name == "enumerate" and len(parts) == 2 and source.args:
            self._pair(parts[1], source.args[0].value)
        else:
            self.bind(parts[-1] if name == "items" and len(parts) == 2 else target, self.holds(source))

    def handed(self, node: ir.Call) -> bool:
        """The content is handed to methods of `self`: they are read, with the parameters that stand for it."""
        methods = list(self._own_methods(node.func))
        if not methods or self.depth == DEEPEST or not all(_is_plain(node, method) for _, method in methods):
            return False
        for cls, method in methods:
            names = {name for name, value in _given(node, method) if self.holds(value)}
            scope, inner = Scope(method, self.bodies(method), cls), Fate()
            _Reading(self.question, scope, self.bodies, inner, names, depth=self.depth + 1).read()
            self.fate.used += [] if self.quiet else inner.used
            self.fate.handled |= inner.handled
        return True

    def _own_methods(self, func: ir.Expression) -> Iterator[tuple[ir.Class, ir.Function]]:
        """The methods that `self.name` may be."""
        of_self = isinstance(func, ir.Attribute) and isinstance(func.value, ir.Name) and func.value.id == self.scope.me
        for cls in self.question.family if of_self else ():
            found = (node for node in cls.body if isinstance(node, ir.Function) and node.name == name_of(func))
            yield from ((cls, node) for node in found)

    def _stored(self, target: ir.Attribute, value: ir.Expression | None) -> None:
        self.doubt(value is None)
        if value is not None:
            self.fate.stores.append(Store(target, value, self.scope.node))
            self._flows(value)

    def _is_computed(self, node: ir.Expression) -> bool:
        """Whether a name stands for a tensor on some paths only, and on others for what was computed from it."""
        return self.question.tensors and isinstance(node, ir.Name) and node.id in self.computed

    def _augmented(self, node: ir.AugmentedAssign) -> None:
        held = self.holds(node.value)
        if self.holds(node.target):
            self.added(node.value)
        elif held and (self.question.single or is_weight(node.value)):
            self.use(node)
        elif held and isinstance(node.target, ir.Name):
            self.names.add(node.target.id)
        else:
            self.doubt(held)

    def added(self, value: ir.Expression | None) -> None:
        self.fate.built = True
        if value is not None:
            self._flows(value)

    def _flows(self, value: ir.Expression) -> None:
        """What is stored is the content, whatever names stand for it; who freezes it there knows what it is for."""
        if self.question.root is None:
            self.doubt(any(isinstance(part, ir.Attribute) and self.handles(part) for part in ir.walk(value)))
        self.names.update(sources(value))


def _is_of_tensor(target: ir.Expression) -> bool:
    """`x[:, 0]`, `x[~mask]`, `x[mask > 0]`: what only tensors can be asked for."""
    index = target.index if isinstance(target, ir.Subscript) else None
    if isinstance(index, ir.Display):
        return any(isinstance(item, ir.Slice) for item in index.items)
    return isinstance(index, ir.Slice | ir.Comparison) or (isinstance(index, ir.Unary) and index.op == "~")


def _is_plain(node: ir.Call, method: ir.Function) -> bool:
    """Whether each argument of a call of a method has a parameter of its own."""
    stars = [*(argument.star for argument in node.args), *(parameter.star for parameter in method.parameters)]
    bare = all(name_of(decorator) == "staticmethod" for decorator in method.decorators)
    return bare and not any(stars) and all(name for name, _ in _given(node, method))


def _given(node: ir.Call, method: ir.Function) -> Iterator[tuple[str, ir.Expression]]:
    """The parameters of a method with what a call of it through `self` gives them."""
    names = [parameter.name for parameter in method.parameters][0 if method.decorators else 1 :]
    for place, argument in enumerate(node.args):
        yield argument.keyword or (names[place] if place < len(names) else ""), argument.value
