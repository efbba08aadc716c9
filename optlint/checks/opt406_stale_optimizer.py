"""OPT406: the model was changed after its optimizer was built, which still holds the old tensors."""

from __future__ import annotations

from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import Unowned

rule = Rule(
    "OPT406",
    "stale-optimizer",
    "the optimizer holds tensors that the model no longer uses",
    needs=RUN_ONLY,
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
