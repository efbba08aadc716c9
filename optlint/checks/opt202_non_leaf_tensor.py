"""OPT202: a tensor computed from one that needs gradients is no leaf, so no gradient ever reaches its `.grad`."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.fixes.remedies import Edits
    from optlint.flow.events import GroupTensor, ProductGradientRead, Recipe
    from optlint.observations import BuildRefused, TensorUntrained

rule = Rule(
    "OPT202",
    "non-leaf-tensor",
    "a tensor computed from another is given to an optimizer as a parameter",
    needs=((*OPTIMIZERS, ".grad"),),
)


@rule.check
def not_a_leaf(event: GroupTensor) -> Iterator[Diagnostic]:
    """Report a non-leaf; pieces of parameters are OPT203's."""
    product = event.computed or (event.leaf is False and event.requires_grad)
    if product and event.piece_of is None and not event.escaped:
        yield rule.at(
            event.site,
            f"{event.optimizer} can't optimize `{event.site.text}`: {event.how} makes a new tensor that is no leaf, "
            "so its `.grad` stays None",
            fix=remedies.fix("make the leaf last", remedies.together(map(_leaf_last, event.recipes))),
        )


@rule.check
def gradient_out_of_reach(event: ProductGradientRead) -> Iterator[Diagnostic]:
    """Report a read of `.grad` where the leaf that has the gradient is out of reach."""
    yield rule.at(
        event.site,
        f"`{event.site.text}` is always None: {event.how} made `{event.tensor}` a new tensor that is no leaf, and the "
        "tensor that gets the gradient has no name",
        notes=(("it is made here", event.made),),
        fix=remedies.fix("make the leaf last", _leaf_last(event.recipe) if event.recipe else None),
    )


def _leaf_last(recipe: Recipe) -> Edits:
    """What is computed from a leaf becomes the leaf."""
    leaves = [leaf.written for leaf in recipe.leaves]
    if recipe.parameter:
        return remedies.leaf_last(recipe.made.written, leaves[0])
    return remedies.gradients_last(recipe.made.written, leaves)


@rule.check
def never_a_leaf(seen: TensorUntrained) -> Iterator[Diagnostic]:
    """Report tensors in a group that are computed from others."""
    if seen.why == "non-leaf":
        yield rule.at(
            seen.place,
            f"{seen.name} never changes {seen.listed} in group {seen.group}: computed from other tensors and so no "
            "leaf, its `.grad` stays None",
            **seen.about,
        )


@rule.check
def refused_non_leaf(seen: BuildRefused) -> Iterator[Diagnostic]:
    """Report what torch refused."""
    if seen.reason == "non-leaf":
        yield rule.at(
            seen.place,
            f"{seen.name} can't be built: a tensor given to it is computed from others, no leaf",
            **seen.about,
        )
