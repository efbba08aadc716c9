"""OPT406: the model was changed after its optimizer was built, which still holds the old tensors."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ModelReplaced
    from optlint.observations import Unowned

rule = Rule(
    "OPT406",
    "stale-optimizer",
    "the optimizer holds tensors that the model no longer uses",
    needs=(OPTIMIZERS,),
)


@rule.check
def replaced_later(event: ModelReplaced) -> Iterator[Diagnostic]:
    """Report what puts other parameters into a model whose optimizer goes on."""
    yield rule.at(
        event.site,
        f"the optimizer ({event.optimizer}) never trains what the model gets here: it was built before and holds the "
        "old tensors",
        notes=(("it is built here", event.built),),
    )


@rule.check
def replaced(seen: Unowned) -> Iterator[Diagnostic]:
    """Report parameters that took the place of those in the optimizer."""
    if seen.why == "replaced":
        yield rule.at(
            seen.place,
            f"{seen.name} never trains {seen.listed}: put into the model after the optimizer was "
            "built, which still holds "
            "the tensors from before",
            **seen.about,
        )
