"""Which expressions give what an attribute holds, or some of it, and what they do with it; told from spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any, NamedTuple, TypeAlias

from optlint.flow.frozen import dataclass
from optlint.flow.iterators.changes import name_of
from optlint.flow.reading import ir

Bodies: TypeAlias = Callable[[ir.Function], ir.Block]
BUILDS = frozenset("append extend insert add update setdefault appendleft".split())
GIVES = frozenset("values items get pop popleft copy to cuda cpu half float double bfloat16 train apply type".split())
LOOKS = frozenset(
    "clone keys index count clear reset_parameters size dim numel extra_repr __len__ item tolist numpy".split()
)
PASSES = frozenset("list tuple reversed enumerate zip iter next sorted tqdm chain islice cycle from_iterable".split())
QUESTIONS = frozenset(
    "equal allclose norm len print isinstance hasattr type id str repr range callable bool format".split()
)
RUNS = frozenset("map filter reduce starmap".split())
CHECKPOINT = "checkpoint"  # `checkpoint(layer, x)`, under whatever longer name
BY_NAME = frozenset("getattr setattr delattr".split())
NO_GRAD = frozenset("no_grad inference_mode".split())
# What is done with layers or tensors by who knows that nobody else trains them, or that nobody should.
HANDLES = frozenset(
    "parameters named_parameters state_dict load_state_dict requires_grad_ requires_grad eval children named_children "
    "modules named_modules buffers zero_grad share_memory register_forward_hook grad backward data register_hook "
    "retain_grad detach detach_ add_module register_module register_buffer register_parameter".split()
)
SETTINGS = frozenset("config cfg conf args opt opts options hparams hps params settings kwargs".split())  # no modules
WEIGHTS = frozenset({"weight", "bias"})
SETS = frozenset("copy_ fill_ zero_ set_ requires_grad_ constant_ zeros_ ones_ eye_ dirac_".split())  # nothing random
TURNED = frozenset({"T", "mT", "H", "mH"})  # the same tensor, seen from another side
COMPUTING = frozenset("torch F nn einsum rearrange repeat".split())
OPERATIONS = frozenset("mm bmm matmul mv dot mul add sub div pow addmm where expand_as masked_fill type_as".split())


class Store(NamedTuple):
    """An assignment to the attribute, and the function that it stands in."""

    target: ir.Attribute
    value: ir.Expression
    function: ir.Function | None


@dataclass(slots=True)
class Fate:
    """The places where an attribute is set and where its content computes, and whether anything else happens to it."""

    stores: list[Store] = field(default_factory=list)
    used: list[ir.Node] = field(default_factory=list)
    handled: bool = False
    built: bool = False  # items are added one by one
    picked: bool = True  # nothing but `[0]` reads it
    kept: set[str] = field(default_factory=set)  # the attributes of `self` that the value of a call is stored in


@dataclass(frozen=True, slots=True)
class Question:
    """Of which attribute: its name, and the classes on whose `self` it may be; `tensors` if it holds these.

    Or of the value of one call, whose origin is `root`; then looking at it counts as handling, too. What the functions
    of the names `followed` hand over to other functions is known in another way. A piece of a `single` tensor is
    computed from it.
    """

    name: str
    family: frozenset[ir.Class]
    tensors: bool = False
    root: ir.Origin = None
    followed: frozenset[str] = frozenset()
    single: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """A function, or the statements of the file that are in none; `cls` is the class that it is a method of."""

    node: ir.Function | None
    body: ir.Block
    cls: ir.Class | None

    @property
    def me(self) -> str | None:
        """The name of `self`."""
        node = self.node
        return node.parameters[0].name if node is not None and node.parameters and self.cls is not None else None


@dataclass(slots=True)
class Expressions:
    """The expressions of one scope; `names` stand for the content, `quiet` tells that it is not trained here.

    What comes out of `dropped` is used by nobody.
    """

    question: Question
    scope: Scope
    bodies: Bodies
    fate: Fate
    names: set[str] = field(default_factory=set)
    computed: set[str] = field(default_factory=set)  # names that stand for something else, somewhere
    quiet: int = 0
    dropped: ir.Expression | None = None
    depth: int = 0  # how many methods handed the content on

    def bind(self, target: ir.Expression, held: bool, value: ir.Expression | None = None) -> None:
        """A target takes what may be the content; or the content takes a value."""
        raise NotImplementedError

    def walked(self, node: ir.For | ir.Clause) -> None:
        """A loop: which of its names stand for items of the content."""
        raise NotImplementedError

    def added(self, value: ir.Expression | None) -> None:
        """Something is put into the content."""
        raise NotImplementedError

    def handed(self, node: ir.Call) -> bool:
        """The content is handed to a function: whether it could be read what that does with it, which is noted."""
        raise NotImplementedError

    def doubt(self, held: bool) -> None:
        """What is neither computing nor looking happens to the content, if an expression gives it."""
        self.fate.handled |= held

    def holds(self, node: ir.Expression) -> bool:
        """Whether an expression may give the content, or some of it; notes what is done with it."""
        reader = READERS.get(type(node))
        if reader is not None:
            return reader(self, node)
        for child in ir.children(node):
            self.holds(child)
        return False

    def is_it(self, node: ir.Attribute) -> bool:
        """Whether this is the attribute, on an object that may have it."""
        if node.attr != self.question.name:
            return False
        if isinstance(node.value, ir.Name) and node.value.id == self.scope.me:
            return self.scope.cls in self.question.family
        return name_of(node.value) not in SETTINGS

    def _name(self, node: ir.Name) -> bool:
        return node.id in self.names

    def _attribute(self, node: ir.Attribute) -> bool:
        if self.is_it(node):
            self.fate.picked = False
            return True
        if not self.holds(node.value):
            return False
        if node.attr in (TURNED if self.question.tensors else WEIGHTS):
            return self.question.root is None or self.question.tensors
        self.doubt(self.handles(node))
        return False

    def _subscript(self, node: ir.Subscript) -> bool:
        self.holds(node.index)
        before = self.fate.picked
        held = self.holds(node.value)
        if held and self.question.single:
            self.use(node)
            return False
        if isinstance(node.index, ir.Literal) and node.index.value == 0 and isinstance(node.value, ir.Attribute):
            self.fate.picked = before
        return held

    def _any(self, node: ir.Node) -> bool:
        return self.one_of(ir.children(node))

    def one_of(self, nodes: Iterable[ir.Expression]) -> bool:
        """Whether one of several expressions gives the content; all of them are read."""
        return True in [self.holds(node) for node in nodes]

    def handles(self, node: ir.Attribute) -> bool:
        """Whether an attribute or method of the content does more than look; weights may be looked at by `.data`."""
        if self.question.root is not None and not self.question.tensors:
            return True
        if self.question.tensors and node.attr in ("requires_grad", "requires_grad_"):
            return False
        of_weight = isinstance(node.value, ir.Attribute) and node.value.attr in WEIGHTS
        return node.attr in HANDLES and not (of_weight and node.attr in ("data", "detach"))

    def is_weight_of_layer(self, node: ir.Expression) -> bool:
        """Whether this is the weight of a layer that was just made, or some of it: who sets it wants no random one."""
        while isinstance(node, ir.Attribute | ir.Subscript):
            if isinstance(node, ir.Attribute) and node.attr == "weight":
                return self.question.root is not None and not self.question.tensors and self.holds(node.value)
            node = node.value
        return False

    def _sets_weight(self, func: ir.Expression, given: list[ir.Expression]) -> bool:
        """`layer.weight.copy_(filter)`, `nn.init.ones_(layer.weight)`."""
        changed = [func.value, *given[:1]] if isinstance(func, ir.Attribute) else given[:1]
        return name_of(func) in SETS and any(map(self.is_weight_of_layer, changed))

    def _conditional(self, node: ir.Conditional) -> bool:
        self.holds(node.test)
        return self.one_of((node.body, node.orelse))

    def _binary(self, node: ir.Binary) -> bool:
        held = self.one_of((node.left, node.right))
        computed = held and (self.question.tensors or is_weight(node.left) or is_weight(node.right))
        if computed:
            self.use(node)
        return held and not computed

    def _unary(self, node: ir.Unary) -> bool:
        if self.holds(node.operand) and self.question.tensors and node.op == "-":
            self.use(node)
        return False

    def _comprehension(self, node: ir.Comprehension) -> bool:
        for clause in node.clauses:
            self.walked(clause)
            for test in clause.tests:
                self.holds(test)
        if node.key is not None:
            self.holds(node.key)
        return self.holds(node.element)

    def _walrus(self, node: ir.Walrus) -> bool:
        held = self.holds(node.value)
        self.bind(node.target, held)
        return held

    def _yield(self, node: ir.Yield) -> bool:
        self.doubt(node.value is not None and self.holds(node.value))
        return False

    def _lambda(self, node: ir.Lambda) -> bool:
        self.doubt(self.holds(node.body))
        return False

    def _call(self, node: ir.Call) -> bool:
        func, name = node.func, name_of(node.func)
        if self.question.root is not None and node.origin is self.question.root:
            return not self.one_of(argument.value for argument in node.args)
        if isinstance(func, ir.Attribute) and not self.is_it(func) and self.holds(func.value):
            return self._method(node, func)
        given = [argument.value for argument in node.args]
        self.doubt(self._sets_weight(func, given))
        if (not isinstance(func, ir.Attribute) or self.is_it(func)) and self.holds(func):
            self.use(node)
            self.doubt(self.one_of(given))
            return False
        self.doubt(name in BY_NAME and self._is_named(node))
        if name in RUNS or CHECKPOINT in name:
            return self._run_by(node)
        held = self.one_of(given)
        if not held or name in QUESTIONS or name.endswith("_"):  # `nn.init.zeros_(layer.bias)`
            return False
        if name in PASSES:
            return True
        if name in BUILDS and isinstance(func, ir.Attribute) and isinstance(func.value, ir.Name):
            self.names.add(func.value.id)  # `layers.append(layer)`
            return False
        if self.question.tensors and self._computes(func):
            self.use(node)
        elif not self.handed(node):
            self.doubt(not self._is_followed(node))
        return False

    def _is_followed(self, node: ir.Call) -> bool:
        """`glorot(self.weight)`: a tensor is handed to a function, where the engine sees what that does."""
        caller = self.scope.node.name if self.scope.node is not None else ""
        return node is self.dropped and isinstance(node.func, ir.Name) and caller in self.question.followed

    def _method(self, node: ir.Call, func: ir.Attribute) -> bool:
        """A method of the content."""
        name = func.attr
        values = [argument.value for argument in node.args]
        held = self.one_of(values)
        if name in BUILDS:
            for value in values:
                self.added(value)
            return name == "setdefault"
        if name in GIVES:
            return not self.question.tensors or name in ("values", "items", "get", "pop", "to", "cuda", "float")
        if name == "forward" or (self.question.tensors and name not in HANDLES | LOOKS):
            self.use(node)
        elif name not in LOOKS:
            mine = any(isinstance(value, ir.Name) and value.id == self.scope.me for value in values)
            self.doubt(held or mine or self.handles(func))
        return False

    def _run_by(self, node: ir.Call) -> bool:
        """`map(lambda layer: layer(x), layers)`, `checkpoint(layer, x)`: a function gets the content, or runs it."""
        given = [argument.value for argument in node.args]
        held = [not isinstance(value, ir.Lambda) and self.holds(value) for value in given]
        if not given or not isinstance(given[0], ir.Lambda):
            if True in held:
                self.doubt(CHECKPOINT not in name_of(node.func))
                self.use(node)
            return False
        items = [None, *held[1:2]] if name_of(node.func) == "reduce" else held[1:]
        pairs = zip(given[0].parameters, items, strict=False)
        self.names.update(parameter.name for parameter, is_item in pairs if is_item)
        self.doubt(self.holds(given[0].body))
        return False

    def _computes(self, func: ir.Expression) -> bool:
        """Whether a function only computes with a tensor: one of torch in lower case, or a part of the object."""
        parts = _dotted(func)
        if not parts or parts[-1][:1].isupper() or not HANDLES.isdisjoint(parts):
            return False
        if len(parts) > 1 and parts[-1] in OPERATIONS:
            return True  # a method of another tensor
        of_self = len(parts) == 2 and parts[0] == self.scope.me
        return parts[0] in COMPUTING or (of_self and self._is_part(parts[1]))

    def _is_part(self, name: str) -> bool:
        """Whether an attribute of `self` is no method of its class."""
        inside = (node for cls in self.question.family for node in cls.body)
        return not any(isinstance(node, ir.Function) and node.name == name for node in inside)

    def _is_named(self, node: ir.Call) -> bool:
        """Whether the attribute is reached by its name."""
        values = [argument.value for argument in node.args]
        return any(isinstance(value, ir.Literal) and value.value == self.question.name for value in values)

    def use(self, node: ir.Node) -> None:
        """Something is computed from the content, or by it."""
        if not self.quiet and node is not self.dropped:
            self.fate.used.append(node)


def is_weight(node: ir.Expression) -> bool:
    """`layer.weight`: a tensor, where the content is made of layers."""
    return isinstance(node, ir.Attribute) and node.attr in WEIGHTS


def is_quiet(node: ir.Expression) -> bool:
    """Whether a context or decorator switches gradients off."""
    return name_of(node.func if isinstance(node, ir.Call) else node) in NO_GRAD


def _dotted(node: ir.Expression) -> tuple[str, ...]:
    """The names of a dotted name; nothing for anything else."""
    if isinstance(node, ir.Name):
        return (node.id,)
    inner = _dotted(node.value) if isinstance(node, ir.Attribute) else ()
    return (*inner, node.attr) if inner and isinstance(node, ir.Attribute) else ()


def sources(node: ir.Expression) -> Iterator[str]:
    """The names whose values an expression gives, or puts into what it gives."""
    if isinstance(node, ir.Name):
        yield node.id
    elif isinstance(node, ir.Display | ir.DictDisplay | ir.Starred | ir.Binary):
        for child in _repeated(node) or ir.children(node):
            yield from sources(child)
    elif isinstance(node, ir.Comprehension):
        bound = {name for clause in node.clauses for name in sources(clause.target)}
        yield from (name for name in sources(node.element) if name not in bound)
    elif isinstance(node, ir.Conditional):
        yield from (*sources(node.body), *sources(node.orelse))
    elif isinstance(node, ir.Call) and isinstance(node.func, ir.Attribute) and node.func.attr in GIVES:
        yield from sources(node.func.value)
    elif isinstance(node, ir.Call) and name_of(node.func) in PASSES | {"dict", "OrderedDict", "deque"}:
        given = [argument.value for argument in node.args]
        pairs = given[0] if len(given) == 1 and name_of(node.func) in ("dict", "OrderedDict") else None
        if isinstance(pairs, ir.Call) and name_of(pairs.func) == "zip":
            given = [argument.value for argument in pairs.args[1:]]  # not the keys
        for value in given:
            yield from sources(value)


def _repeated(node: ir.Expression) -> tuple[ir.Expression, ...]:
    """What `[layer] * n` gives over and over."""
    operands = (node.left, node.right) if isinstance(node, ir.Binary) and node.op == "*" else ()
    return tuple(part for part in operands if isinstance(part, ir.Display | ir.Comprehension))


STATEMENTS = frozenset({
    ir.Assign, ir.AugmentedAssign, ir.For, ir.With, ir.Return, ir.Delete, ir.Function, ir.Class, ir.If, ir.While,
    ir.Try, ir.Match, ir.Evaluate, ir.Raise, ir.Assert,
})  # fmt: skip
READERS: dict[type, Callable[[Expressions, Any], bool]] = {
    ir.Name: Expressions._name,
    ir.Attribute: Expressions._attribute,
    ir.Subscript: Expressions._subscript,
    ir.Display: Expressions._any,
    ir.DictDisplay: Expressions._any,
    ir.Starred: Expressions._any,
    ir.Boolean: Expressions._any,
    ir.Await: Expressions._any,
    ir.Conditional: Expressions._conditional,
    ir.Binary: Expressions._binary,
    ir.Unary: Expressions._unary,
    ir.Comprehension: Expressions._comprehension,
    ir.Walrus: Expressions._walrus,
    ir.Yield: Expressions._yield,
    ir.Lambda: Expressions._lambda,
    ir.Call: Expressions._call,
}
