"""How large gradients and updates are: read at a few steps only, since reading waits for a device."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.linalg import vector_norm

from optlint.auditing.memory.samples import are_alike, copies_of, spread_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from optlint.auditing.memory.records import OptimizerRecord

HALF = (torch.float16, torch.bfloat16)
TENSORS = 16  # of each optimizer, spread over all, whose updates are sampled


def gradient_norm(record: OptimizerRecord) -> float | None:
    """The norm of all gradients together."""
    gradients = [gradient for _, tensor in record.tensors if (gradient := tensor.grad) is not None]
    with torch.no_grad():
        return _norm([gradient for gradient in gradients if _is_plain(gradient)])


def spread_samples(record: OptimizerRecord) -> dict[int, Tensor]:
    """A few elements of some of the parameters, by identity."""
    tensors = [tensor for _, tensor in record.tensors if tensor.requires_grad]
    chosen = tensors[:: max(1, len(tensors) // TENSORS)]
    spreads = {id(tensor): spread for tensor in chosen if (spread := spread_over(tensor)) is not None}
    return dict(zip(spreads, copies_of(list(spreads.values())), strict=True))


def update_ratio(before: dict[int, Tensor], now: dict[int, Tensor]) -> float | None:
    """How far the sampled elements have moved, as a share of how large they were."""
    shared = [(before[key], now[key]) for key in before if key in now and are_alike(before[key], now[key])]
    places: dict[torch.device, tuple[list[Tensor], list[Tensor]]] = {}
    for one, two in shared:
        old, new = places.setdefault(one.device, ([], []))
        old.append(one.float())
        new.append(two.float())
    pairs = [(torch.cat(old), torch.cat(new)) for old, new in places.values()]
    size = math.hypot(*(vector_norm(old).item() for old, _ in pairs))
    return math.hypot(*(vector_norm(new - old).item() for old, new in pairs)) / size if size else None


def _norm(tensors: Sequence[Tensor]) -> float | None:
    """The norm of all together, by one kernel and one reading for each device."""
    plain = [tensor.float() if tensor.dtype in HALF else tensor for tensor in tensors]
    together: dict[torch.device, list[Tensor]] = {}
    for norm in torch._foreach_norm(plain) if plain else ():
        together.setdefault(norm.device, []).append(norm.float())
    return math.hypot(*(vector_norm(torch.stack(norms)).item() for norms in together.values())) if plain else None


def _is_plain(tensor: Tensor) -> bool:
    """Whether it is a tensor of this process alone."""
    return type(tensor) is torch.Tensor and tensor.layout == torch.strided
