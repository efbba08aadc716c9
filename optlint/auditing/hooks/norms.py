"""How large gradients and updates are: read at a few steps only, since reading waits for a device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from optlint.auditing.memory.records import take_sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from optlint.auditing.memory.records import OptimizerRecord

HALF = (torch.float16, torch.bfloat16)
TENSORS = 64  # of each optimizer, spread over all, whose updates are sampled


def gradient_norm(record: OptimizerRecord) -> float | None:
    """The norm of all gradients together."""
    return _norm(tensor.grad.detach() for _, tensor in record.tensors if tensor.grad is not None)


def spread_samples(record: OptimizerRecord) -> dict[int, Tensor]:
    """A few elements of some of the parameters, by identity."""
    tensors = [tensor for _, tensor in record.tensors if tensor.requires_grad]
    chosen = tensors[:: max(1, len(tensors) // TENSORS)]
    return {id(tensor): sample for tensor in chosen if (sample := take_sample(tensor)) is not None}


def update_ratio(before: dict[int, Tensor], now: dict[int, Tensor]) -> float | None:
    """How far the sampled elements have moved, as a share of how large they were."""
    shared = [key for key in before if key in now and before[key].shape == now[key].shape]
    size = _norm(before[key] for key in shared)
    moved = _norm(now[key].float() - before[key].float() for key in shared)
    return moved / size if moved is not None and size else None


def _norm(tensors: Iterable[Tensor]) -> float | None:
    """The norm of all together, by one kernel and one reading for each device."""
    plain = [tensor.float() if tensor.dtype in HALF else tensor for tensor in tensors if _is_plain(tensor)]
    together: dict[torch.device, list[Tensor]] = {}
    for norm in torch._foreach_norm(plain) if plain else ():
        together.setdefault(norm.device, []).append(norm.float())
    return math.hypot(*(float(torch.stack(norms).norm()) for norms in together.values())) if plain else None


def _is_plain(tensor: Tensor) -> bool:
    """Whether it is a tensor of this process alone."""
    return type(tensor) is torch.Tensor and tensor.layout == torch.strided
