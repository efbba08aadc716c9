"""Frozen parameters of a model that its optimizer was not given: nothing wrong with them, but a part of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.parameter import is_lazy

from optlint.auditing.memory.models import plain_name
from optlint.auditing.memory.summaries import ParameterSummary

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from torch import Tensor

REASON = "frozen, and not given to the optimizer"


def frozen_among(named: Mapping[str, Tensor], known: Container[str]) -> Iterator[ParameterSummary]:
    """Those of these parameters that are frozen, as they are now: the model may be gone when the report is written."""
    for wrapped, tensor in named.items():
        if not tensor.requires_grad and not is_lazy(tensor) and (name := plain_name(wrapped)) not in known:
            yield ParameterSummary(
                name=name, shape=tuple(tensor.shape), dtype=str(tensor.dtype).removeprefix("torch."),
                numel=tensor.numel(), requires_grad=False, is_leaf=tensor.is_leaf, moved="no", reason=REASON,
            )  # fmt: skip
