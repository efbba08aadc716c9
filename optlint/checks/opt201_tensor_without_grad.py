"""OPT201: a tensor that can never get a gradient is given to an optimizer, which accepts it in silence."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.fixes.remedies import Edits
    from optlint.flow.events import GroupTensor, Recipe
    from optlint.observations import TensorUntrained

rule = Rule(
    "OPT201",
    "tensor-without-grad",
    "a tensor in a param group can never get a gradient",
    needs=(OPTIMIZERS,),
)


@rule.check
def without_grad(event: GroupTensor) -> Iterator[Diagnostic]:
    """Report a tensor made without `requires_grad` that nothing gives it later; a frozen Parameter is healthy."""
    settled = event.leaf and event.requires_grad is False and event.parameter is False
    if settled and not event.escaped:
        yield rule.at(
            event.site,
            f"{event.optimizer} never changes `{event.site.text}`: {event.how} gives a tensor "
            "without `requires_grad`, so it can never get a gradient",
            fix=remedies.fix("ask for gradients", remedies.together(map(_with_gradients, event.recipes)), safe=False),
        )


def _with_gradients(recipe: Recipe) -> Edits:
    """The keyword where a function of torch makes the tensor, a method call where it is computed."""
    if recipe.leaves:
        return remedies.keyword_set(recipe.made.written, "requires_grad", "True")
    return remedies.followed_by(recipe.made.written, ".requires_grad_()")


@rule.check
def never_had_grad(seen: TensorUntrained) -> Iterator[Diagnostic]:
    """Report tensors that had no gradient in any step, and never could."""
    if seen.why == "without grad":
        so = f"after {seen.steps} steps there was never a gradient" if seen.steps else "it can never get a gradient"
        yield rule.at(
            seen.place,
            f"{seen.name} never changes {seen.listed} in group {seen.group}: made without `requires_grad`, so {so}",
            **seen.about,
        )
