"""What an audit found out, as plain frozen values: nothing here keeps a tensor, a model or an optimizer alive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic, Span


class ParameterSummary(NamedTuple):
    """One parameter and what became of it.

    `grad` is always|sometimes|never|unknown: whether it had a gradient at the steps that were looked at. `moved` is
    yes|no|unknown: whether a step has changed its value.
    """

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
    """One param group; `lr` is the rate at the last look, `hyperparameters` are all but `params`, in words of JSON."""

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
    """A sample of one optimizer: a rate for each of its groups and, where values were read, two numbers.

    `optimizer` is its index in the report. `grad_norm` is the 2-norm of all its gradients together; `update_ratio` is
    how far a sample of its elements has moved in the step, in 2-norms, as a share of how large they were.
    """

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
