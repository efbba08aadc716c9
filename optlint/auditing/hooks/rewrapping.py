"""Wraps `step` again where it was unwrapped: dynamo does so in some older releases, and then no hook is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.optim import Optimizer
from torch.torch_version import TorchVersion

from optlint.auditing.judges.order import steps_are_hooked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.auditing.instruments.patches import Patches

LOSES_HOOKS = TorchVersion(torch.__version__) < "2.6"


def wrap_again(kinds: Iterable[type[Optimizer]], patches: Patches) -> None:
    """Wrap the `step` of these classes as torch itself does, unless it is wrapped or torch never had to."""
    for kind in kinds:
        owner = next(base for base in kind.__mro__ if "step" in vars(base))
        if hasattr(vars(owner)["step"], "hooked") and not steps_are_hooked(kind):
            patches.replace(owner, "step", Optimizer.profile_hook_step)
            vars(owner)["step"].hooked = True


def kinds_below(kind: type[Optimizer]) -> Iterator[type[Optimizer]]:
    """All classes that inherit from this one."""
    for below in kind.__subclasses__():
        yield below
        yield from kinds_below(below)
