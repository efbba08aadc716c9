"""Reports: one module a format, found by its name; each renders one `Report` and knows nothing else.

The package `picture` draws the report of an audit instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from optlint.diagnostic import Diagnostic, Span
    from optlint.rule import Registry


class Report(NamedTuple):
    """What one run has to say; `lines` gives the lines of the file, or notebook cell, that a span lies in."""

    diagnostics: Sequence[Diagnostic]
    files: int
    lines: Callable[[Span], Sequence[str]]
    registry: Callable[[], Registry]
    page: Callable[[str], str | None]
    version: str
    colour: bool = False
    quiet: bool = False
    fixes: int = 0  # that were made
    ignored: int = 0  # diagnostics that were hidden by new comments
    offer_fixes: bool = True  # tell how to have the others made
    known: int = 0  # diagnostics that the baseline has, and that are not here


class Renderer(Protocol):
    """What a module of this package must have."""

    def render(self, report: Report) -> str:
        """The whole report as text, with a line end at its end if it is not empty."""


def formats() -> list[str]:
    """The words that `--output-format` takes."""
    from pkgutil import iter_modules

    found = (one.name for one in iter_modules(__path__) if not one.ispkg and not one.name.startswith("_"))
    return sorted(name.replace("_", "-") for name in found)


def renderer(word: str) -> Renderer:
    """The module that renders the format of this name."""
    from importlib import import_module

    module: Renderer = import_module(f"{__name__}.{word.replace('-', '_')}")
    return module
