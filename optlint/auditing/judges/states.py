"""What `load_state_dict` has brought into an optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from optlint.auditing.judges.order import told_of
from optlint.observations import StateLoaded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim import Optimizer

    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

SHAPED = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg", "grad_avg", "acc_delta", "prev")


def judge_loaded(
    record: OptimizerRecord, optimizer: Optimizer, before: list[object], here: Span | None
) -> Iterator[Seen]:
    """State that belongs to other parameters, and rates that are not those which the program had `before`."""
    place = here or record.place
    if place is None:
        return
    wrong = tuple(
        record.parameters[id(tensor)].label
        for _, tensor in record.tensors
        if tensor in optimizer.state and id(tensor) in record.parameters and _misfit(optimizer.state[tensor], tensor)
    )
    if wrong:
        yield StateLoaded(place=place, why="shape", parameters=wrong, **told_of(record))
    elif moved := _renamed(record, optimizer):
        yield StateLoaded(place=place, why="order", parameters=moved, **told_of(record))
    now = [group.get("lr") for group in optimizer.param_groups]
    if len(before) == len(now) and all(isinstance(rate, (float, int)) for rate in (*before, *now)) and before != now:
        yield StateLoaded(place=place, why="rate", detail=f"{before} to {now}", **told_of(record))


def _misfit(state: dict[str, object], tensor: Tensor) -> bool:
    kept = [state[key] for key in SHAPED if key in state]
    return any(isinstance(value, Tensor) and value.dim() > 0 and value.shape != tensor.shape for value in kept)


def _renamed(record: OptimizerRecord, optimizer: Optimizer) -> tuple[str, ...]:
    """Parameters whose name, as it was saved, is another's name in the model."""
    names = {identity: name for name, (identity, _) in reversed(record.root_names.items())}
    known = set(names.values())
    pairs = [
        (saved, names.get(id(tensor)))
        for group in optimizer.param_groups
        for saved, tensor in zip(group.get("param_names", ()), group["params"], strict=False)
    ]
    return tuple(str(name) for saved, name in pairs if name is not None and saved in known and saved != name)
