"""What tells the values of one parameter from those of another: a sum of all bits, a norm, and a few elements."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

SAMPLED = 4  # elements of each parameter
WORD = 8  # bytes: bits are summed by words, which does not depend on the order
INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


class Fingerprints(NamedTuple):
    """Of some parameters in turn; `elements` holds `SAMPLED` values of each."""

    bits: list[int]
    norms: list[float]
    elements: list[float]

    def elements_of(self, index: int) -> list[float]:
        """The sampled values of one parameter."""
        return self.elements[SAMPLED * index : SAMPLED * (index + 1)]


def can_be_compared(tensor: Tensor) -> bool:
    """Whether all of the values are here: no shard, no sparse tensor, nothing without memory."""
    return (
        type(tensor) in (torch.Tensor, torch.nn.Parameter)
        and tensor.layout == torch.strided
        and tensor.is_floating_point()
        and not tensor.is_meta
        and tensor.numel() > 0
    )


@torch.no_grad()
def fingerprints(tensors: Sequence[Tensor]) -> Fingerprints:
    """Of tensors that can be compared; reads each value twice, and waits for a device once for each kind of number."""
    flat = [tensor.detach().contiguous().view(-1) for tensor in tensors]
    bits = _listed([_bits(one) for one in flat])
    norms = _listed(list(torch._foreach_norm([one.float() if one.element_size() < 4 else one for one in flat], 2)))
    elements = _listed([_spread(one) for one in flat])
    return Fingerprints(list(map(int, bits)), norms, elements)


def _bits(flat: Tensor) -> Tensor:
    """The sum of all bits, as whole numbers that wrap around."""
    size = flat.element_size()
    if (flat.numel() * size) % WORD:
        return flat.view(INTEGERS[size]).sum(dtype=torch.int64)
    in_place = (flat.storage_offset() * size) % WORD == 0
    return (flat if in_place else flat.clone()).view(torch.int64).sum()


def _spread(flat: Tensor) -> Tensor:
    """Elements from the first to near the last; a tensor of fewer repeats its last one."""
    chosen = flat[:: max(1, flat.numel() // SAMPLED)][:SAMPLED].float()
    return chosen if len(chosen) == SAMPLED else torch.cat([chosen, chosen[-1:].expand(SAMPLED - len(chosen))])


def _listed(tensors: list[Tensor]) -> list[float]:
    """All numbers in turn, brought here at once from the device, or first to one of several."""
    device = tensors[0].device
    if any(tensor.device != device for tensor in tensors):
        tensors = [tensor.to(device) for tensor in tensors]
    together = torch.cat(tensors) if tensors[0].dim() else torch.stack(tensors)
    found: list[float] = together.tolist()
    return found


def differs_by(one: Fingerprints, other: Fingerprints, index: int) -> float:
    """How far two copies of a parameter are apart, as a share of its largest value seen or of its norm."""
    first, second = one.elements_of(index), other.elements_of(index)
    pairs = zip(first, second, strict=True)
    largest = max(map(abs, (*first, *second)))
    norms = one.norms[index], other.norms[index]
    return max(*(_share(*pair, largest) for pair in pairs), _share(*norms, max(norms)))


def furthest(one: Fingerprints, other: Fingerprints, index: int) -> tuple[float, float] | None:
    """Of the sampled elements the one that differs most, on both sides; None where none does."""
    pairs = zip(one.elements_of(index), other.elements_of(index), strict=True)
    return max((pair for pair in pairs if _share(*pair, 1.0)), key=lambda pair: abs(pair[0] - pair[1]), default=None)


def _share(first: float, second: float, whole: float) -> float:
    if first == second or (isnan(first) and isnan(second)):
        return 0.0
    share = abs(first - second) / whole
    return share if isfinite(share) else 1.0  # NaN or infinity on one side
