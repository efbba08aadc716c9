"""OPT202: a tensor computed from one that needs gradients is no leaf, so no gradient ever reaches its `.grad`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import GroupTensor
    from optlint.observations import BuildRefused, TensorUntrained

rule = Rule(
    "OPT202",
    "non-leaf-tensor",
    "a tensor computed from another is given to an optimizer as a parameter",
    needs=(("optim", "Optimizer", "add_param_group", "Adam", "SGD"),),
)


@rule.check
def not_a_leaf(event: GroupTensor) -> Iterator[Diagnostic]:
    """Report a non-leaf; pieces of parameters are OPT203's."""
    if event.leaf is False and event.requires_grad and event.piece_of is None and not event.escaped:
        yield rule.at(
            event.site,
            f"{event.optimizer} can't optimize `{event.site.text}`: {event.how} makes a new tensor that is no leaf, "
            "so its `.grad` stays None",
        )


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
