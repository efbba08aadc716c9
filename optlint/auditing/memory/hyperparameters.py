"""The hyperparameters of param groups, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from optlint.auditing.memory.records import OptimizerRecord

PLAIN = frozenset({float, int, bool, str, tuple, type(None)})


def note_hyperparameters(record: OptimizerRecord, optimizer: Optimizer) -> None:
    """Copy the hyperparameters of all groups."""
    record.hyperparameters = [_plain(group) for group in optimizer.param_groups]


def _plain(group: dict[str, Any]) -> dict[str, object]:
    """A group without its tensors: a rate kept on a device is not worth a synchronisation."""
    plain = group.copy()
    del plain["params"]
    for key, value in plain.items():
        if value.__class__ not in PLAIN and isinstance(value, torch.Tensor):
            plain[key] = float(value) if value.numel() == 1 and value.is_cpu else f"tensor{tuple(value.shape)}"
    return plain


def rates_of(record: OptimizerRecord) -> list[float | None]:
    """The learning rate of each group at the last look."""
    return [_rate(group) for group in record.hyperparameters]


def _rate(group: dict[str, object]) -> float | None:
    rate = group.get("lr")
    return float(rate) if isinstance(rate, (float, int)) else None
