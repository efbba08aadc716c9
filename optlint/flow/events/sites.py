"""A place in the user's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.diagnostic import Span
    from optlint.fixes.remedies import Written


class Text(Protocol):
    """What can say where a syntax node stands and how it was written."""

    filename: str

    def span_of(self, origin: object) -> Span:
        """Where a syntax node stands."""
        ...

    def text_of(self, origin: object) -> str:
        """The source of a syntax node on one line."""
        ...

    def written(self, origin: object) -> Written | None:
        """How an expression is written, if that is known to the letter."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the user's code."""

    file: Text
    origin: object

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.file.span_of(self.origin)

    @property
    def text(self) -> str:
        """Its source text on one line, shortened in the middle if it is long."""
        return self.file.text_of(self.origin)

    @property
    def written(self) -> Written | None:
        """How the expression there is written, if the parser kept every character."""
        return self.file.written(self.origin)
