"""OPT403: `require_grad = False` sets an attribute that nothing reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import AttributeSet, KeywordGiven

rule = Rule(
    "OPT403",
    "misspelt-requires-grad",
    "`requires_grad` is misspelt, so nothing is frozen or unfrozen",
    needs=(("_grad", "Grad", "grads"),),
)

MISSPELT = frozenset(
    "require_grad requires_grads require_grads required_grad requried_grad requires_gradient requires_gradients "
    "require_gradient require_gradients requiresgrad requiresGrad requireGrad requires_Grad require_Grad requres_grad "
    "requirs_grad reqires_grad reuqires_grad requies_grad request_grad required_grads needs_grad required_gradient "
    "requires_grad_ require_grad_ requires_gard".split()
)


@rule.check
def misspelt(event: AttributeSet) -> Iterator[Diagnostic]:
    """Report an assignment to a name that no tensor has."""
    if event.owner in ("parameter", "tensor") and event.attribute in MISSPELT and event.defined is False:
        yield rule.at(
            event.site,
            f"`{event.site.text} = …` has no effect: the attribute is called `requires_grad`",
        )


@rule.check
def misspelt_keyword(event: KeywordGiven) -> Iterator[Diagnostic]:
    """Report a keyword that torch does not know."""
    if event.keyword in MISSPELT:
        yield rule.at(event.site, f"`{event.function}` raises TypeError here: the keyword is called `requires_grad`")
