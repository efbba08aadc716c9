"""Which parameters are meant to be copies of each other: those in DistributedDataParallel, and those whose gradients
the program averages itself. Shards and pieces of tensor parallelism are neither."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import torch.distributed as dist
from torch._C._distributed_c10d import ProcessGroup
from torch.nn.parallel import DistributedDataParallel

from optlint.auditing.instruments.patches import is_compiling, marked_for_dynamo
from optlint.auditing.memory.models import plain_name
from optlint.auditing.ranks.fingerprints import can_be_compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import Tensor
    from torch.nn import Module

    from optlint.auditing.instruments.patches import Patches
    from optlint.diagnostic import Span

REMEMBERED = 100_000  # averaged tensors


class Wrapped(NamedTuple):
    """A module that was given to DistributedDataParallel; the wrapper itself may be gone."""

    module: weakref.ref[Module]
    wrapper: weakref.ref[DistributedDataParallel]
    ranks: tuple[int, ...]
    ignored: frozenset[str]
    place: Span | None


class Copy(NamedTuple):
    """A parameter with its name and the ranks that hold copies of it."""

    name: str
    tensor: Tensor
    ranks: tuple[int, ...]
    wrapped: Wrapped | None = None


class Replicas:
    """What the program has shown of its intent."""

    def __init__(self, here: Callable[[], Span | None], backwards: Callable[[], int]) -> None:
        self._here = here
        self._backwards = backwards
        self._wrapped: list[Wrapped] = []
        self._idle: dict[int, bool] = {}  # by identity of the reference to what was wrapped, as it was last seen
        self._averaged: dict[int, tuple[tuple[int, ...], int]] = {}  # by address: ranks, and after which backward
        self._weights: set[int] = set()  # addresses of parameters that are trained
        self._mixed: set[int] = set()  # of those, whose values the program averages itself

    def install(self, patches: Patches, safely: Callable[..., Any]) -> None:
        """Watch wrappers being made and tensors being averaged."""
        patches.replace(DistributedDataParallel, "__init__", lambda original: self._after_wrap(original, safely))
        for name in ("allreduce", "allreduce_coalesced"):  # dynamo knows the public functions by identity
            patches.replace(ProcessGroup, name, lambda original: self._around_reduce(original, safely))

    def _after_wrap(self, original: Callable[..., None], safely: Callable[..., Any]) -> Callable[..., None]:
        def init(wrapper: DistributedDataParallel, *arguments: Any, **named: Any) -> None:
            original(wrapper, *arguments, **named)
            safely(self.note_wrapped, wrapper)

        return init

    def _around_reduce(self, original: Callable[..., Any], safely: Callable[..., Any]) -> Callable[..., Any]:
        def allreduce(group: Any, tensors: Any, *arguments: Any, **named: Any) -> Any:
            if not is_compiling():
                for tensor in tensors if isinstance(tensors, list) else [tensors]:
                    safely(self._note_averaged, tensor, group)
            return original(group, tensors, *arguments, **named)

        return marked_for_dynamo(allreduce)

    def note_wrapped(self, wrapper: DistributedDataParallel, built_here: bool = True) -> None:
        """A module was wrapped."""
        ranks = tuple(dist.get_process_group_ranks(wrapper.process_group))
        ignored = frozenset(wrapper.parameters_to_ignore)
        place = self._here() if built_here else None
        self._wrapped = [one for one in self._wrapped if one.module() is not None]
        self._wrapped.append(Wrapped(weakref.ref(wrapper.module), weakref.ref(wrapper), ranks, ignored, place))

    def _note_averaged(self, tensor: Any, group: Any) -> None:
        if not can_be_compared(tensor):
            return
        address = tensor.data_ptr()
        if address in self._weights:
            self._mixed.add(address)
            return
        if len(self._averaged) >= REMEMBERED:
            self._averaged.clear()
        self._averaged[address] = (tuple(dist.get_process_group_ranks(group)), self._backwards())

    def note_trained(self, tensors: Iterable[Tensor]) -> None:
        """These are parameters: whoever averages them from now on does not want equal copies in between."""
        self._weights |= {tensor.data_ptr() for tensor in tensors if can_be_compared(tensor)}

    def averages_nothing(self, one: Wrapped) -> bool:
        """Whether the wrapper has not been called in a way that averages gradients, more than once."""
        wrapper = one.wrapper()
        if wrapper is not None:
            told = wrapper._get_ddp_logging_data()  # type: ignore[no-untyped-call]
            self._idle[id(one.module)] = told.get("iteration") == 0
        return self._idle.get(id(one.module), False)

    def mixes(self, addresses: frozenset[int]) -> bool:
        """Whether the program averages the values of some parameters at these addresses itself."""
        return bool(addresses & self._mixed)

    def among(self, tensors: Iterable[tuple[str, Tensor]]) -> list[Copy]:
        """Those of an optimizer's parameters, with names to call them by, that are meant to be copies."""
        wrapped = {
            id(parameter): (plain_name(name), one)
            for one in self._wrapped
            if (module := one.module()) is not None and not _averages_seldom(one)
            for name, parameter in module.named_parameters()
            if name not in one.ignored
        }
        found = []
        for label, tensor in tensors:
            if not can_be_compared(tensor) or tensor.data_ptr() in self._mixed:
                continue
            name, one = wrapped.get(id(tensor), (label, None))
            ranks = one.ranks if one is not None else self._ranks_of_average(tensor.grad)
            if len(ranks) > 1:
                found.append(Copy(name, tensor, ranks, one))
        return found

    def _ranks_of_average(self, gradient: Tensor | None) -> tuple[int, ...]:
        """The ranks over which this gradient was averaged since the last backward."""
        ranks, after = self._averaged.get(gradient.data_ptr(), ((), 0)) if gradient is not None else ((), 0)
        return ranks if after == self._backwards() else ()


def _averages_seldom(one: Wrapped) -> bool:
    """Whether a hook averages gradients within a part of the ranks only, and weights now and then."""
    wrapper = one.wrapper()
    hooks = getattr(wrapper, "_comm_hooks", ())
    return any("local" in getattr(hook, "__name__", "").lower() for hook, _ in hooks)
