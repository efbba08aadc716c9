"""Steps between which the model runs and nobody calls backward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.samples import take_sample
from optlint.observations import Unmoved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.observations import Seen


def judge_without_backward(record: OptimizerRecord) -> Iterator[Seen]:
    """No backward has run: steps without effect, if what they are to train was called in training by then.

    Who only looks at a schedule calls no model, and who needs no gradients moves the parameters without them.
    """
    owned = list(record.parameters.values())
    called = [known for known in owned if known.calls > known.calls_without_grad]
    without = not any(known.grads for known in owned) and all(tensor.grad is None for _, tensor in record.tensors)
    if record.built_here and called and without and not _has_moved(record) and record.place is not None:
        names = tuple(known.label for known in owned if known.trainable)
        told = {"steps": record.steps, "parameters": names, **told_of(record)}
        yield Unmoved(place=record.place, why="no backward", dtype="", lr=None, **told)


def _has_moved(record: OptimizerRecord) -> bool:
    start, tensor = record.start, record.start.tensor() if record.start is not None else None
    now = take_sample(tensor) if tensor is not None else None
    return start is None or now is None or not torch.equal(start.sample, now)
