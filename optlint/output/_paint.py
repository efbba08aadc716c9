"""Colours of a terminal, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

BOLD = "1"
RED = "31"
GREEN = "32"
BLUE = "34"
CYAN = "36"
OF_SEVERITY: Mapping[Severity, str] = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;36"}


class Paint(NamedTuple):
    """Wraps text in escape sequences, if there is to be colour."""

    colour: bool

    def __call__(self, style: str, text: str) -> str:
        """The text in this style."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colour and text else text
