"""OPT601: a rate that is written where no optimizer reads it."""

from __future__ import annotations

from optlint.rule import Rule
from optlint.words import TRAINING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import HyperparameterSet
    from optlint.observations import RateIgnored

rule = Rule(
    "OPT601",
    "ineffective-rate-assignment",
    "a rate is set where no optimizer reads it",
    needs=(
        TRAINING,
        (".lr", "defaults", "state_dict", ".momentum", ".weight_decay", "setattr", ".betas"),
    ),
)

SET = {
    "attribute": "`{text}` is a new attribute that {optimizer} never reads: its hyperparameters are in `param_groups`",
    "defaults": "`{text}` serves groups that are added later: {optimizer} has its hyperparameters in `param_groups`",
    "copy": "`{text}` is in a copy that is not loaded again: {optimizer} keeps its own `param_groups`",
}
WHERE = {"attribute": "`{key}` of the optimizer itself", "defaults": '`defaults["{key}"]`'}


@rule.check
def set_beside_the_groups(event: HyperparameterSet) -> Iterator[Diagnostic]:
    """Report a hyperparameter that is written where nobody reads it."""
    if not event.read:
        optimizer = event.optimizer if event.optimizer != "optimizer" else "the optimizer"
        yield rule.at(event.site, SET[event.where].format(text=event.site.text, optimizer=optimizer))


@rule.check
def never_read(seen: RateIgnored) -> Iterator[Diagnostic]:
    """Report an assignment beside the groups."""
    where = WHERE[seen.target].format(key=seen.key)
    yield rule.at(
        seen.place,
        f"{where} was set to {seen.value}, which {seen.name} never reads: its groups keep {seen.kept}",
        **seen.about,
    )
