"""The one place where the page runner meets the linter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optlint.diagnostic import Diagnostic
    from tests.pages.page import Case


def lint_case(case: Case) -> list[Diagnostic] | None:
    """What the linter says of the case's files, named as in the case; None until there is a linter."""
