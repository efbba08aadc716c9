"""OPT304: the order of a set of parameters differs between runs, and an optimizer's state is saved by position."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.fixes import remedies
from optlint.rule import Rule
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Fix
    from optlint.flow.events import ParametersUnordered

rule = Rule(
    "OPT304",
    "unordered-parameters",
    "an optimizer gets its parameters in the order of a set",
    needs=(OPTIMIZERS,),
)


@rule.check
def shuffled(event: ParametersUnordered) -> Iterator[Diagnostic]:
    """Report what comes out of a set."""
    yield rule.at(
        event.site,
        f"`{event.site.text}` has another order in each run: it comes out of a set, and {event.optimizer} saves its "
        "state by position",
        severity=Severity.WARNING if event.trains_only else None,
        fix=_ordered(event),
    )


def _ordered(event: ParametersUnordered) -> Fix | None:
    """A dict, which keeps the order, in place of a set that nothing else refers to."""
    if event.made is None:
        return None
    function = event.function.written if event.function is not None else None
    edits = remedies.dict_for_set(event.made.written, function, walks=event.walks)
    return remedies.fix("keep the order by `dict.fromkeys`", edits)
