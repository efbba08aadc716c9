"""OPT401: layers in a plain container are invisible to `parameters()`."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import ModulesHidden
    from optlint.observations import Unowned

rule = Rule(
    "OPT401",
    "unregistered-submodule",
    "modules in a plain list, tuple or dict of a module",
    needs=(("Module", "def forward"),),
)


@rule.check
def plain_container(event: ModulesHidden) -> Iterator[Diagnostic]:
    """Report an attribute with layers that the class makes, calls, and registers nowhere."""
    yield rule.at(
        event.site,
        f"no optimizer gets the layers in `{event.attribute}`: in a plain {event.kind}, they are no part of the module",
        notes=(("one of them computes here", event.used),),
    )


@rule.check
def hidden_layers(seen: Unowned) -> Iterator[Diagnostic]:
    """Report layers that the loss reaches and no optimizer was given."""
    if seen.why == "hidden module":
        yield rule.at(
            seen.place,
            f"{seen.name} never trains {seen.listed}: `{seen.holder}` is a plain container, so its "
            "modules are not registered",
            **seen.about,
        )
