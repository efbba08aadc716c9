"""What a program does with gradients, as a graph of acts: whose gradients each is about, what is before and after it.

Each `State` stands at an act; whatever clears, computes, clips or uses gradients puts another one behind it. Where
paths meet there is an act that has several before it. A loop has a head: each round starts there and leads back to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from optlint.flow.core.values import Path, Ref, Trail, Value
    from optlint.flow.events import Site
    from optlint.flow.reading import ir

Kind: TypeAlias = str
START, MEET, LOOP = "start", "meet", "loop"
CLEAR, BACKWARD, STEP, CLIP = "clear", "backward", "step", "clip"
UNSCALE, UPDATE, BUILT = "unscale", "update", "built"
LOOK = "look"  # a gradient is read
TOUCH = "touch"  # a gradient is written, or may be
GIVEN = "given"  # an optimizer goes to a caller that is not known
RESET = "reset"  # parameters may get other values
HIDDEN = "hidden"  # code that is not known may do anything to its subject


class Subject(NamedTuple):
    """What an act is about.

    `key` tells it from others, None if nothing does; `refs` are the cells that it may be, if they are known. `parts`
    are the modules and tensors whose gradients it has, None if they are not known, and `inside` all that is in these.
    `holders` are the objects that it was reached through. `whole` tells that it has all of its parts, `trusted` that
    it is an optimizer whose `step` clears nothing, `blind` that it is one whose `step` reads no gradients, `foreign`
    that it belongs to an object with an unknown base class; `newest` is the address of the part that was made last.
    """

    text: str
    key: object | None = None
    kind: str = "unknown"  # or "optimizer", "module", "tensors"
    refs: frozenset[Ref] = frozenset()
    parts: frozenset[Ref] | None = None
    inside: frozenset[Ref] = frozenset()
    holders: frozenset[Ref] = frozenset()
    whole: bool = True
    trusted: bool = False
    blind: bool = False
    foreign: bool = False
    newest: int = 0
    chosen: frozenset[str] = frozenset()  # the names in the index that it was picked by
    name: str = ""
    cls: str = ""


@dataclass(slots=True, eq=False)
class Act:
    """One act, and those right before and after it.

    `loops` are the heads of the repeating loops around it, outermost first. `scaler` is the `GradScaler` that is
    behind a backward, step, unscale or update. `node` is the loop of a head, or the call. `address` is the newest one
    on the heap at that time, `functions` are those that are running, innermost first, and `trail` tells where each of
    them acts or calls the next. `reaches` is all that a backward gives gradients to, or what a step is to change, None
    if that is not known; `computed` is what surely went into the loss. `cut` tells where the graph behind a backward
    was cut off.
    """

    kind: Kind
    site: Site | None = None
    subject: Subject | None = None
    path: Path = ()
    trail: Trail = ()
    loops: tuple[Act, ...] = ()
    scaler: Subject | None = None
    node: ir.Node | None = None
    address: int = 0
    functions: tuple[ir.Node, ...] = ()
    deferred: bool = False  # it is in a generator, and takes place whenever something is drawn from that
    doubtful: bool = False  # a clip that may be there for the norm alone, or with the scale in its bound
    reaches: frozenset[Ref] | None = None
    computed: frozenset[Ref] = frozenset()
    cut: Site | None = None
    bound: frozenset[str] | None = None  # the names that a loop assigns to, as soon as somebody asked
    before: list[Act] = field(default_factory=list)
    after: list[Act] = field(default_factory=list)

    def follow(self, earlier: Act) -> None:
        """Note that this comes right after another act."""
        if earlier not in self.before:
            self.before.append(earlier)
            earlier.after.append(self)


@dataclass(slots=True)
class Trace:
    """All acts of a program in the order of the run, and in `loops` the heads of those that are running."""

    wanted: bool = True  # whether the file, or one that it uses, computes gradients at all
    acts: list[Act] = field(default_factory=list)
    loops: list[Act] = field(default_factory=list)
    heads: list[Act] = field(default_factory=list)  # of all loops that were run
    versions: dict[tuple[int, str], int] = field(default_factory=dict)  # how often a variable was bound
    scaled: dict[object, Subject] = field(default_factory=dict)  # what multiplied a loss
    root: object | None = None  # the frame of the function that is run by itself
    deferring: int = 0  # how many generators are being run, that will really run piece by piece
    sources: dict[object, ir.Node] = field(default_factory=dict)  # what made an optimizer of which no more is known
    only_read: set[ir.Node] = field(default_factory=set)  # `p.grad` in `p.grad.norm()` and its like
    built: int = 0  # how many optimizers were built so far
    before: dict[object, Any] = field(default_factory=dict)  # what calls did (see `order.calls_before`)
    entered: dict[object, Value] = field(default_factory=dict)  # by call and path: what other files define, and was run

    def let_go(self) -> None:
        """Part the acts from each other, once nobody asks for their order."""
        pending = [*self.acts, *self.heads]
        while pending:
            act = pending.pop()
            pending += act.before + act.after
            act.before, act.after = [], []


def start() -> Act:
    """Where the order of acts begins: what was before is not known."""
    return Act(START)


def met(one: Act, other: Act) -> Act:
    """Where two paths meet."""
    if one is other:
        return one
    both = Act(MEET)
    both.follow(one)
    both.follow(other)
    return both
