"""Events of what belongs to whom: what nothing registers, what was replaced, what stays frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events.sites import Site


@dataclass(frozen=True, slots=True)
class AttributeSet:
    """An attribute that may be meant for `requires_grad` is set (`torch_api.is_about_gradients`: no other is told).

    `owner` is `module`, `parameter`, `tensor`, `optimizer`, `object` or `unknown`. `defined` tells whether the
    owner's class knows the attribute, or some code reads it back. `value` is what it is set to where the statement
    does nothing else, `fits` whether `requires_grad` could be set to that, `idle` that this is what a tensor has
    already.
    """

    site: Site
    owner: str
    label: str
    attribute: str
    defined: bool | None
    value: Site | None = None
    fits: bool = False
    idle: bool = False


@dataclass(frozen=True, slots=True)
class KeywordGiven:
    """A keyword argument in a call of torch; `fits` tells whether that takes `requires_grad`."""

    site: Site
    function: str
    keyword: str
    call: Site
    fits: bool


@dataclass(frozen=True, slots=True)
class ModulesHidden:
    """An attribute of a module holds modules with parameters in a plain container, and nothing registers them.

    `kind` is `list`, `tuple` or `dict`; `used` is where one of them computes.
    """

    site: Site
    attribute: str
    kind: str
    used: Site


@dataclass(frozen=True, slots=True)
class TensorHidden:
    """An attribute of a module holds a leaf that requires gradients, and nothing registers it.

    `kind` is `tensor`, or the container that holds it: `list`, `tuple` or `dict`; `used` is where it computes.
    """

    site: Site
    attribute: str
    kind: str
    used: Site


@dataclass(frozen=True, slots=True)
class ModelReplaced:
    """A model gets other parameters at `site`, after `optimizer` was built, and is trained with that."""

    site: Site
    optimizer: str
    built: Site


@dataclass(frozen=True, slots=True)
class PartAdded:
    """A model gets one more part at `site`, after `optimizer` was built from all of it, and is trained with that."""

    site: Site
    optimizer: str
    built: Site


@dataclass(frozen=True, slots=True)
class PartLeftOut:
    """`optimizer`, built at `site`, has parts of a model that are trained through `missing`, which it was not given.

    `used` is where something is computed from that.
    """

    site: Site
    optimizer: str
    missing: str
    used: Site


@dataclass(frozen=True, slots=True)
class GroupTooLate:
    """Parameters are put into a list of groups at `site`, of which `optimizer` was built without them."""

    site: Site
    optimizer: str
    built: Site


@dataclass(frozen=True, slots=True)
class ThawedLeftOut:
    """Parameters can be trained from `site` on, and `optimizer` was built from those that could be before."""

    site: Site
    optimizer: str
    built: Site


@dataclass(frozen=True, slots=True)
class LayerBuiltLate:
    """`forward` makes a layer or Parameter, named `made`, each time it runs; `random` if its weights are.

    One that is `renewed` is a Parameter that was computed from the one whose place it takes.
    """

    site: Site
    made: str
    random: bool
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class FrozenWithGradient:
    """Gradients of what `optimizer` has are switched off at `site`, while they are there.

    `moved_by` is `last` if its next step uses the last ones, `zeros` if they are set to zero from then on.
    """

    site: Site
    optimizer: str
    moved_by: str


@dataclass(frozen=True, slots=True)
class StateOfOther:
    """`optimizer` loads the state of `other`; `differs` is `class`, or `order` if they have the same parameters."""

    site: Site
    optimizer: str
    other: str
    differs: str
    made: Site


@dataclass(frozen=True, slots=True)
class AverageIsModel:
    """`name` is given, at `site`, to a model whose average it should become; `updated` is the loop that does that."""

    site: Site
    name: str
    updated: Site
