"""The interpreter's core: frames, the budget, and the tables that say how each kind of node is run.

`statements.py`, `expressions.py` and `calls.py` hold the functions; they take the machine and the state, and
reach each other through `Machine.evaluate`, `execute` and `call` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from optlint.flow.core.acts import Trace
from optlint.flow.core.cells import Cell, Entry, IteratorCell
from optlint.flow.core.records import Births, Kin, Owned
from optlint.flow.core.values import UNKNOWN, Ref, Value
from optlint.flow.events import Site
from optlint.flow.frozen import dataclass, replace
from optlint.flow.reading.names_read import Readings

if TYPE_CHECKING:
    from optlint.flow.core.state import State
    from optlint.flow.core.values import ClassValue, Closure, Path
    from optlint.flow.events import Text
    from optlint.flow.reading import ir
    from optlint.flow.settings import Settings

DEEPEST_CALL = 8
MOST_CALLS_OF_ONE = 12
MOST_STEPS = 250_000  # evaluated expressions in a file, some seconds; a usual file has some thousands
MOST_STEPS_OF_ROOT = 40_000
SPARE_STEPS = 500  # of each root, once those of the file are spent

# Kinds whose birth is no expression, or not that alone, or whose items end with the next one.
NO_LIST = frozenset({"tee", "iterator", "tqdm", "generator", "groupby"})


@dataclass(slots=True, eq=False)
class Fork:
    """Stands in a path for an `if` that was met; two of them may ask the same."""

    test: Site


@dataclass(slots=True)
class Counter:
    """A source of heap addresses."""

    last: int = 0

    def next(self) -> int:
        """A number that was not given before."""
        self.last += 1
        return self.last


@dataclass(slots=True)
class Loop:
    """The states that left a loop's body early; what it goes through, the path of its body, the names that it binds."""

    source: Value | None = None
    inside: Path = ()
    names: frozenset[str] = frozenset()
    unrolled: bool = False  # its rounds are run one by one
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unit:
    """A source file: its text, its dotted module name, and the scope of its globals."""

    file: Text
    name: str
    scope: int


class HasUnit(Protocol):
    """What belongs to a source file."""

    @property
    def unit(self) -> Unit:
        """The file."""


@dataclass(slots=True)
class Frame:
    """One activation of a function, a class body or a module.

    `given` maps references that came in as arguments to the expressions that passed them, in the caller.
    """

    unit: Unit
    scopes: tuple[int, ...]
    caller: Frame | None = None
    owner: ClassValue | None = None
    bound: Value | None = None
    node: ir.Node | None = None
    call: Site | None = None  # that made it run
    given: dict[Ref, Site] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    returns: list[tuple[State, Value]] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    start: Path | None = None  # where a generator function began, as long as it yields all these and nothing else
    suite: Callable[[Value, State], None] | None = None  # what runs at its `yield`: the rest of a `with` statement
    loops: list[Loop] = field(default_factory=list)
    raises: list[list[State]] = field(default_factory=list)
    condition: ir.If | None = None  # the statement whose test is being evaluated
    shuffled: int = 0  # how many of its running loops go through something in the order of a set
    within: int = 0  # how many of its comprehensions are running, each with a scope of its own

    @property
    def scope(self) -> int:
        """The scope of the function, class or module itself."""
        return self.scopes[self.within]


Evaluator: TypeAlias = Callable[["Machine", Any, "State"], Value]
Executor: TypeAlias = Callable[["Machine", Any, "State"], None]


@dataclass(slots=True)
class Arguments:
    """The values of a call; `sites` are the expressions they came from, in the same order."""

    values: tuple[Value, ...]
    keywords: dict[str, Value]
    sites: tuple[Site, ...]
    keyword_sites: dict[str, Site]
    open: bool = False  # a `*args` or `**kwargs` of unknown content is among them
    spread: Value | None = None  # what the first `*args` of unknown content was
    entries: dict[str, Entry] = field(default_factory=dict)  # what a `**kwargs` held

    def pick(self, index: int, name: str) -> Value | None:
        """The argument at this position or of this name."""
        if index < len(self.values):
            return self.values[index]
        return self.keywords.get(name)

    def site(self, index: int, name: str) -> Site | None:
        """Where that argument was written."""
        if index < len(self.sites):
            return self.sites[index]
        return self.keyword_sites.get(name)

    def all(self) -> tuple[Value, ...]:
        """All values, positional ones first."""
        return (*self.values, *self.keywords.values())


Caller: TypeAlias = Callable[["Machine", Value, Arguments, "ir.Call", "State"], Value]


def nothing_read() -> Readings:
    """What the code of no file reads."""
    return Readings(frozenset(), frozenset())


def defined_nowhere(path: str, importer: str, given: bool) -> Value | None:
    """What other files define."""
    del path, importer, given
    return None


def trains_nowhere(path: str, importer: str) -> bool:
    """What functions of other files do."""
    del path, importer
    return False


def used_nowhere(attribute: str, owners: frozenset[str]) -> bool:
    """What code of no other file does with an attribute of objects of some classes."""
    del attribute, owners
    return False


def read_nowhere(word: str) -> bool:
    """What code of no other file does with a word."""
    del word
    return False


def said_nowhere(pattern: str, kin: Kin) -> bool:
    """What code of no other file does with what a class makes."""
    del pattern, kin
    return False


@dataclass(slots=True)
class Machine:
    """Runs one program over abstract values and collects events."""

    settings: Settings
    evaluators: Mapping[type, Evaluator]
    executors: Mapping[type, Executor]
    caller: Caller
    frame: Frame
    bodies: Callable[[ir.Function], ir.Block]
    mentions: Callable[[ir.Node], frozenset[str]]
    own_methods: frozenset[str] = frozenset()
    block: ir.Block = ()  # the statements of the file
    readings: Callable[[], Readings] = nothing_read
    own_names: dict[ir.Node, frozenset[str]] = field(default_factory=dict)  # the attributes of `self` in each class
    resolve: Callable[[str, str, bool], Value | None] = defined_nowhere
    trains: Callable[[str, str], bool] = trains_nowhere
    units: Mapping[int, HasUnit] = field(default_factory=dict)  # of other files, by the scopes of their globals
    reads_elsewhere: Callable[[str], bool] = read_nowhere
    lists_elsewhere: Callable[[str], bool] = read_nowhere  # whether a method of this name gives a list
    uses_elsewhere: Callable[[str, frozenset[str]], bool] = used_nowhere  # whether others train such an attribute
    says_elsewhere: Callable[[str], bool] = read_nowhere  # whether files that may use this one match a pattern
    kin_say: Callable[[str, Kin], bool] = said_nowhere  # the same, without what strangers do to what is their own
    functions: list[Closure] = field(default_factory=list)
    classes: list[ClassValue] = field(default_factory=list)
    instances: list[tuple[ClassValue, Ref]] = field(default_factory=list)
    schedulers: list[Ref] = field(default_factory=list)
    called_inside: list[Value] | None = None  # what a closure that is being run calls
    lone_leaves: list[Ref] = field(default_factory=list)  # see losses.py
    events: list[object] = field(default_factory=list)
    pending: list[Callable[[State], None]] = field(default_factory=list)
    verdicts: list[Callable[[], None]] = field(default_factory=list)
    counter: Counter = field(default_factory=Counter)
    starred: list[str] = field(default_factory=list)  # modules of which all names were imported
    called: dict[ir.Node, int] = field(default_factory=dict)
    dropped: set[ir.Node] = field(default_factory=set)  # calls of which only an attribute is looked at
    flagged: set[tuple[object, str]] = field(default_factory=set)  # pieces that were told of, by use
    effects: set[ir.Node] = field(default_factory=set)  # calls whose value nobody takes
    claiming: bool = False  # inside an assertion
    assignment: ir.Node | None = None  # that binds its targets
    rebound: dict[Ref, tuple[ir.Node, tuple[int, str]]] = field(default_factory=dict)  # see rebinding.py
    read_back: set[ir.Node] = field(default_factory=set)
    modes: dict[ir.Node, tuple[bool | None, bool | None]] = field(default_factory=dict)  # see grad_mode.of_function
    default_dtype_changed: bool = False
    groups_written: dict[tuple[Ref, object], dict[object, set[int | None]]] = field(default_factory=dict)  # see rates
    groups_seen: dict[object, list[bool]] = field(default_factory=dict)  # by where they are written: are they empty
    nodes: dict[object, ir.Node] = field(default_factory=dict)  # the expressions that were run, by origin
    values: dict[object, Value] = field(default_factory=dict)  # what each was worth the last time
    births: Births = field(default_factory=Births)
    changes: list[str] = field(default_factory=list)  # see changes.py
    names_seen: dict[ir.Node, list[bool]] = field(default_factory=dict)  # by function that tests names: do some match
    shown: dict[ir.Node, tuple[ir.Name, ...]] = field(default_factory=dict)  # see objects.foresee
    steady: dict[tuple[ir.Node | None, str, tuple[str, ...]], bool] = field(default_factory=dict)  # see slices.py
    growing: dict[ir.Class, bool] = field(default_factory=dict)  # see growth.py
    stored: dict[tuple[int, str], list[tuple[Ref, str]]] = field(default_factory=dict)  # see objects.identify
    asked: set[ir.Node] = field(default_factory=set)  # calls whose value matters, wherever the function is (held.py)
    owned: Owned = field(default_factory=Owned)
    trace: Trace = field(default_factory=Trace)  # in which order gradients are computed and used
    suites: dict[ir.Node, Callable[[Value, State], None]] = field(default_factory=dict)  # by call, see contexts.py
    cut_short: bool = False  # the budget was spent somewhere
    steps: int = 0  # since the running root began
    steps_before: int = 0
    foreign_steps: int = 0
    home: Unit = field(init=False)  # the file that it was made for

    def __post_init__(self) -> None:
        self.home = self.frame.unit

    def unit_of(self, scope: int) -> Unit:
        """The file whose globals are in this scope."""
        elsewhere = self.units.get(scope)
        return self.home if elsewhere is None else elsewhere.unit

    def evaluate(self, node: ir.Expression, state: State) -> Value:
        """The value of an expression; the state takes its effects."""
        self.steps += 1
        evaluator = self.evaluators.get(type(node))
        value = UNKNOWN if evaluator is None else evaluator(self, node, state)
        self.nodes[node.origin], self.values[node.origin] = node, value
        return value

    def execute(self, block: ir.Block, state: State) -> None:
        """Run statements until the path ends."""
        for node in block:
            if not state.live or self.exhausted:
                self.cut_short |= self.exhausted
                return
            self.executors[type(node)](self, node, state)

    def imported(self, path: str, *, given: bool = False) -> Value | None:
        """What a dotted path stands for in the running file, if another file of the project defines it."""
        return self.resolve(path, self.frame.unit.file.filename, given)

    def call(self, function: Value, arguments: Arguments, node: ir.Call, state: State) -> Value:
        """The value of a call."""
        return self.caller(self, function, arguments, node, state)

    @property
    def exhausted(self) -> bool:
        """Whether the budget is spent; what is not run is not reported."""
        return self.steps > (MOST_STEPS_OF_ROOT if self.steps_before < MOST_STEPS else SPARE_STEPS)

    def begin_root(self) -> None:
        """Run something that nobody called: calls and steps are counted anew."""
        self.steps_before += self.steps
        self.steps, self.called = 0, dict.fromkeys(self.called, 1)

    def emit(self, event: object) -> None:
        """Tell the checks."""
        self.events.append(event)

    def site(self, node: ir.Node) -> Site:
        """Where a node of the running frame stands."""
        return Site(self.frame.unit.file, node.origin)

    def new(self, state: State, cell: Cell) -> Ref:
        """Put a cell on the heap."""
        ref = Ref(self.counter.next())
        if type(cell) is IteratorCell:
            cell = self._born(cell)
        state.heap[ref.id] = cell
        return ref

    def _born(self, cell: IteratorCell) -> IteratorCell:
        """A new iterator, with the expression that makes it and how much had changed until then."""
        if cell.stamp is not None:
            return cell
        body = self.frame.node
        suspends = body is not None and "yield" in self.mentions(body)
        fits = cell.kind not in NO_LIST and not cell.endless and not suspends
        return replace(cell, born=cell.made if fits else None, stamp=len(self.changes))

    def when_settled(self, judge: Callable[[State], None]) -> None:
        """Do this when the running root is over, with its last state."""
        self.pending.append(judge)

    def when_over(self, verdict: Callable[[], None], *, however: bool = False) -> None:
        """Do this when all of the program has been run; `however` it ended: also where the budget was spent."""
        self.verdicts.append(verdict if however else lambda: None if self.cut_short else verdict())

    def let_go(self) -> None:
        """Forget what refers back to this machine, once nothing more is run on it."""
        self.readings = nothing_read
        self.pending.clear()
        self.verdicts.clear()
        self.trace.let_go()
