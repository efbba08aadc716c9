"""Events of the training loop: what is called, in which order, and for whom; `events.py` has all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optlint.flow.events import Site


@dataclass(frozen=True, slots=True)
class MethodUncalled:
    """A method is named as a statement; `owner` says what has it, `fits` whether it can be called without arguments."""

    site: Site
    owner: str
    fits: bool


@dataclass(frozen=True, slots=True)
class SchedulerFirst:
    """A scheduler steps, and its optimizer only later in the same round."""

    site: Site
    scheduler: str


@dataclass(frozen=True, slots=True)
class SchedulerOfOther:
    """A scheduler is made at `site` for an optimizer that never steps: `stepping` trains its parameters."""

    site: Site
    scheduler: str
    optimizer: str
    stepping: str


@dataclass(frozen=True, slots=True)
class GraphBroken:
    """`backward` at `site` reaches no parameter: there is `no graph` behind it, or a new `leaf`; `cut` tells where."""

    site: Site
    what: str
    cut: Site


@dataclass(frozen=True, slots=True)
class ClosureFaulty:
    """LBFGS steps: its closure is `missing`, or the one at `site` has no `backward` or no `return` in it."""

    site: Site
    what: str


@dataclass(frozen=True, slots=True)
class RateAbsurd:
    """A rate is written out that no training survives."""

    site: Site
    optimizer: str
    rate: float
