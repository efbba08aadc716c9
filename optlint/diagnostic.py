"""The one value that the linter and the audit both produce, and its parts.

Rows and columns are 1-based, columns count code points, and the end of a span is exclusive.
"""

from __future__ import annotations

from enum import Enum

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Place(Protocol):
        """Anything that can say where in the user's code it stands, at the latest when asked."""

        @property
        def span(self) -> Span:
            """Where it stands."""


class Severity(str, Enum):
    """What follows for the user: training is wrong, very likely unintended, or worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def counts(self) -> bool:
        """Whether a diagnostic of this severity fails a run; info never does."""
        return self is not Severity.INFO


class Applicability(str, Enum):
    """When a fix may be applied: always, on request, or by hand only."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Span(NamedTuple):
    """A region of one file; `cell` is the 1-based notebook cell, or None outside notebooks."""

    filename: str
    row: int
    column: int
    end_row: int
    end_column: int
    cell: int | None = None

    @property
    def span(self) -> Span:
        """Itself, so that a span can stand wherever a place is asked for."""
        return self


class Note(NamedTuple):
    """A secondary span that explains a diagnostic, such as "consumed here"."""

    message: str
    span: Span


class Edit(NamedTuple):
    """Replace the text under `span` by `content`; an empty span inserts."""

    span: Span
    content: str


class Fix(NamedTuple):
    """A titled set of edits that mends one diagnostic."""

    message: str
    edits: tuple[Edit, ...]
    applicability: Applicability


class Diagnostic(NamedTuple):
    """What a rule has to say about one place; the last six fields are known to the audit only.

    `rank` is the rank that it is about; `ranks` are all that say it of themselves, where several train together.
    """

    code: str
    name: str
    message: str
    severity: Severity
    span: Span
    notes: tuple[Note, ...] = ()
    fix: Fix | None = None
    optimizer: int | None = None
    group: int | None = None
    parameters: tuple[str, ...] = ()
    step: int | None = None
    rank: int | None = None
    ranks: tuple[int, ...] = ()
