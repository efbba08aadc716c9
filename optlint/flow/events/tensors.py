"""Events of tensors and parameters: taken for what they are not, changed, lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.events.sites import Site


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
