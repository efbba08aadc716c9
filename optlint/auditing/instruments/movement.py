"""Whether parameters move: a few elements of each, compared with what they were before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from optlint.auditing.memory.samples import are_alike, copies_of, flags_of, spread_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from optlint.auditing.memory.records import OptimizerRecord, ParameterRecord

    Held = tuple[ParameterRecord, Tensor]

PART = 64  # parameters
ROUNDED = ("bfloat16", "float16")
WEAK = 1e-7  # a gradient that small moves nothing, and nobody is to blame


def note_movement(record: OptimizerRecord, held: Sequence[Held]) -> None:
    """Whether the sampled elements of these are what they were at the first look; of many a part each time.

    All are asked, though, as long as nothing is known to move at all, or where steps may be lost in rounding.
    """
    sampled = [pair for pair in held if pair[0].sample is not None]
    _sample_first([pair for pair in held if pair[0].sample is None])
    apart = 1 + len(sampled) // PART
    turn = record.looks % apart
    record.looks += 1
    _compare(record, sampled[turn::apart])
    if apart > 1 and not _is_effective(record, sampled):
        _compare(record, [pair for at, pair in enumerate(sampled) if at % apart != turn])


def _is_effective(record: OptimizerRecord, held: Sequence[Held]) -> bool:
    moving = any(known.moved for known in record.parameters.values())
    return moving and not any(known.dtype in ROUNDED for known, _ in held)


def _sample_first(held: Sequence[Held]) -> None:
    spreads = [(known, spread) for known, tensor in held if (spread := spread_over(tensor)) is not None]
    for (known, _), copy in zip(spreads, copies_of([spread for _, spread in spreads]), strict=True):
        known.sample = copy


def _compare(record: OptimizerRecord, held: Sequence[Held]) -> None:
    compared: list[tuple[Held, Tensor, Tensor]] = []
    for known, tensor in held:
        before, now = known.sample, spread_over(tensor)
        if now is not None and before is not None and are_alike(before, now):
            compared.append(((known, tensor), before, now))
        else:
            known.moved, known.sample, known.still = now is not None, None, 0
    _note_still(record, _unmoved(compared))


def _unmoved(compared: Sequence[tuple[Held, Tensor, Tensor]]) -> list[Held]:
    """Those that are the same; the others are noted to have moved."""
    unmoved = []
    flags = flags_of(torch.ne, [before for _, before, _ in compared], [now for *_, now in compared])
    for ((known, tensor), _, _), differs in zip(compared, flags, strict=True):
        if True in differs:
            known.moved, known.sample, known.still = True, None, 0
        else:
            unmoved.append((known, tensor))
    return unmoved


def _note_still(record: OptimizerRecord, unmoved: Sequence[Held]) -> None:
    """Count it where the gradient asks the sampled elements to move."""
    weak = 0.0 if record.tiny_bound else WEAK
    pulled = [(known, tensor.grad) for known, tensor in unmoved if tensor.grad is not None]
    spreads = [(known, spread) for known, grad in pulled if (spread := spread_over(grad)) is not None]
    values = [spread for _, spread in spreads]
    finite, strong = flags_of(torch.isfinite, values), flags_of(lambda value: value.abs() > weak, values)
    for (known, _), is_finite, is_strong in zip(spreads, finite, strong, strict=True):
        known.still += False not in is_finite and True in is_strong
