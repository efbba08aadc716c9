"""What an optimizer and a model tell by themselves, without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from optlint.auditing.instruments.looks import what_is_wrong
from optlint.auditing.judges.causes import CAUSES, items_in
from optlint.auditing.judges.judge import WORDS
from optlint.auditing.memory.book import Book
from optlint.auditing.memory.models import plain_attributes, plain_name
from optlint.auditing.memory.summaries import AuditFacts, ParameterSummary
from optlint.auditing.memory.uses import assignment_place
from optlint.auditing.reports.facts import WORDS_FOR_LEFT_OUT, summary_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span


def facts_without_run(optimizer: Optimizer, model: Module | None) -> AuditFacts:
    """The table of `optlint.explain`: whether a parameter has moved is not known, the rest is."""
    book = Book(model)
    record = book.enter(optimizer, None, built_here=False)
    for _, tensor in record.tensors:
        known = record.parameters[id(tensor)]
        known.wrong = what_is_wrong(tensor, known, record)
        known.reason = WORDS.get(known.wrong[0])
        had_one = tensor.grad is not None or bool(optimizer.state.get(tensor))
        known.looks, known.grads = (2, 1) if had_one else (0, 0)
    unowned = tuple(_unowned(model, record)) if model is not None else ()
    return AuditFacts(str(torch.__version__), (), (summary_of(record),), unowned)


def _unowned(model: Module, record: OptimizerRecord) -> Iterator[ParameterSummary]:
    for name, parameter in model.named_parameters():
        if id(parameter) not in record.parameters:
            yield _summary(plain_name(name), parameter, WORDS_FOR_LEFT_OUT[parameter.requires_grad], None)
    for module_name, module in model.named_modules():
        for attribute, value in plain_attributes(module):
            place = assignment_place(type(module), attribute)
            for name, tensor, why in _hidden(attribute, value):
                if tensor.requires_grad and id(tensor) not in record.parameters:
                    yield _summary(f"{module_name}.{name}".lstrip("."), tensor, CAUSES[why], place)


def _hidden(attribute: str, value: object) -> Iterator[tuple[str, Tensor, str]]:
    """Trainable tensors in a plain attribute."""
    if isinstance(value, Tensor):
        yield attribute, value, "plain tensor"
    for key, item in items_in(value):
        if isinstance(item, Tensor):
            yield f"{attribute}.{key}", item, "hidden parameter"
        elif isinstance(item, Module):
            for name, parameter in item.named_parameters():
                yield f"{attribute}.{key}.{name}", parameter, "hidden module"


def _summary(name: str, tensor: Tensor, reason: str, cause: Span | None) -> ParameterSummary:
    return ParameterSummary(
        name=name,
        shape=tuple(tensor.shape),
        dtype=str(tensor.dtype).removeprefix("torch."),
        numel=tensor.numel(),
        requires_grad=tensor.requires_grad,
        is_leaf=tensor.is_leaf,
        grad="sometimes" if tensor.is_leaf and tensor.grad is not None else "unknown",
        reason=reason,
        cause=cause,
    )
