"""What an audit found out, as plain frozen values: nothing here keeps a tensor, a model or an optimizer alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Span


class ParameterSummary(NamedTuple):
    """One parameter and what became of it; `grad` is always|sometimes|never|unknown, `moved` yes|no|unknown."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    numel: int
    requires_grad: bool
    is_leaf: bool
    grad: str = "unknown"
    moved: str = "unknown"
    reason: str | None = None  # why it is not trained
    cause: Span | None = None


class GroupSummary(NamedTuple):
    """One param group with its hyperparameters; `hyperparameters` are all but `params`, in words of JSON."""

    index: int  # type: ignore[assignment]  # the word of the JSON contract
    lr: float | None
    hyperparameters: dict[str, object]
    parameters: tuple[ParameterSummary, ...]


class OptimizerSummary(NamedTuple):
    """One optimizer: its class, where it was built (None where no code of the user's did), how often it stepped."""

    class_name: str
    place: Span | None
    steps: int
    groups: tuple[GroupSummary, ...]

    @property
    def parameters(self) -> Iterator[ParameterSummary]:
        """All parameters of all groups."""
        return (parameter for group in self.groups for parameter in group.parameters)


class TimelinePoint(NamedTuple):
    """A sample of one optimizer's rates and, where values were read, the norms of its gradients and updates."""

    step: int
    optimizer: int
    lr: tuple[float | None, ...]
    grad_norm: float | None = None
    update_ratio: float | None = None


class AuditFacts(NamedTuple):
    """All that a report shows."""

    torch_version: str
    diagnostics: tuple[Diagnostic, ...] = ()
    optimizers: tuple[OptimizerSummary, ...] = ()
    unowned: tuple[ParameterSummary, ...] = ()
    timeline: tuple[TimelinePoint, ...] = ()
    ranks: tuple[int, ...] = ()  # whose facts these are, where several processes train together
