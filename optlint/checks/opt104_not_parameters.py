"""OPT104: an optimizer is given something that is not parameters."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Fix
    from optlint.flow.events import WrongArgument

rule = Rule(
    "OPT104",
    "not-parameters",
    "an optimizer is given a method, a module, a list of iterators or one bare group",
    needs=(OPTIMIZERS,),
)

WHAT = {
    "method": "`{text}` is a method that is not called, not the parameters",
    "module": "`{text}` is a module, not its parameters",
    "modules": "`{text}` holds modules, not parameters",
    "iterators": "`{text}` holds iterators over parameters, and they are not joined",
    "lists": "`{text}` holds lists, and they are not joined",
    "tensor": "`{text}` is one tensor: parameters go into a list",
    "group": "`{text}` is one param group: groups go into a list",
    "groups": "`{text}` is a list: groups are added one by one",
    "bare": "`{text}` is an iterator, not a group with the key `params`",
}


@rule.check
def wrong_argument(event: WrongArgument) -> Iterator[Diagnostic]:
    """Report an argument that makes the optimizer raise TypeError."""
    reason = WHAT[event.what].format(text=event.site.text)
    yield rule.at(event.site, f"{event.optimizer} raises TypeError here: {reason}", fix=_mended(event))


def _mended(event: WrongArgument) -> Fix | None:
    """What the code probably meant, where the argument stands there."""
    if not event.stands:
        return None
    written, items = event.site.written, [item.written for item in event.items]
    if event.what == "method":
        return remedies.fix("call the method", remedies.followed_by(written, "()"))
    if event.what == "module":
        return remedies.fix("give its parameters", remedies.followed_by(written, ".parameters()"))
    if event.what in ("tensor", "group"):
        return remedies.fix("put it into a list", remedies.bracketed(written, "[", "]"))
    if event.what == "bare":
        return remedies.fix("make a group of it", remedies.bracketed(written, '{"params": ', "}"))
    if event.what == "groups":
        return remedies.fix("take it out of the list", remedies.only_item(written, items))
    ending = ".parameters()" if event.what == "modules" else ""
    return remedies.fix("join them", remedies.together(remedies.starred(item, ending) for item in items))
