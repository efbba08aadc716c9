"""OPT402: a plain tensor, or a Parameter in a plain container, is invisible to `parameters()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.rule import RUN_ONLY, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.observations import Unowned

rule = Rule(
    "OPT402",
    "unregistered-parameter",
    "a trainable tensor of a module that is not registered",
    needs=RUN_ONLY,
)


WHAT = {
    "plain tensor": "a plain tensor, not a Parameter",
    "hidden parameter": "a plain container",
}


@rule.check
def hidden_tensor(seen: Unowned) -> Iterator[Diagnostic]:
    """Report tensors that the loss reaches and no optimizer was given."""
    if seen.why in WHAT:
        yield rule.at(
            seen.place,
            f"{seen.name} never trains {seen.listed}: `{seen.holder}` is {WHAT[seen.why]}, so the "
            "module does not register it",
            **seen.about,
        )
