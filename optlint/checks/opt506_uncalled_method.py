"""OPT506: a method of the training loop is named as a statement, and nothing happens."""

from __future__ import annotations

from optlint.fixes import remedies
from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import MethodUncalled

rule = Rule(
    "OPT506",
    "uncalled-method",
    "a method of the training loop is named and not called",
    needs=(
        (".step", ".zero_grad", ".backward", ".eval", ".train", ".update", ".unscale_", ".cuda", ".requires_grad_"),
    ),
    pattern=r"\.(?:step|zero_grad|backward|eval|train|update|unscale_|cuda|requires_grad_)[ \t\f]*(?:[;#\r\n\\\")]|\Z)",
)


@rule.check
def named_only(event: MethodUncalled) -> Iterator[Diagnostic]:
    """Report the statement."""
    yield rule.at(
        event.site,
        f"`{event.site.text}` only names a method of the {event.owner}: it is not called, so nothing happens",
        fix=remedies.fix("call it", remedies.followed_by(event.site.written, "()"), safe=False) if event.fits else None,
    )
