"""What a scheduler of rates is to the interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.frozen import dataclass

if TYPE_CHECKING:
    from optlint.flow.core.values import Path, Ref
    from optlint.flow.events import Site


@dataclass(frozen=True, slots=True)
class SchedulerCell:
    """A scheduler of torch or transformers; `harmless` if its first rate may be skipped.

    `moved` tells whether its optimizer has stepped since, `early` where it stepped itself before that.
    """

    name: str
    made: Site
    optimizers: tuple[Ref, ...]  # one of these
    harmless: bool
    handed: int
    moved: bool | None = False
    early: tuple[tuple[Site, Path], ...] = ()
