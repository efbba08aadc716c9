"""OPT104: an optimizer is given something that is not parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import WrongArgument

rule = Rule(
    "OPT104",
    "not-parameters",
    "an optimizer is given a method, a module, a list of iterators or one bare group",
    needs=(("optim", "Optimizer", "add_param_group", "Adam", "SGD"),),
)

WHAT = {
    "method": "`{text}` is a method that is not called, not the parameters",
    "module": "`{text}` is a module, not its parameters",
    "iterators": "`{text}` is an iterator inside a list of parameters: they must be joined, not nested",
    "list": "`{text}` is a list inside a list of parameters: they must be joined, not nested",
    "group": "`{text}` is one param group: groups go into a list",
}


@rule.check
def wrong_argument(event: WrongArgument) -> Iterator[Diagnostic]:
    """Report an argument that makes the optimizer raise TypeError."""
    reason = WHAT[event.what].format(text=event.site.text)
    yield rule.at(event.site, f"{event.optimizer} raises TypeError here: {reason}")
