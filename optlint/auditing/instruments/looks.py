"""The look at an optimizer's parameters right after a step, taken rarely; once all have moved, at a few of them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import torch
from torch.nn import Parameter
from torch.nn.parameter import is_lazy

from optlint.auditing.instruments.movement import note_movement
from optlint.auditing.memory.hyperparameters import note_hyperparameters
from optlint.auditing.memory.samples import take_sample

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
    from torch.optim import Optimizer

    from optlint.auditing.memory.records import OptimizerRecord, ParameterRecord

EARLY, DENSE, RAREST = 4, 64, 4096
GLANCED = 4  # parameters


def next_look(step: int, size: int) -> int:
    """The step of the next full look, for an optimizer of so many tensors: the more, the rarer."""
    if step < EARLY:
        return step + 1
    if step < DENSE:
        return step + max(4, size // 64)
    return step + min(step, max(32, min(max(step // 3, size // 2), RAREST)))


def look(record: OptimizerRecord, optimizer: Optimizer) -> None:
    """Update what is known of the parameters: their flags, whether they have a gradient, whether they moved."""
    note_hyperparameters(record, optimizer)
    record.stateful = any(isinstance(value, torch.Tensor) and value.dim() for value in _first_state(optimizer))
    probe = record.probe()
    if probe is None or probe.grad is None:
        choose_probe(record)
    if _rising(record):  # a warm-up or a search for a rate starts anew
        for known in record.parameters.values():
            known.still = 0
    if not (record.settled and _glance(record, optimizer)):
        _look_at_all(record)


def _glance(record: OptimizerRecord, optimizer: Optimizer) -> bool:
    """Look at some of the parameters, at others each time; whether all is as it was when it was settled."""
    tensors = [tensor for group in optimizer.param_groups for tensor in group["params"]]
    trainable = [tensor.requires_grad for tensor in tensors]
    if trainable != record.settled:
        return False
    apart = 1 + len(tensors) // GLANCED
    for at in range(record.glances % apart, len(tensors), apart):
        known, gradient = record.parameters.get(id(tensors[at])), tensors[at].grad
        if known is None or (gradient is not None and not trainable[at]):
            return False
        known.looks += 1
        known.grads += gradient is not None
    record.glances += 1
    return True


def _look_at_all(record: OptimizerRecord) -> None:
    record.stale = record.odd = False
    unsettled: list[tuple[ParameterRecord, Tensor]] = []
    trainable = []
    complete = True
    for group, tensor in record.tensors:
        parameter = record.parameters.get(id(tensor))
        if parameter is None or is_lazy(tensor):
            complete = False
            continue
        parameter.group = group
        parameter.looks += 1
        parameter.grads += tensor.grad is not None
        trainable.append(tensor.requires_grad)
        if not (parameter.moved and parameter.trainable and tensor.requires_grad):
            _update(parameter, tensor, record)
            unsettled.append((parameter, tensor))
    note_movement(record, [(known, tensor) for known, tensor in unsettled if _is_compared(known, tensor)])
    record.still = any(known.still for known, _ in unsettled)
    record.bare = any(not known.grads and not known.moved for known, _ in unsettled)
    settled = complete and all(
        known.moved if tensor.requires_grad else tensor.grad is None for known, tensor in unsettled
    )
    record.settled = trainable if settled else []


def _rising(record: OptimizerRecord) -> bool:
    """Whether a rate has grown since the last look."""
    rates = [rate for group in record.hyperparameters if isinstance(rate := group.get("lr"), (float, int))]
    highest, before = max(rates, default=0.0), record.highest_rate
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


def _update(parameter: ParameterRecord, tensor: Tensor, record: OptimizerRecord) -> None:
    _note_frozen(parameter, tensor, record.steps)
    if not parameter.numel:  # it was lazy
        parameter.shape, parameter.numel = tuple(tensor.shape), tensor.numel()
    parameter.trainable = tensor.requires_grad
    parameter.ever_trainable = parameter.ever_trainable or tensor.requires_grad
    parameter.is_leaf = tensor.is_leaf
    parameter.wrong = ("", "") if parameter.grads or parameter.moved else what_is_wrong(tensor, parameter, record)
    record.odd = record.odd or bool(parameter.wrong[0])
    record.stale = record.stale or (parameter.frozen_at is not None and tensor.grad is not None)


def _is_compared(parameter: ParameterRecord, tensor: Tensor) -> bool:
    """Whether its values are worth a look: after the first eight at 16, 32, 64 … looks only."""
    many = parameter.looks > 8 and parameter.looks & (parameter.looks - 1)
    return not (parameter.moved or many or (tensor.grad is None and parameter.looks > 2))


def what_is_wrong(tensor: Tensor, known: ParameterRecord, record: OptimizerRecord) -> tuple[str, str]:
    """What kind of tensor this is, if it is no parameter, and of which parameter it is a piece."""
    base = tensor._base if tensor._is_view() else None
    if isinstance(base, Parameter):
        names = (name for name, (identity, _) in record.root_names.items() if identity == id(base))
        return "piece", next(names, known.label)
    if not tensor.is_leaf and not tensor.retains_grad:
        return "non-leaf", ""
    around = _parameter_around(tensor, record)
    if around is not None:
        return "piece", around
    plain = not known.ever_trainable and not isinstance(tensor, Parameter)
    return ("without grad", "") if plain else ("", "")


def _parameter_around(tensor: Tensor, record: OptimizerRecord) -> str | None:
    """The name of a parameter of the model in whose memory this tensor is, as pieces of `.data` are."""
    root = record.root() if record.root is not None else None
    if root is None or take_sample(tensor) is None or any(tensor is own for own in root.parameters()):
        return None
    memory, first = tensor.untyped_storage().data_ptr(), tensor.storage_offset()
    for name, own in root.named_parameters():
        inside = own.storage_offset() <= first < own.storage_offset() + own.numel() and tensor.numel() < own.numel()
        if inside and take_sample(own) is not None and own.untyped_storage().data_ptr() == memory:
            return name
    return None


def _note_frozen(parameter: ParameterRecord, tensor: Tensor, step: int) -> None:
    """Remember the values and the gradient with which a parameter was found frozen."""
    if tensor.requires_grad:
        parameter.thaws += parameter.frozen_at is not None
        parameter.frozen_at = parameter.frozen_sample = parameter.frozen_grad = None
    elif parameter.ever_trainable and parameter.frozen_at is None:
        parameter.frozen_at = step
        parameter.frozen_sample = take_sample(tensor)
        parameter.frozen_grad = weakref.ref(tensor.grad) if tensor.grad is not None else None
