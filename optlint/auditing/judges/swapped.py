"""Parameters whose place in the model was taken by tensors of another kind, such as shards, after the optimizer was
built. The walk from the loss does not know these: what it reaches are pieces that live for one forward only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import Parameter

from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.samples import take_sample
from optlint.observations import Unowned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.observations import Seen

WINDOW = 3  # steps


class Swapped:
    """Looks at the model's parameters as they are now, and whether anybody trains them."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._samples: dict[tuple[int, str], Tensor] = {}  # by index of the optimizer and name

    def judge(self, record: OptimizerRecord) -> Iterator[Seen]:
        """Those that have gradients, are in no optimizer, and keep their values from one look to the next."""
        if record.place is None or all(known.grads for known in record.parameters.values()):
            return
        names = tuple(name for name, tensor in self._taken(record) if self._stays(record.index, name, tensor))
        if names and record.steps >= WINDOW:
            yield Unowned(place=record.place, why="replaced", parameters=names, **told_of(record))

    def _taken(self, record: OptimizerRecord) -> Iterator[tuple[str, Tensor]]:
        root = record.root() if record.root is not None else None
        for name, tensor in root.named_parameters() if root is not None else ():
            before, _ = record.root_names.get(name, (id(tensor), True))
            known = record.parameters.get(before)
            if known is None or known.grads or before == id(tensor) or type(tensor) is Parameter:
                continue
            if tensor.grad is not None and not self._book.owning(tensor):
                yield name, tensor

    def _stays(self, index: int, name: str, tensor: Tensor) -> bool:
        """Whether the part of it that is here has been seen before with these very values."""
        local = getattr(tensor, "_local_tensor", None)
        now = take_sample(local) if local is not None else None
        before = self._samples.get((index, name))
        if now is not None:
            self._samples[index, name] = now
        return now is not None and before is not None and torch.equal(before, now)
