"""What only a run shows, as frozen values for the checks; the places are lines of the user's code.

`None` means "cannot tell". Checks name these types in their annotation and need no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optlint.diagnostic import Place

SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What all observations tell: where, about which optimizer, group and parameters, after which step."""

    place: Place
    optimizer: int | None = None
    name: str = "the optimizer"  # in words of the user's code, such as `optimizer` (SGD)
    group: int | None = None
    parameters: tuple[str, ...] = ()
    step: int = 0

    @property
    def about(self) -> dict[str, Any]:
        """The last fields of a diagnostic."""
        return {
            "optimizer": self.optimizer,
            "group": self.group,
            "parameters": self.parameters,
            "step": self.step,
        }

    @property
    def listed(self) -> str:
        """The parameters in words."""
        return in_words(self.parameters)


def in_words(names: tuple[str, ...]) -> str:
    """Names in backquotes; of many only the first few."""
    shown = [f"`{name}`" for name in names[:SHOWN]]
    if len(names) > SHOWN:
        return f"{', '.join(shown)} and {len(names) - SHOWN} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGiven(Seen):
    """A param group as it was given; `parameters` is what it misses, as far as known.

    Without a group, all are empty, and `parameters` is what the losses reach.
    """

    source: str  # the words of the user's code that gave the parameters
    iterator: str | None = None  # "used up" | "partly used"
    size: int
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyIgnored(Seen):
    """A key of a group's dict that no code reads while `meant` kept its default."""

    key: str
    meant: str
    value: str
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesMissed(Seen):
    """A group is empty because the words that choose it match no name of the model."""

    words: tuple[str, ...]
    whole: bool  # a name must be one of the words


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesSplitLayers(Seen):
    """Groups are consecutive runs of the model's parameters that cut through layers; `parameters` are those cut off."""

    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRefused(Seen):
    """torch refused to build the optimizer or to add the group, and that ended the program."""

    reason: str  # "non-leaf" | "piece" | "duplicate" | "used up"
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorUntrained(Seen):
    """Tensors of one group that never had a gradient in a window; of pieces, `parameters` names the whole."""

    why: str  # "without grad" | "non-leaf" | "piece" | "no grad" | "under no_grad" | "detached" | "values only"
    steps: int = 0
    cause: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenMoved(Seen):
    """Parameters that were frozen after the optimizer was built and that steps still change."""

    undone_before: bool = False
    why: str = "a stale gradient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unowned(Seen):
    """Trainable parameters with gradients that no optimizer owns and nothing updates."""

    why: str  # "added" | "unfrozen" | "gap" | "dropped" | "criterion" | "other" | "replaced" | "hidden module" |
    #           "plain tensor" | "hidden parameter" | "computed" | "made in forward"
    holder: str = ""  # the class and attribute that hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsSeen(Seen):
    """The order of calls that repeats from step to step, each as a count of consecutive rounds."""

    uncleared: int = 0
    lost: int = 0
    clipped_after: int = 0
    clipped_scaled: int = 0
    unstepped: int = 0
    dropped: int = 0  # of the gradients of a single round


@dataclass(frozen=True, slots=True, kw_only=True)
class IteratorClipped(Seen):
    """Gradient clipping was given an iterator that was used up before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IteratorReused(Seen):
    """A loop over an iterator that another one had used up; seen with strict iterators only."""

    made: Place
    used: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class BackwardReachedNothing(Seen):
    """`backward()` again and again on something that has no path to any parameter."""

    why: str  # "leaf" | "no path" | "no graph"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerRebuilt(Seen):
    """The same line builds an optimizer again and again over the same parameters, which keep their values."""

    times: int
    steps_each: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateIgnored(Seen):
    """A hyperparameter was assigned where no optimizer reads it."""

    target: str  # "attribute" | "defaults"
    key: str
    value: str
    kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerEarly(Seen):
    """The scheduler steps before the optimizer, round after round."""

    scheduler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerElsewhere(Seen):
    """The scheduler drives an optimizer that never steps while another one does."""

    scheduler: str
    stepping: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupForgotten(Seen):
    """A group that was added later keeps the rate it began with, while that of all others is changed by hand."""

    lr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUseless(Seen):
    """Every group had a rate in a whole window that cannot train, though there were gradients."""

    lr: float
    why: str  # "zero" | "tiny" | "huge"
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLoaded(Seen):
    """State was loaded that does not fit the parameters, or brought another rate back."""

    why: str  # "shape" | "order" | "rate"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NonFinite(Seen):
    """A step wrote NaN or infinity into parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmoved(Seen):
    """Parameters with gradients that no step of a window changed in any sampled element."""

    why: str  # "rounding" | "no effect" | "no backward" | "skipped" | "undone" | "put back" | "drawn anew"
    dtype: str
    lr: float | None
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TieBroken(Seen):
    """Two names of one weight that are two Parameters now, on one storage or on two."""

    shared_storage: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SteppedTwice(Seen):
    """Parameters that two optimizers step on one backward."""

    other: str
    other_place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class AverageUnused(Seen):
    """An averaged copy of a model that never changes while the model trains, or that is the model."""

    why: str  # "rebound" | "never called" | "itself" | "same object"
    words: str = ""  # what the code calls the copy, or the name that is bound to a new tensor
    updated: Place | None = None  # where they are averaged, if that is another place


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverged(Seen):
    """Copies of the same parameters on several ranks that are not the same after `step`; the first of them by `share`.

    `rank` differs from `reference`, and so do all of `others`. After step `equal_until` all was the same still.
    """

    rank: int
    reference: int
    others: tuple[int, ...] = ()
    ranks: int = 2  # how many hold copies
    share: float = 0.0
    values: tuple[float, float] | None = None  # of one element, on the reference and on the rank
    equal_until: int = 0
    backwards: tuple[int, int] = (0, 0)  # how many backward passes both had run
    idle: bool = False  # DistributedDataParallel has never averaged a gradient
    wrapped: Place | None = None  # where that was made
    setting: tuple[str, str, str] | None = None  # a hyperparameter, on the reference and on the rank


@dataclass(frozen=True, slots=True, kw_only=True)
class RanksUneven(Seen):
    """The same optimizer on several ranks, with another number of steps or another rate in the end."""

    what: str  # "steps" | "rate"
    values: tuple[tuple[int, str], ...]  # by rank
