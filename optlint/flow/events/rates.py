"""Events of rates and other hyperparameters, and of the schedulers that change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events.sites import Site


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
class FirstGroupSet:
    """A hyperparameter is written into the `first` ones of `count` groups, and into no other."""

    site: Site
    key: str
    optimizer: str
    count: int
    first: int = 1


@dataclass(frozen=True, slots=True)
class SchedulerFirst:
    """A scheduler steps, and its optimizer only later in the same round."""

    site: Site
    scheduler: str


@dataclass(frozen=True, slots=True)
class SchedulerOfOther:
    """A scheduler is made at `site` for an optimizer that never steps, and `stepping` does; `done` if it did before."""

    site: Site
    scheduler: str
    optimizer: str
    stepping: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class ScheduledTwice:
    """A scheduler at `site` is like the one at `first`, and for the same optimizer; another that trains has none."""

    site: Site
    scheduler: str
    first: Site


@dataclass(frozen=True, slots=True)
class RateAbsurd:
    """A rate is written out that no training survives."""

    site: Site
    optimizer: str
    rate: float
