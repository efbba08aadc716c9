"""From what looks have noted to observations about parameters that an optimizer owns."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import Parameter

from optlint.auditing.instruments.looks import what_is_wrong
from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.hyperparameters import rates_of
from optlint.auditing.memory.samples import take_sample
from optlint.auditing.memory.sources import given_at
from optlint.observations import FrozenMoved, NonFinite, RateUseless, TensorUntrained, Unmoved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch import Tensor

    from optlint.auditing.memory.records import OptimizerRecord, ParameterRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

WINDOW = 3
STILL = 4
PATIENCE = 12  # steps: some optimizers that are not torch's hold their first updates back
ZERO_TO_THE_END = 5
ZERO_IN_BETWEEN = 200
ZERO_SAMPLES = 8  # tensors
HUGE = 1e8
TINY = 1e-9
WORDS = {
    "without grad": "a tensor made without requires_grad",
    "non-leaf": "not a leaf: computed from other tensors",
    "piece": "a piece of a parameter",
}
HALF = ("bfloat16", "float16")


class _Held(NamedTuple):
    group: int
    tensor: Tensor
    known: ParameterRecord


def held_by(record: OptimizerRecord) -> list[_Held]:
    """The tensors of an optimizer with what is known of them."""
    known = record.parameters
    return [_Held(group, tensor, known[id(tensor)]) for group, tensor in record.tensors if id(tensor) in known]


def group_place(record: OptimizerRecord, group: int) -> Span | None:
    """Where a group is written, else where it was given to the optimizer."""
    if group >= len(record.origins):
        return record.place
    origin = record.origins[group]
    if origin.place is None:
        return record.place
    given = given_at(origin.place, *numbered(record, group))
    return given.span if given else origin.place


def numbered(record: OptimizerRecord, group: int) -> tuple[int, int]:
    """The index of a group in the call that gave it, and how many groups that call gave."""
    together = [other for other, origin in enumerate(record.origins) if not origin.late]
    return (group, len(together)) if group in together else (0, 1)


def names(held: Iterable[_Held]) -> tuple[str, ...]:
    """What the parameters are called."""
    return tuple(one.known.label for one in held)


def judge_tensors(record: OptimizerRecord, final: bool) -> Iterator[Seen]:
    """Tensors that are no parameters: made without grad, not a leaf, a piece of a parameter."""
    if record.steps >= WINDOW or (final and record.steps):
        yield from _wrong_tensors(record)


def is_hopeless(record: OptimizerRecord) -> bool:
    """Whether nothing that an optimizer holds can have a gradient, and nothing of it is a frozen Parameter."""
    tensors = [tensor for _, tensor in record.tensors]
    return bool(tensors) and not any(tensor.requires_grad or isinstance(tensor, Parameter) for tensor in tensors)


def judge_hopeless(record: OptimizerRecord) -> Iterator[Seen]:
    """The tensors of such an optimizer, where no look can be waited for."""
    for _, tensor in record.tensors:
        known = record.parameters.get(id(tensor))
        if known is not None:
            known.looks = max(known.looks, 1)
            known.wrong = what_is_wrong(tensor, known, record)
    yield from _wrong_tensors(record)


def _wrong_tensors(record: OptimizerRecord) -> Iterator[Seen]:
    wrong: dict[tuple[int, str], list[ParameterRecord]] = {}
    for known in record.parameters.values():
        if known.wrong[0] and known.looks:
            wrong.setdefault((known.group, known.wrong[0]), []).append(known)
    for (group, why), found in wrong.items():
        place = group_place(record, group)
        if place is not None:
            for known in found:
                known.reason, known.cause = WORDS[why], place
            yield TensorUntrained(
                place=place, group=group, why=why, steps=record.steps,
                parameters=tuple(dict.fromkeys(known.wrong[1] or known.label for known in found)), **told_of(record),
            )  # fmt: skip


def judge_frozen(record: OptimizerRecord) -> Iterator[Seen]:
    """Parameters that were frozen on the way and still change, by a gradient left from before."""
    moved = [held for held in held_by(record) if _moves_frozen(held, record)]
    for undone in (False, True):
        chosen = [held for held in moved if bool(held.known.thaws) is undone]
        if chosen and record.place is not None:
            yield FrozenMoved(
                place=record.place, group=chosen[0].group, parameters=names(chosen), undone_before=undone,
                **told_of(record),
            )  # fmt: skip


def _moves_frozen(held: _Held, record: OptimizerRecord) -> bool:
    tensor, known = held.tensor, held.known
    if known.frozen_at is None or known.frozen_at == record.steps or tensor.grad is None:
        return False
    kept = known.frozen_grad is not None and known.frozen_grad() is tensor.grad
    if not kept or known.frozen_sample is None:
        return False  # a gradient written by hand since
    now = take_sample(tensor)
    return now is not None and not torch.equal(now, known.frozen_sample)


def judge_values(record: OptimizerRecord) -> Iterator[Seen]:
    """NaN and infinity in what the step wrote."""
    gone = [held for held in held_by(record) if _not_finite(held.tensor) and _not_finite(held.tensor.grad)]
    if gone and record.place is not None:
        record.gone = True
        yield NonFinite(
            place=record.place, group=gone[0].group, parameters=names(gone), **told_of(record)
        )  # fmt: skip


def _not_finite(tensor: Tensor | None) -> bool:
    return (
        tensor is not None
        and tensor.is_floating_point()
        and tensor.layout == torch.strided
        and not bool(torch.isfinite(tensor.detach()).all())
    )


def judge_effect(record: OptimizerRecord, final: bool = False) -> Iterator[Seen]:
    """Gradients that pull and values that stay: a rate of zero, rounding, or a step without effect."""
    if not (record.of_torch or final or record.steps >= PATIENCE):
        return
    pulled = [held for held in held_by(record) if held.known.grads]
    still = [held for held in pulled if held.known.still >= STILL and not held.known.moved]
    rates = rates_of(record)
    if not still or record.place is None:
        return
    low = [held for held in still if held.known.dtype in HALF and rates[held.group] != 0]
    if low:
        yield _unmoved(record, low, "rounding", rates)
    elif len(still) == len(pulled) and not any(held.known.moved for held in pulled):
        yield from _nothing_moves(record, still, rates)


def _nothing_moves(record: OptimizerRecord, still: list[_Held], rates: list[float | None]) -> Iterator[Seen]:
    known = [abs(rate) for held in still if (rate := rates[held.group]) is not None]
    if record.place is None or (known and max(known) == 0):
        return
    if known and max(known) < TINY:
        yield RateUseless(
            place=record.place, lr=max(known), why="tiny", steps=record.steps, parameters=names(still),
            **told_of(record),
        )  # fmt: skip
    elif not _moved_at_first(record):
        yield _unmoved(record, still, "no effect", rates)


def _moved_at_first(record: OptimizerRecord) -> bool:
    """Whether the very first step, after which the first look was, changed something: LBFGS may be done by then."""
    before, tensor = record.start, record.start.tensor() if record.start is not None else None
    now = take_sample(tensor) if tensor is not None else None
    return before is not None and now is not None and not torch.equal(before.sample, now)


def judge_rates(record: OptimizerRecord, final: bool) -> Iterator[Seen]:
    """A rate of zero in all groups, for ever or from some step on; a rate beyond all reason."""
    if record.highest_rate and record.highest_rate < HUGE:
        record.zero_since = None
        return
    rates = rates_of(record)
    if record.place is None or not rates or None in rates or not record.steps:
        return
    known = [rate for rate in rates if rate is not None]
    highest = max(known)
    if highest >= HUGE and record.of_torch and not record.gone:
        record.gone = True
        yield RateUseless(place=record.place, lr=highest, why="huge", steps=record.steps, **told_of(record))
    if any(known):
        return
    pulled = (tensor for _, tensor in record.tensors if tensor.grad is not None)
    now = [take_sample(tensor) for tensor in islice(pulled, ZERO_SAMPLES)]
    if record.zero_since is None or _differ(record.zero_samples, now):  # an own optimizer may have its own rate
        record.zero_since, record.zero_samples = record.steps, now
    steps = record.steps - record.zero_since + 1
    if steps >= (ZERO_TO_THE_END if final else ZERO_IN_BETWEEN) and any(p.grads for p in record.parameters.values()):
        yield RateUseless(place=record.place, lr=0.0, why="zero", steps=steps, **told_of(record))


def _differ(before: list[Tensor | None], now: list[Tensor | None]) -> bool:
    pairs = zip(before, now, strict=False)  # when an optimizer ends, its tensors may be gone
    return any(one is not None and two is not None and not torch.equal(one, two) for one, two in pairs)


def _unmoved(record: OptimizerRecord, held: list[_Held], why: str, rates: list[float | None]) -> Unmoved:
    place = group_place(record, held[0].group) or record.place
    assert place is not None
    return Unmoved(
        place=place, group=held[0].group, parameters=names(held), why=why, dtype=held[0].known.dtype,
        lr=rates[held[0].group], steps=record.steps, **told_of(record),
    )  # fmt: skip
