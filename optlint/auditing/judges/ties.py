"""Weights that should be one Parameter and are two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from optlint.auditing.judges.order import told_of
from optlint.observations import TieBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.observations import Seen


def judge_ties(record: OptimizerRecord) -> Iterator[Seen]:
    """Ties that are gone, and Parameters that share memory without being one."""
    if record.place is None:
        return
    shared = _sharing(record)
    if shared:
        yield TieBroken(place=record.place, parameters=shared, shared_storage=True, **told_of(record))
    root = record.root() if record.root is not None else None
    if root is not None and record.ties:
        now = {name: tensor for name, tensor in root.named_parameters(remove_duplicate=False) if tensor.requires_grad}
        for names in record.ties:
            there = [name for name in names if name in now]
            if len({id(now[name]) for name in there}) > 1:
                yield TieBroken(place=record.place, parameters=tuple(there), shared_storage=False, **told_of(record))


def _sharing(record: OptimizerRecord) -> tuple[str, ...]:
    """Trainable parameters that start at the same address, while they have gradients of their own."""
    pulled = [tensor for _, tensor in record.tensors if tensor.grad is not None]
    plain = [tensor for tensor in pulled if tensor.layout == torch.strided and not tensor.is_meta]
    places = [tensor.data_ptr() for tensor in plain]
    if len(set(places)) == len(places):
        return ()
    at: dict[tuple[int, int], list[str]] = {}
    for tensor, place in zip(plain, places, strict=True):
        known = record.parameters.get(id(tensor))
        if known is not None and place and tensor.numel() > 1:
            labels = at.setdefault((place, tensor.numel()), [])
            labels.extend([known.label] if known.label not in labels else [])
    return next((tuple(names) for names in at.values() if len(names) > 1), ())
