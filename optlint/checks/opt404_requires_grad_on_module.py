"""OPT404: `module.requires_grad = False` sets an attribute that nothing reads."""

from __future__ import annotations

from optlint.checks.opt403_misspelt_requires_grad import MISSPELT, WORDS, spelt
from optlint.fixes import remedies
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.fixes.remedies import Edits
    from optlint.flow.events import AttributeSet

rule = Rule(
    "OPT404",
    "requires-grad-on-module",
    "`requires_grad` is set on a module, where it does nothing",
    needs=(("req", "reuq"),),
    pattern=spelt(("requires_grad", *WORDS)),
)


@rule.check
def set_on_module(event: AttributeSet) -> Iterator[Diagnostic]:
    """Report an assignment to a module whose class does not use the attribute."""
    named = event.attribute == "requires_grad" or event.attribute in MISSPELT
    if event.owner == "module" and named and event.defined is False:
        yield rule.at(
            event.site,
            f"`{event.label}.{event.attribute} = …` has no effect: `{event.label}` is a module, and its parameters "
            "keep theirs",
            fix=remedies.fix("call `requires_grad_()`", _called(event), safe=False),
        )


def _called(event: AttributeSet) -> Edits:
    """The method of that name, where the statement does nothing else."""
    if event.value is None or not event.fits:
        return None
    return remedies.assigned_by_call(event.site.written, event.attribute, "requires_grad_", event.value.written)
