"""What an audit remembers of each optimizer and parameter; weak references only, so that nothing is kept alive."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from threading import get_ident
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer

    from optlint.diagnostic import Span

EXTRA_LOOKS = 24


@dataclass(slots=True)
class ParameterRecord:
    """One tensor in a group of one optimizer, over the looks taken after steps."""

    label: str
    group: int
    shape: tuple[int, ...]
    dtype: str
    numel: int
    is_leaf: bool
    born_trainable: bool
    trainable: bool  # at the last look
    ever_trainable: bool
    looks: int = 0
    grads: int = 0  # looks that found a gradient
    moved: bool = False
    still: int = 0  # looks since `sample` was taken that found a gradient there and the same values
    sample: Tensor | None = None
    frozen_at: int | None = None  # the step of the look that first found it frozen
    frozen_sample: Tensor | None = None
    frozen_grad: weakref.ref[Tensor] | None = None  # its gradient then
    thaws: int = 0
    wrong: tuple[str, str] = ("", "")  # what kind of tensor it is instead of a parameter, and of which one
    calls: int = 0  # of its module in training, while it was a suspect
    calls_without_grad: int = 0
    detached_at: Span | None = None  # the line that cuts what comes from it
    reason: str | None = None
    cause: Span | None = None

    @property
    def grad(self) -> str:
        """The word of the report for how often it had a gradient."""
        if not self.looks or (not self.grads and self.moved):
            return "unknown"
        return "never" if not self.grads else "always" if self.grads == self.looks else "sometimes"

    @property
    def movement(self) -> str:
        """The word of the report for whether steps changed it."""
        if self.moved:
            return "yes"
        return "no" if self.looks >= 2 and (not self.grads or self.still) else "unknown"


class GroupOrigin(NamedTuple):
    """How a group came to the optimizer."""

    place: Span | None
    state: str | None  # of the iterator that was given, if it was one
    filtered: bool
    module: weakref.ref[Module] | None  # whose `parameters()` was given
    children: tuple[int, ...]  # of a container that nothing registers: the identities of what is in it
    size: int
    late: bool  # added after the optimizer was built


@dataclass(slots=True)
class Rounds:
    """The calls since the last step, and how many rounds in a row went wrong in the same way."""

    reached: int = 0  # backwards that changed the probe's gradient
    cleared: bool = False
    lost: bool = False  # cleared after the last backward that reached it
    clips_used: int = 0
    clips_idle: int = 0
    clips_scaled: int = 0
    unscaled: bool = False  # by GradScaler
    mark: tuple[int, int] | None = None  # identity and version of the probe's gradient when last seen
    complete: bool = False  # watched since the last step
    piled_rounds: int = 0
    lost_rounds: int = 0
    clip_rounds: int = 0
    scaled_rounds: int = 0
    drops: int = 0  # clears of gradients that no step had used, since the last step
    trails: set[tuple[object, ...]] = field(default_factory=set)  # by which calls these backwards and clears came
    dropped_rounds: int = 0
    dropped_before: int = 0  # drops in the round before
    lost_place: Span | None = None
    clip_place: Span | None = None

    def begin(self) -> None:
        """A step has ended: a new round starts."""
        self.reached = self.clips_used = self.clips_idle = self.clips_scaled = 0
        self.cleared = self.lost = self.unscaled = False
        self.drops = 0
        self.trails.clear()
        self.complete = True

    @property
    def suspicious(self) -> bool:
        """Whether a round went wrong."""
        return bool(
            self.piled_rounds or self.lost_rounds or self.clip_rounds or self.scaled_rounds or self.dropped_rounds
        )


class Start(NamedTuple):
    """What one parameter was like before the first step of its optimizer, and the last time it was so again."""

    tensor: weakref.ref[Tensor]
    sample: Tensor
    steps: int = 0  # of the optimizer by then
    schedules: int = 0  # … and of its schedulers
    rates: tuple[object, ...] = ()
    times: int = 0  # in a row that training went on from here with the optimizer as it was
    state: weakref.ref[Tensor] | None = None  # momentum or the like, the last time


@dataclass(slots=True)
class Pace:
    """The rates of all groups over the looks, where no scheduler of torch's sets them."""

    first: tuple[float, ...] = ()
    last: tuple[float, ...] = ()
    changes: int = 0  # looks at which all groups that were there from the start had another rate than before
    partial: bool = False  # some of these keep their rate while others change, so that is meant
    late: dict[int, tuple[int, float]] = field(default_factory=dict)  # groups added since: changes by then, their rate


@dataclass(slots=True)
class OptimizerRecord:
    """One optimizer from its birth, or from its first step under the audit, to its end."""

    index: int
    ref: weakref.ref[Optimizer]
    kind: weakref.ref[type]
    class_name: str
    place: Span | None
    of_torch: bool  # one of torch's own classes
    built_here: bool  # False: it was there before the audit
    label: str = "the optimizer"
    origins: list[GroupOrigin] = field(default_factory=list)
    parameters: dict[int, ParameterRecord] = field(default_factory=dict)
    rounds: Rounds = field(default_factory=Rounds)
    probe: Callable[[], Tensor | None] = lambda: None  # the parameter that is watched at each step, while it lives
    hyperparameters: list[dict[str, object]] = field(default_factory=list)  # of each group at the last look
    steps: int = 0
    attempts: int = 0  # GradScaler.step calls
    skipped: int = 0  # of these in a row without a step
    next_look: int = 1
    quiet_until: int = 0  # the step before which nothing is asked but the probe
    busy_at: int = 0  # the step before which there is nothing to do, unless something has happened
    topology: int = 0
    watched: bool = True  # whether the order of calls is watched
    watch_until: int = 8
    look_until: int = 8  # the step up to which each one is looked at
    next_watch: int = 128
    nested: bool = False  # its `step` calls the `step` of a base class, and both are hooked
    outer: set[int] = field(default_factory=set)  # optimizers whose `step` calls this one's
    last_backward: int = -1
    round_at: int = 0  # the step at which a `DataLoader` began
    first_backwards: int = 0  # backwards of all by its first step
    twice_rounds: int = 0
    extra_looks: int = EXTRA_LOOKS  # looks that surprises may still cause
    schedules: int = 0  # steps of its schedulers
    early_place: Span | None = None  # of a scheduler's step before the first step
    early_count: int = 0
    next_values: int = 1  # the step at which values are read again
    update_samples: dict[int, Tensor] = field(default_factory=dict)  # taken one step before values are read
    updates_from: int = 0  # the step after which they were taken
    tiny_bound: bool = False  # its gradients are clipped to nearly nothing
    settled: list[bool] = field(default_factory=list)  # which can be trained, once all of them have moved
    glances: int = 0  # looks at some of these
    looks: int = 0  # at values of those that have not moved
    still: bool = False  # of the last look: some parameter with a gradient has not moved
    stale: bool = False  # … some frozen parameter has a gradient
    bare: bool = False  # … some parameter has neither had a gradient nor moved
    deaf: bool = False  # told: no backward reaches any of its parameters
    odd: bool = False  # of the last look: something in a group is no parameter
    gone: bool = False  # NaN has been written, or will be
    stateful: bool = False  # it keeps momentum or the like
    reached_ever: int = 0
    dropped: int = 0  # clears of gradients that no step had used
    probe_sample: Tensor | None = None
    pace: Pace = field(default_factory=Pace)
    highest_rate: float | None = None  # at the last look
    zero_since: int | None = None  # the step of the look that first found all rates zero
    zero_samples: list[Tensor | None] = field(default_factory=list)  # of its first tensors then
    zeroed_unseen: bool = False  # its gradients are cleared in a way that leaves no trace but the values
    born_defaults: dict[str, object] = field(default_factory=dict)
    astray: frozenset[tuple[str, str]] = frozenset()  # hyperparameters set elsewhere than in the groups
    root: weakref.ref[Module] | None = None  # the model that the groups were taken from
    root_names: dict[str, tuple[int, bool]] = field(default_factory=dict)  # at birth: name -> identity, trainable
    frozen: list[weakref.ref[Tensor]] = field(default_factory=list)  # of that model, and not given
    start: Start | None = None  # where it was built under the audit
    ties: tuple[tuple[str, ...], ...] = ()
    thread: int = field(default_factory=get_ident)  # that steps it, and until then the one that built it
    lacking: bool = False  # a group was given an iterator after some or all of it was taken
    starved: set[int] = field(default_factory=set)  # groups of which it was told that they were given too little

    @property
    def tensors(self) -> Iterator[tuple[int, Tensor]]:
        """All tensors with the index of their group, while the optimizer lives."""
        optimizer = self.ref()
        if optimizer is not None:
            for index, group in enumerate(optimizer.param_groups):
                for tensor in group["params"]:
                    yield index, tensor
