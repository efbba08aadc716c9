"""OPT408: a parameter in the optimizer, in use, and never reached by a gradient."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import RUN_ONLY, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import TensorUntrained

rule = Rule(
    "OPT408",
    "parameter-never-trained",
    "a parameter that is used and never gets a gradient",
    severity=Severity.WARNING,
    needs=RUN_ONLY,
)


REASONS = {
    "under no_grad": "its module runs under `no_grad`",
    "detached": "what its module computes is detached",
    "values only": "only its values are used here, outside of the graph",
}


@rule.check
def used_without_gradient(seen: TensorUntrained) -> Iterator[Diagnostic]:
    """Report parameters whose way to the loss is cut; worth knowing where they may just be unused."""
    if seen.why in REASONS:
        yield rule.at(
            seen.cause or seen.place,
            f"{seen.name} never trains {seen.listed}: {REASONS[seen.why]}, and there was no gradient "
            f"in {seen.steps} steps",
            **seen.about,
        )
    elif seen.why == "no grad":
        yield rule.at(
            seen.place,
            f"{seen.listed} had no gradient in {seen.steps} steps of {seen.name}",
            severity=Severity.INFO,
            **seen.about,
        )
