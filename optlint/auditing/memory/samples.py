"""A few elements of each tensor: what one look compares with the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import Parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torch import Tensor

SAMPLED = 8
KINDS = (torch.Tensor, Parameter)


def spread_over(tensor: Tensor) -> Tensor | None:
    """A few elements of a tensor, in its own memory, so not to be kept; None where they cannot be had cheaply."""
    if type(tensor) not in KINDS or tensor.layout != torch.strided or tensor.is_meta:
        return None
    size = tensor.numel()
    if not size or not tensor.untyped_storage().nbytes():
        return None  # empty, or shards of it are elsewhere until the next forward
    plain = tensor.detach()
    if plain.is_contiguous():
        gap = size // SAMPLED or 1
        return plain.as_strided((min(SAMPLED + 1, -(-size // gap)),), (gap,))
    first, last = (0,) * plain.dim(), (-1,) * plain.dim()
    return torch.stack((plain[first], plain[last]))


def take_sample(tensor: Tensor) -> Tensor | None:
    """A copy of these elements."""
    spread = spread_over(tensor)
    return spread.clone() if spread is not None else None


def copies_of(spreads: Sequence[Tensor]) -> list[Tensor]:
    """Copies to keep, made at once for all of a kind."""
    copies = list(spreads)
    for positions in _kinds(spreads):
        sizes = [spreads[position].numel() for position in positions]
        rows = torch.cat([spreads[position] for position in positions]).split_with_sizes(sizes)
        for position, row in zip(positions, rows, strict=True):
            copies[position] = row
    return copies


def flags_of(test: Callable[..., Tensor], *sampled: Sequence[Tensor]) -> list[list[bool]]:
    """What a test of elements says of each sample, or of each pair of like ones; asked once for all of a kind."""
    found: list[list[bool]] = [[]] * len(sampled[0])
    for positions in _kinds(sampled[0]):
        flags = test(*(torch.cat([samples[position] for position in positions]) for samples in sampled)).tolist()
        end = 0
        for position in positions:
            start, end = end, end + sampled[0][position].numel()
            found[position] = flags[start:end]
    return found


def are_alike(one: Tensor, two: Tensor) -> bool:
    """Whether two samples can be compared element by element."""
    return one.shape == two.shape and one.dtype == two.dtype and one.device == two.device


def _kinds(samples: Sequence[Tensor]) -> Iterable[list[int]]:
    """The positions of samples that can be put into one tensor."""
    kinds: dict[object, list[int]] = {}
    for position, sample in enumerate(samples):
        kinds.setdefault((sample.dtype, sample.device), []).append(position)
    return kinds.values()
