"""OPT403: `require_grad = False` sets an attribute that nothing reads."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.fixes import remedies
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.fixes.remedies import Edits
    from optlint.flow.events import AttributeSet, KeywordGiven

MISSPELT = frozenset(
    "require_grad require_grads require_grad_ require_Grad require_gradient require_gradients requireGrad "
    "required_grad required_grads required_gradient requires_grads requires_grad_ requires_Grad requires_gradient "
    "requires_gradients requires_grade requires_gard requires_grd requiresgrad requiresGrad requriesgrad "
    "requires_gradd requried_grad requries_grad requiers_grad requirs_grad requires_garad requiress_grad requres_grad "
    "reqires_grad reqiures_grad reuqires_grad requies_grad request_grad".split()
)
WORDS = tuple(sorted(word for word in MISSPELT if not any(other in word for other in MISSPELT - {word})))


def spelt(words: Iterable[str]) -> str:
    """A pattern that finds any of these words, which all start alike, in one go."""
    return f"re(?:{'|'.join(word.removeprefix('re') for word in words)})"


rule = Rule(
    "OPT403",
    "misspelt-requires-grad",
    "`requires_grad` is misspelt, so nothing is frozen or unfrozen",
    needs=(("req", "reuq"),),
    pattern=spelt(WORDS),
)
RENAME = "write `requires_grad`"


@rule.check
def misspelt(event: AttributeSet) -> Iterator[Diagnostic]:
    """Report an assignment to a name that no tensor has."""
    if event.owner in ("parameter", "tensor") and event.attribute in MISSPELT and event.defined is False:
        yield rule.at(
            event.site,
            f"`{event.label}.{event.attribute} = …` has no effect: the attribute is called `requires_grad`",
            severity=Severity.WARNING if event.idle else None,
            fix=remedies.fix(RENAME, remedies.renamed(event.site.span, event.attribute, "requires_grad"), safe=False)
            if event.fits
            else None,
        )


@rule.check
def misspelt_keyword(event: KeywordGiven) -> Iterator[Diagnostic]:
    """Report a keyword that torch does not know."""
    if event.keyword in MISSPELT:
        yield rule.at(
            event.site,
            f"`{event.function}` raises TypeError here: the keyword is called `requires_grad`",
            fix=remedies.fix(RENAME, _renamed_keyword(event), safe=False),
        )


def _renamed_keyword(event: KeywordGiven) -> Edits:
    """The right keyword, where the call has none of that name."""
    if not event.fits:
        return None
    return remedies.keyword_renamed(event.call.written, event.keyword, event.site.span, "requires_grad")
