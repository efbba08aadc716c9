"""How to audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.auditing.memory.places import is_users_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.nn import Module
    from torch.optim import Optimizer

    from optlint.auditing.memory.lineage import Lineage
    from optlint.diagnostic import Diagnostic
    from optlint.rule import Registry


class Options(NamedTuple):
    """How to audit; `registry` holds the selected rules (None: all), `reportable` says whose files are reported.

    `lineage` carries the places at which optimizers were built from one session to the next.
    """

    model: Module | None = None
    optimizer: Optimizer | None = None
    registry: Registry | None = None
    reportable: Callable[[str], bool] = is_users_file
    strict_iterators: bool = False
    on_diagnostic: Callable[[Diagnostic], None] | None = None
    rank: int | None = None
    lineage: Lineage | None = None
    check_replicas: int = 0  # every how many steps copies on several ranks are compared; 0: never
