"""Which classes leave their steps to Lightning: it calls `training_step`, goes backward from that, and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.values import External
from optlint.flow.python import classes

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine

BASE = External("lightning.LightningModule")
CONFIGURES, STEP = "configure_optimizers", "training_step"
BY_HAND = frozenset({"backward", "manual_backward", "automatic_optimization", "optimizer_step", "optimizer_zero_grad"})


def trains_alone(machine: Machine) -> bool:
    """Whether a class of the file leaves it to Lightning to step the optimizer that it configures."""
    own = [cls for cls in machine.classes if BASE in classes.ancestry(cls) and CONFIGURES in machine.mentions(cls.node)]
    return any(STEP in machine.mentions(cls.node) and BY_HAND.isdisjoint(machine.mentions(cls.node)) for cls in own)
