"""Weights that are put back by hand, again and again, while their optimizer goes on: drawn anew, or copied back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from optlint.auditing.judges.undone import reset, taken_back
from optlint.auditing.memory.samples import take_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor
    from torch.nn import Module

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

FLIPPED = 0.25  # of the sampled elements: what clips, decays or perturbs weights leaves their signs
SAMPLED = 64  # matrices of one optimizer
SHORTEST = 2  # steps of a round

Before = list[tuple["OptimizerRecord", list["Tensor | None"]]]  # of each optimizer: samples of its matrices


def values_in(module: Module, book: Book) -> Before:
    """The matrices of optimizers that have stepped, all of which are in `module`, before something is done to it."""
    stepped = [record for record in book.of_thread() if record.start is not None and record.steps > record.start.steps]
    if not stepped:
        return []
    inside = {id(parameter) for parameter in module.parameters()}
    matrices = ((record, _matrices(record)) for record in stepped)
    return [
        (record, [take_sample(tensor) for tensor in found])
        for record, found in matrices
        if found and all(id(tensor) in inside for tensor in found)
    ]


def first_values(book: Book) -> None:
    """Weights may have been drawn for optimizers that are yet to step: these are what they begin with."""
    for record in book.of_thread():
        start, tensor = record.start, record.start.tensor() if record.start is not None else None
        now = take_sample(tensor) if tensor is not None and not record.steps else None
        if start is not None and now is not None:
            record.start = start._replace(sample=now)


def drawn_anew(before: Before, here: Callable[[], Span | None]) -> Iterator[Seen]:
    """Optimizers all of whose matrices are others now, again and again; `here` gives the user's line."""
    for record, old in before:
        start = record.start
        if start is not None and _is_redrawn(old, [take_sample(tensor) for tensor in _matrices(record)]):
            tensor = start.tensor()
            now = take_sample(tensor) if tensor is not None else None
            yield from reset(record, start if now is None else start._replace(sample=now), "drawn anew", here)


def round_begins(book: Book, here: Callable[[], Span | None]) -> Iterator[Seen]:
    """Data is walked from its beginning: are the weights what they were before the first step, once more?"""
    for record in book.of_thread():
        start, tensor = record.start, record.start.tensor() if record.start is not None else None
        since, record.round_at = record.steps - record.round_at, record.steps
        if start is None or (since < SHORTEST and record.steps != start.steps):
            continue  # data that begins at each step is not asked again and again
        known = record.parameters.get(id(tensor))
        now = take_sample(tensor) if tensor is not None and known is not None and known.moved else None
        if now is None:
            continue
        if record.steps == start.steps:
            taken_back(record, start, now)
        elif torch.equal(now, start.sample):
            yield from reset(record, start, "put back", here)


def _matrices(record: OptimizerRecord) -> list[Tensor]:
    """What initialisation draws; biases and scales begin with the same numbers each time."""
    known = record.parameters
    held = (tensor for _, tensor in record.tensors if tensor.dim() > 1)
    return [tensor for tensor in held if id(tensor) in known and known[id(tensor)].moved][:SAMPLED]


def _is_redrawn(before: list[Tensor | None], now: list[Tensor | None]) -> bool:
    pairs = [(one, two) for one, two in zip(before, now, strict=False) if one is not None and two is not None]
    if not pairs or len(before) != len(now) or any(torch.equal(one, two) for one, two in pairs):
        return False
    flipped = sum(int((one.sign() != two.sign()).sum()) for one, two in pairs)
    return flipped >= FLIPPED * sum(one.numel() for one, _ in pairs)
