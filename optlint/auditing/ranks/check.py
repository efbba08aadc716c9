"""Every N steps: what each copy of a parameter is like on this rank, for the first rank to compare."""

from __future__ import annotations

import gc
import sys
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.optim.optimizer import register_optimizer_step_post_hook

from optlint.auditing.instruments.patches import Patches, capturing, hidden_from_dynamo, marked_for_dynamo
from optlint.auditing.judges.order import STEP_CODE
from optlint.auditing.memory.book import KEPT
from optlint.auditing.ranks.channel import Channel, Check
from optlint.auditing.ranks.comparison import Copies
from optlint.auditing.ranks.courier import Courier
from optlint.auditing.ranks.fingerprints import fingerprints
from optlint.auditing.ranks.messages import Header, body_of, digest_of
from optlint.auditing.ranks.replicas import Replicas
from optlint.auditing.ranks.verdicts import Origin, Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from torch.optim import Optimizer

    from optlint.auditing.hooks.handlers import Handlers
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.auditing.ranks.replicas import Copy

GRACE = 1.0  # seconds that the end of a process group or of an audit may wait for other ranks
PLAIN = (bool, int, float, str, type(None))


class ReplicaCheck:
    """The hook after steps, and what it needs."""

    def __init__(self, handlers: Handlers, every: int, fail: Callable[[Exception], None]) -> None:
        self._handlers = handlers
        self._every = every
        self._fail = fail
        self._replicas = Replicas(handlers.here, lambda: handlers.attention.losses)
        self._patches = Patches()
        self._courier: Courier | None = None
        self._channels: dict[tuple[object, ...], Channel] = {}
        self._origins: dict[int, Origin] = {}  # by identity of the channel
        self._verdicts = Verdicts(self._replicas, every, handlers.tell)
        self._checked: dict[int, int] = {}  # by index of the record: the step of its last check
        self._handle: Any = None
        self._hidden: Callable[..., None] | None = None

    def install(self) -> None:
        """Begin; hooks of the audit itself must be there already."""
        self._replicas.install(self._patches, self._safely)
        for owner in (dist, dist.distributed_c10d):
            self._patches.replace(owner, "destroy_process_group", self._before_destroy)
        for thing in gc.get_objects():
            if DistributedDataParallel in type(thing).__mro__:
                self._replicas.note_wrapped(thing, built_here=False)
        self._handle = register_optimizer_step_post_hook(marked_for_dynamo(self._hook()))

    def remove(self) -> None:
        """Take everything back, and tell what is left to tell."""
        self.discard()
        self._safely(self._close)

    def discard(self) -> None:
        """Take everything back."""
        self._patches.undo()
        if self._handle is not None:
            self._handle.remove()

    def _safely(self, action: Callable[..., Any], *arguments: Any) -> None:
        """Call ours where no fault reaches the program, and no compiler comes along."""
        if self._hidden is None and "torch._dynamo" in sys.modules:
            self._hidden = hidden_from_dynamo(_call)
        try:
            (self._hidden or _call)(action, *arguments)
        except Exception as fault:
            self._fail(fault)

    def _before_destroy(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def destroy_process_group(group: Any = None) -> Any:
            if group is None:
                self._safely(self._close)
            return original(group)

        return destroy_process_group

    def _close(self) -> None:
        courier, self._courier = self._courier, None
        if courier is not None:
            courier.finish(GRACE)
            self._take(courier, closing=True)
            self._channels.clear()
            self._origins.clear()

    def _hook(self) -> Callable[[Optimizer, Any, Any], None]:
        records, every, checked = self._handlers.book.records, self._every, self._checked
        attention = self._handlers.attention

        def after_step(optimizer: Optimizer, arguments: Any, named: Any) -> None:
            record = records.get(id(optimizer))
            if record is None or record.index >= KEPT or not attention.alive:
                return
            if self._courier is not None and self._courier.found:
                self._safely(self._take, self._courier)
            if record.steps == 1 or (not record.steps % every and checked.get(record.index) != record.steps):
                self._safely(self._after_step, record, optimizer)

        return after_step

    def _after_step(self, record: OptimizerRecord, optimizer: Optimizer) -> None:
        if not dist.is_initialized() or capturing() or _within_another_step():
            return
        if record.steps == 1:
            self._replicas.note_trained(tensor for _, tensor in record.tensors)
        if record.steps % self._every or self._checked.get(record.index) == record.steps:
            return
        self._checked[record.index] = record.steps
        self._verdicts.review(closing=False)
        known = record.parameters
        named = [(known[id(tensor)].label, tensor) for _, tensor in record.tensors if id(tensor) in known]
        self._replicas.note_trained(tensor for _, tensor in named)
        copies = self._replicas.among(named)
        for ranks in dict.fromkeys(copy.ranks for copy in copies):
            self._check(record, optimizer, ranks, [copy for copy in copies if copy.ranks == ranks])

    def _check(self, record: OptimizerRecord, optimizer: Optimizer, ranks: tuple[int, ...], copies: list[Copy]) -> None:
        courier = self._courier_now()
        channel = self._channel(record, ranks, copies)
        if channel.told:
            return
        if copies[0].wrapped is not None:
            self._replicas.averages_nothing(copies[0].wrapped)  # to be known when the wrapper is gone
        body = body_of(fingerprints([copy.tensor for copy in copies]))
        header = Header(record.steps, digest_of(body), self._handlers.attention.losses, _settings(optimizer))
        courier.send(Check(channel, header, body))

    def _courier_now(self) -> Courier:
        """The courier of the process group that there is now."""
        store = dist.distributed_c10d._get_default_store()
        if self._courier is None or self._courier.store is not store:
            self._close()
            self._courier = Courier(store, dist.get_rank())
        return self._courier

    def _channel(self, record: OptimizerRecord, ranks: tuple[int, ...], copies: list[Copy]) -> Channel:
        names = tuple(copy.name for copy in copies)
        shapes = tuple(tuple(copy.tensor.shape) for copy in copies)
        key = (record.index, ranks, names, shapes)
        if key not in self._channels:
            alike = sum(other[1:] == key[1:] for other in self._channels)
            prefix = f"{_short(ranks, names, shapes)}/{alike}"
            dtypes = tuple(str(copy.tensor.dtype).removeprefix("torch.") for copy in copies)
            channel = Channel(prefix, ranks, dist.get_rank(), self._every, Copies(names, dtypes))
            self._channels[key] = channel
            wrapped = next((copy.wrapped for copy in copies if copy.wrapped), None)
            addresses = frozenset(copy.tensor.data_ptr() for copy in copies)
            self._origins[id(channel)] = Origin(record, wrapped, addresses)
        return self._channels[key]

    def _take(self, courier: Courier, closing: bool = False) -> None:
        """Hand on what was found."""
        while courier.found:
            channel, difference = courier.found.popleft()
            self._verdicts.add(difference, self._origins[id(channel)], channel)
        self._verdicts.review(closing)


def _call(action: Callable[..., Any], *arguments: Any) -> None:
    action(*arguments)


def _settings(optimizer: Optimizer) -> tuple[dict[str, object], ...]:
    """The hyperparameters of each group, as far as no device must be asked for them."""
    groups = optimizer.param_groups
    return tuple({key: value for key, value in group.items() if isinstance(value, PLAIN)} for group in groups)


def _within_another_step() -> bool:
    """Whether the step that has just ended is a part of another one, such as that of a ZeroRedundancyOptimizer."""
    frame: FrameType | None = sys._getframe(1)
    steps = 0
    while frame is not None:
        steps += frame.f_code is STEP_CODE
        frame = frame.f_back
    return steps > 1


def _short(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=8).hexdigest()
