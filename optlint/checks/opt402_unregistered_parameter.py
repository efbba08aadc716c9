"""OPT402: a plain tensor, or a Parameter in a plain container, is invisible to `parameters()`."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import TensorHidden
    from optlint.observations import Unowned

rule = Rule(
    "OPT402",
    "unregistered-parameter",
    "a trainable tensor of a module that is not registered",
    needs=(("Module", "def forward"),),
)


WHAT = {
    "plain tensor": "a plain tensor, not a Parameter",
    "hidden parameter": "a plain container",
}


@rule.check
def plain_tensor(event: TensorHidden) -> Iterator[Diagnostic]:
    """Report an attribute with a trainable tensor that the class makes, computes with, and registers nowhere."""
    what = "is a plain tensor, not a Parameter" if event.kind == "tensor" else f"is a plain {event.kind}"
    yield rule.at(
        event.site,
        f"no optimizer gets what `{event.attribute}` holds: it {what}, so the module does not register it",
        notes=(("it computes here", event.used),),
    )


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
