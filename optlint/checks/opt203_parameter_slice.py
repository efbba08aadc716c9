"""OPT203: pieces of a parameter are views: they are no leaves, have no `.grad` and are never trained."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GroupTensor, PieceUsed
    from optlint.observations import BuildRefused, TensorUntrained

rule = Rule(
    "OPT203",
    "parameter-slice",
    "pieces of a parameter are taken for parameters",
    needs=(
        (*OPTIMIZERS, "grad", "register_hook"),
        (
            *OPTIMIZERS,
            ".parameters",
            "named_parameters",
            "Parameter(",
            ".weight",
            ".bias",
            ".in_proj_",
            "_ih",
            "_hh",
        ),
    ),
)

WHAT = {
    ".grad": "`{text}` is always None",
    ".grad_fn": "`{text}` is that of a slice, not of a parameter",
    "hook": "`{text}` never fires on the parameter",
    "set": "`{text}` does nothing for the parameter",
}


@rule.check
def piece_in_group(event: GroupTensor) -> Iterator[Diagnostic]:
    """Report a piece that is given to an optimizer."""
    if event.piece_of is not None:
        yield rule.at(
            event.site,
            f"{event.optimizer} never trains `{event.site.text}`: it is a piece of a parameter, not a parameter",
        )


@rule.check
def piece_used(event: PieceUsed) -> Iterator[Diagnostic]:
    """Report a piece that is treated as a parameter, or iteration over the rows of one."""
    if event.use == "walk":
        yield rule.at(
            event.site,
            f"iterating over `{event.site.text}` gives slices of one parameter, not parameters",
            severity=Severity.WARNING,
        )
        return
    yield rule.at(
        event.site,
        f"{WHAT[event.use].format(text=event.site.text)}: it is a piece of a parameter, and pieces are no leaves",
        notes=(("the pieces are taken here", event.taken),),
    )


@rule.check
def piece_never_trained(seen: TensorUntrained) -> Iterator[Diagnostic]:
    """Report pieces that were taken under `no_grad`, which torch accepts."""
    if seen.why == "piece":
        yield rule.at(
            seen.place,
            f"{seen.name} never trains {seen.listed}: group {seen.group} holds pieces, not parameters",
            **seen.about,
        )


@rule.check
def refused_piece(seen: BuildRefused) -> Iterator[Diagnostic]:
    """Report pieces that torch refused."""
    if seen.reason == "piece":
        yield rule.at(
            seen.place, f"{seen.name} can't be built: it was given pieces of a parameter, not parameters", **seen.about
        )
