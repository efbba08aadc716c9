"""The full look at an optimizer's parameters right after a step, taken rarely."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import torch
from torch.nn import Parameter
from torch.nn.parameter import is_lazy

from optlint.auditing.memory.records import take_sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
    from torch.optim import Optimizer

    from optlint.auditing.memory.records import OptimizerRecord, ParameterRecord

EARLY, DENSE, RAREST = 4, 64, 4096
WEAK = 1e-7  # a gradient that small moves nothing, and nobody is to blame


def next_look(step: int, size: int) -> int:
    """The step of the next full look, for an optimizer of so many tensors: the more, the rarer."""
    if step < EARLY:
        return step + 1
    if step < DENSE:
        return step + max(4, size // 64)
    return step + min(step, max(32, min(max(step // 4, size // 2), RAREST)))


def look(record: OptimizerRecord, optimizer: Optimizer) -> None:
    """Update what is known of each parameter: its flags, whether it has a gradient, whether it moved."""
    note_hyperparameters(record, optimizer)
    record.stateful = any(isinstance(value, torch.Tensor) and value.dim() for value in _first_state(optimizer))
    probe = record.probe()
    if probe is None or probe.grad is None:
        choose_probe(record)
    if _rising(record):  # a warm-up or a search for a rate starts anew
        for known in record.parameters.values():
            known.still = 0
    record.still = record.stale = record.odd = False
    for group, tensor in record.tensors:
        parameter = record.parameters.get(id(tensor))
        if parameter is None or is_lazy(tensor):
            continue
        parameter.group = group
        if parameter.moved and parameter.trainable and tensor.requires_grad:
            parameter.looks += 1
            parameter.grads += tensor.grad is not None
        else:
            _update(parameter, tensor, record)


def note_hyperparameters(record: OptimizerRecord, optimizer: Optimizer) -> None:
    """Copy the hyperparameters of all groups."""
    record.hyperparameters = [
        {key: _plain(value) for key, value in group.items() if key != "params"} for group in optimizer.param_groups
    ]


def _rising(record: OptimizerRecord) -> bool:
    """Whether a rate has grown since the last look."""
    rates = [group.get("lr") for group in record.hyperparameters]
    highest, before = max((rate for rate in rates if isinstance(rate, (float, int))), default=0.0), record.highest_rate
    record.highest_rate = highest
    return before is not None and highest > before


def _first_state(optimizer: Optimizer) -> Iterable[object]:
    first = next(iter(optimizer.state.values()), None)
    return first.values() if isinstance(first, dict) else ()


def choose_probe(record: OptimizerRecord) -> None:
    """Watch a trainable parameter at each step: one that always has a gradient, else that has one, else the first."""
    trainable = ((record.parameters.get(id(tensor)), tensor) for _, tensor in record.tensors if tensor.requires_grad)
    chosen: Tensor | None = None
    for known, tensor in trainable:
        if tensor.grad is not None and (chosen is None or chosen.grad is None):
            chosen = tensor
        if tensor.grad is not None and known is not None and known.grads == known.looks:
            chosen = tensor
            break
        chosen = tensor if chosen is None else chosen
    if chosen is None:
        return
    if record.probe() is not chosen:
        record.probe = weakref.ref(chosen)
        record.probe_sample = take_sample(chosen)
        rounds = record.rounds
        rounds.mark, rounds.complete = None, False
        rounds.piled_rounds = rounds.lost_rounds = 0


def _plain(value: object) -> object:
    """A hyperparameter without a tensor: a rate kept on a device is not worth a synchronisation."""
    if isinstance(value, torch.Tensor):
        return float(value) if value.numel() == 1 and value.is_cpu else f"tensor{tuple(value.shape)}"
    return value


def _update(parameter: ParameterRecord, tensor: Tensor, record: OptimizerRecord) -> None:
    gradient = tensor.grad
    parameter.looks += 1
    parameter.grads += gradient is not None
    _note_frozen(parameter, tensor, record.steps)
    if not parameter.numel:  # it was lazy
        parameter.shape, parameter.numel = tuple(tensor.shape), tensor.numel()
    parameter.trainable = tensor.requires_grad
    parameter.ever_trainable = parameter.ever_trainable or tensor.requires_grad
    parameter.is_leaf = tensor.is_leaf
    parameter.wrong = ("", "") if parameter.grads or parameter.moved else what_is_wrong(tensor, parameter, record)
    record.odd = record.odd or bool(parameter.wrong[0])
    record.stale = record.stale or (parameter.frozen_at is not None and gradient is not None)
    many = parameter.looks > 8 and parameter.looks & (parameter.looks - 1)  # later at 16, 32, 64 … looks only
    if not (parameter.moved or many or (gradient is None and parameter.looks > 2)):
        _compare(parameter, tensor, record)
    record.still = record.still or parameter.still > 0


def _compare(parameter: ParameterRecord, tensor: Tensor, record: OptimizerRecord) -> None:
    """Whether the sampled elements are what they were at the first look."""
    now = take_sample(tensor)
    if parameter.sample is None:
        parameter.sample = now
    elif now is None or not torch.equal(now, parameter.sample):
        parameter.moved, parameter.sample, parameter.still = now is not None, None, 0
    elif tensor.grad is not None and _pulls(tensor.grad, 0.0 if record.tiny_bound else WEAK):
        parameter.still += 1


def what_is_wrong(tensor: Tensor, known: ParameterRecord, record: OptimizerRecord) -> tuple[str, str]:
    """What kind of tensor this is, if it is no parameter, and of which parameter it is a piece."""
    base = tensor._base if tensor._is_view() else None
    if isinstance(base, Parameter):
        names = (name for name, (identity, _) in record.root_names.items() if identity == id(base))
        return "piece", next(names, known.label)
    if not tensor.is_leaf and not tensor.retains_grad:
        return "non-leaf", ""
    plain = not known.ever_trainable and not isinstance(tensor, Parameter)
    return ("without grad", "") if plain else ("", "")


def _pulls(gradient: Tensor, weak: float) -> bool:
    """Whether the gradient asks the sampled elements to move."""
    sample = take_sample(gradient)
    return sample is not None and bool(torch.isfinite(sample).all()) and bool((sample.abs() > weak).any())


def _note_frozen(parameter: ParameterRecord, tensor: Tensor, step: int) -> None:
    """Remember the values and the gradient with which a parameter was found frozen."""
    if tensor.requires_grad:
        parameter.thaws += parameter.frozen_at is not None
        parameter.frozen_at = parameter.frozen_sample = parameter.frozen_grad = None
    elif parameter.ever_trainable and parameter.frozen_at is None:
        parameter.frozen_at = step
        parameter.frozen_sample = take_sample(tensor)
        parameter.frozen_grad = id(tensor.grad) if tensor.grad is not None else None
