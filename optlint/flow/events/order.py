"""Events of the order of a training step: who computes, clears, clips and uses gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events.sites import Site


@dataclass(frozen=True, slots=True)
class StepUncleared:
    """In a loop an optimizer steps on gradients that backward adds to in each round and nothing there clears.

    `cleared` is a clearing outside the loop, or of something else inside it. Not `looped` is a function that is called
    again and again; of a `closure` that is evaluated several times `site` is the step.
    """

    site: Site
    optimizer: str
    cleared: Site | None
    cleared_inside: bool
    looped: bool = True
    closure: bool = False


@dataclass(frozen=True, slots=True)
class StepRepeated:
    """A step uses gradients that the optimizer's step at `before` used already, and what was added to them since."""

    site: Site
    optimizer: str
    before: Site


@dataclass(frozen=True, slots=True)
class GradientsLost:
    """Gradients that backward gave are cleared here, and `step` comes next; `accumulated` if only some are lost."""

    site: Site
    optimizer: str
    backward: Site
    step: Site
    accumulated: bool


@dataclass(frozen=True, slots=True)
class SteppedByTwo:
    """An optimizer of this class, built at `site`, steps what the `other` steps, on the gradients of one backward."""

    site: Site
    optimizer: str
    other_site: Site
    other: str


@dataclass(frozen=True, slots=True)
class ClipUseless:
    """Gradients are clipped that nothing uses: `earlier` has used them, or cleared them if `cleared`.

    Without `earlier` it is Lightning that clears them later, and then computes others.
    """

    site: Site
    earlier: Site | None
    cleared: bool


@dataclass(frozen=True, slots=True)
class ClipOfScaled:
    """Gradients of a scaled loss are clipped; `scaler` divides them later."""

    site: Site
    scaler: str
    backward: Site
    step: Site


@dataclass(frozen=True, slots=True)
class StepMissing:
    """In a loop gradients are cleared at `cleared` and computed, and the optimizer never steps."""

    site: Site
    optimizer: str
    cleared: Site


@dataclass(frozen=True, slots=True)
class ScalerNotUpdated:
    """In a loop a `GradScaler` steps and is never updated."""

    site: Site
    scaler: str


@dataclass(frozen=True, slots=True)
class OptimizerInLoop:
    """Each round of a loop builds an optimizer over parameters that live longer; it steps once, at `step`."""

    site: Site
    optimizer: str
    step: Site


@dataclass(frozen=True, slots=True)
class MethodUncalled:
    """A method is named as a statement; `owner` says what has it, `fits` whether it can be called without arguments."""

    site: Site
    owner: str
    fits: bool


@dataclass(frozen=True, slots=True)
class GraphBroken:
    """`backward` at `site` reaches no parameter: there is `no graph` behind it, or a new `leaf`; `cut` tells where.

    Or it reaches `other` parameters than those of the `optimizer` that steps next.
    """

    site: Site
    what: str
    cut: Site | None
    optimizer: str = ""


@dataclass(frozen=True, slots=True)
class ClosureFaulty:
    """LBFGS steps: its closure is `missing`, or the one at `site` has no `backward` or no `return` in it."""

    site: Site
    what: str
