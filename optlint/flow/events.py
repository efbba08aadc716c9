"""What the interpreter saw happen, told to checks; nothing here imports libcst.

An event carries facts, as values that a check can read without knowing the engine. `None` means "cannot tell". A
`Site` is a place in the user's code that can name itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from optlint.flow import round_events
from optlint.flow.belongings import AverageIsModel as AverageIsModel
from optlint.flow.belongings import FrozenWithGradient as FrozenWithGradient
from optlint.flow.belongings import LayerBuiltLate as LayerBuiltLate
from optlint.flow.belongings import ModelReplaced as ModelReplaced
from optlint.flow.belongings import ModulesHidden as ModulesHidden
from optlint.flow.belongings import StateOfOther as StateOfOther
from optlint.flow.belongings import TensorHidden as TensorHidden
from optlint.flow.loop_events import ClosureFaulty as ClosureFaulty
from optlint.flow.loop_events import GraphBroken as GraphBroken
from optlint.flow.loop_events import MethodUncalled as MethodUncalled
from optlint.flow.loop_events import RateAbsurd as RateAbsurd
from optlint.flow.loop_events import SchedulerFirst as SchedulerFirst
from optlint.flow.loop_events import SchedulerOfOther as SchedulerOfOther

if TYPE_CHECKING:
    from optlint.diagnostic import Span
    from optlint.remedies import Written


class Text(Protocol):
    """What can say where a syntax node stands and how it was written."""

    filename: str

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands."""
        ...

    def text_of(self, origin: object) -> str:
        """The source of a syntax node on one line."""
        ...

    def written(self, origin: object) -> Written | None:
        """How an expression is written, if that is known to the letter."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the user's code."""

    file: Text
    origin: object

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.file.span_of(self.origin)

    @property
    def text(self) -> str:
        """Its source text on one line, shortened in the middle if it is long."""
        return self.file.text_of(self.origin)

    @property
    def written(self) -> Written | None:
        """How the expression there is written, if the parser kept every character."""
        return self.file.written(self.origin)


@dataclass(frozen=True, slots=True)
class Iterator:
    """A one-shot iterator: what makes it (`parameters`, `filter`), where, and whether it gives parts of a model.

    `certain` is false if only a method's name tells that it is an iterator at all.
    """

    kind: str
    made: Site
    of_model: bool
    certain: bool


@dataclass(frozen=True, slots=True)
class Consumed:
    """A one-shot iterator of a model, or one that an optimizer gets, is drawn from that was drawn from before.

    `earlier` is where that happened; `partly` whether only some items were gone; `by` what draws now, in words
    (`for`, `list`, `torch.optim.SGD`), and `trains` whether what is trained depends on it.
    """

    iterator: Iterator
    site: Site
    by: str
    trains: bool
    earlier: Site
    partly: bool
    again: bool
    births: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class MembershipTested:
    """`x in iterator` on a one-shot iterator; `repeated` whether it is asked more than once."""

    iterator: Iterator
    site: Site
    tested: Site
    repeated: bool
    births: tuple[Site, ...] = ()
    hashable: bool = False


@dataclass(frozen=True, slots=True)
class SequenceOperation:
    """`len(it)`, `it[0]`, `it[1:]` or `it + other` on a one-shot iterator; `operation` names it.

    `by_key` tells whether an item is asked for by a string, as of a dict.
    """

    iterator: Iterator
    site: Site
    operand: Site
    operation: str
    by_key: bool | None = False
    births: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class WrongArgument:
    """What is given to an optimizer can't be its parameters.

    `what` is `method` (not called), `module`, `iterators` (a list of them) or `group` (one dict, not in a list).
    `stands` tells whether the expression at `site` is that argument itself; `items` are the wrong ones of a list there.
    """

    what: str
    site: Site
    optimizer: str
    stands: bool = False
    items: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a tensor was made: by an expression, from leaves that calls made, which may be the expression itself.

    `parameter` tells whether the leaf is an `nn.Parameter`. Where another way of making it may do harm, there is none.
    """

    made: Site
    leaves: tuple[Site, ...]
    parameter: bool


@dataclass(frozen=True, slots=True)
class GroupTensor:
    """A tensor given to an optimizer, judged when all that the program does to it is known."""

    site: Site
    optimizer: str
    how: str
    leaf: bool | None
    requires_grad: bool | None
    parameter: bool | None
    piece_of: str | None
    under_no_grad: bool
    escaped: bool
    computed: bool = False  # from parameters: no leaf, or without gradients if all of them are frozen
    recipes: tuple[Recipe, ...] = ()  # of all that it may be


@dataclass(frozen=True, slots=True)
class PieceUsed:
    """A piece of a parameter is treated as one: `use` is `.grad`, `.grad_fn`, `set`, `hook` or `walk`.

    `in_groups` tells whether the parameter came out of an optimizer's param groups.
    """

    site: Site
    piece: str
    taken: Site
    use: str
    in_groups: bool


@dataclass(frozen=True, slots=True)
class ProductGradientRead:
    """`.grad` of a tensor that was computed from leaves which nothing refers to; `how` makes it."""

    site: Site
    tensor: str
    how: str
    made: Site
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class ParameterRebound:
    """A loop over parameters assigns a new tensor to its variable `name`, and nothing reads it.

    `method` would write `value` into the parameter, if it can be written there. `average` tells that it was computed
    from the parameters of another model, too.
    """

    site: Site
    name: str
    value: Site
    method: str | None
    average: bool = False


@dataclass(frozen=True, slots=True)
class TensorLookedUp:
    """`tensor in among`, where that is an ordered container of tensors; `negated` for `not in`.

    `variable` is a name that is free for the tensors of `among`, if these can be gone through there.
    """

    site: Site
    tensor: Site
    among: Site
    negated: bool
    variable: str | None


@dataclass(frozen=True, slots=True)
class LeafChanged:
    """A leaf that requires gradients is changed in place where gradients are recorded, by `operation`."""

    site: Site
    tensor: str
    operation: str


@dataclass(frozen=True, slots=True)
class GradFnRead:
    """`.grad_fn` of a leaf parameter is read."""

    site: Site
    parameter: str


@dataclass(frozen=True, slots=True)
class ParameterLost:
    """A plain tensor computed from a fresh Parameter becomes an attribute of a module."""

    site: Site
    attribute: str
    how: str
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class AttributeSet:
    """An attribute is set; `owner` is `module`, `parameter`, `tensor`, `optimizer`, `object` or `unknown`.

    `defined` tells whether the owner's class knows the attribute, or some code reads it back. `value` is what it is set
    to where the statement does nothing else, `fits` whether `requires_grad` could be set to that.
    """

    site: Site
    owner: str
    label: str
    attribute: str
    defined: bool | None
    value: Site | None = None
    fits: bool = False


@dataclass(frozen=True, slots=True)
class KeywordGiven:
    """A keyword argument in a call of torch; `fits` tells whether that takes `requires_grad`."""

    site: Site
    function: str
    keyword: str
    call: Site
    fits: bool


@dataclass(frozen=True, slots=True)
class RateByIndex:
    """Rates are computed from `index // n` over the parameters of a module; `site` is the division.

    For each parameter, in order: the number of its layer, and its rate or what that was computed from.
    """

    site: Site
    layers: tuple[int, ...]
    rates: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class GroupEmpty:
    """A param group holds nothing; `cause` is `filter`, `module` (without parameters) or `list` (never filled)."""

    site: Site
    optimizer: str
    cause: str


@dataclass(frozen=True, slots=True)
class ParametersUnordered:
    """Parameters are given to an optimizer in the order of a set.

    `made` is what makes the set if it stands there and a dict would do: a call of `function`, or a display, which is a
    comprehension if it `walks`.
    """

    site: Site
    optimizer: str
    made: Site | None = None
    function: Site | None = None
    walks: bool = False


@dataclass(frozen=True, slots=True)
class HyperparameterSet:
    """A hyperparameter is written beside the param groups: `where` is `attribute`, `defaults` or `copy`.

    `read` tells whether the project's code reads it there, or adds groups that take the defaults.
    """

    site: Site
    where: str
    key: str
    optimizer: str
    read: bool


@dataclass(frozen=True, slots=True)
class NamesUnmatched:
    """Parameters are chosen by their names, and none of these words matches; `whole` if whole names are compared."""

    site: Site
    words: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class FirstGroupSet:
    """A hyperparameter is written into the first of `count` groups, and into no other."""

    site: Site
    key: str
    optimizer: str
    count: int


@dataclass(frozen=True, slots=True)
class GroupKeyUnknown:
    """A key is written into a param group whose optimizer does not read it; `site` is the key.

    `read` tells whether the project's code reads such a key, `label` whether it may only name the group; `meant` is the
    hyperparameter that it stands for.
    """

    site: Site
    optimizer: str
    key: str
    read: bool
    label: bool
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class GroupsOverlap:
    """Two param groups hold the same parameters."""

    site: Site
    optimizer: str
    earlier: Site


@dataclass(frozen=True, slots=True)
class GroupsLeaveGap:
    """The children of a module were dealt out to the groups of one optimizer, and some of it was left out."""

    site: Site
    optimizer: str
    parts: tuple[Site, ...]
    missing: str


# Events of the order of a training step, and of its loops.
StepUncleared = round_events.StepUncleared
GradientsLost = round_events.GradientsLost
ClipUseless = round_events.ClipUseless
ClipOfScaled = round_events.ClipOfScaled
StepMissing = round_events.StepMissing
ScalerNotUpdated = round_events.ScalerNotUpdated
OptimizerInLoop = round_events.OptimizerInLoop
