"""From a difference between ranks to what is told of it, at once or when it is sure."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, NamedTuple

from optlint.auditing.judges.order import told_of
from optlint.observations import Diverged

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.auditing.ranks.channel import Channel
    from optlint.auditing.ranks.comparison import Difference
    from optlint.auditing.ranks.replicas import Replicas, Wrapped
    from optlint.observations import Seen

PATIENCE = 10  # checks for which weights may be averaged instead of gradients
AVERAGERS = "torch.distributed.algorithms.model_averaging.averagers"


class Origin(NamedTuple):
    """Whose copies a channel compares."""

    record: OptimizerRecord
    wrapped: Wrapped | None
    addresses: frozenset[int]  # of the parameters


class _Held(NamedTuple):
    difference: Difference
    origin: Origin
    channel: Channel


class Verdicts:
    """Differences that were found and are not told yet."""

    def __init__(self, replicas: Replicas, every: int, tell: Callable[[Seen], None]) -> None:
        self._replicas = replicas
        self._every = every
        self._tell = tell
        self._held: list[_Held] = []

    def add(self, difference: Difference, origin: Origin, channel: Channel) -> None:
        """A difference was found."""
        self._held.append(_Held(difference, origin, channel))

    def review(self, closing: bool) -> None:
        """Tell what can be told by now; where gradients were never averaged, weights may still be."""
        held, self._held = self._held, []
        for one in held:
            record, wrapped, _ = one.origin
            idle = wrapped is not None and self._replicas.averages_nothing(wrapped)
            if idle and not closing and record.steps < one.difference.step + PATIENCE * self._every:
                self._held.append(one)
            elif not self._is_meant(one.origin):
                self._tell(_diverged(one, idle and record.steps > 1))

    def _is_meant(self, origin: Origin) -> bool:
        record, _, addresses = origin
        return record.place is None or self._replicas.mixes(addresses) or _averager_lives()


def _averager_lives() -> bool:
    """Whether there is an averager of torch's own: then copies are meant to drift apart in between."""
    averagers = sys.modules.get(AVERAGERS)
    if averagers is None:
        return False
    return any(averagers.ModelAverager in type(thing).__mro__ for thing in gc.get_objects())


def _diverged(one: _Held, idle: bool) -> Diverged:
    difference, (record, wrapped, _), channel = one
    setting, names = difference.setting, difference.names
    assert record.place is not None
    if setting is not None:
        names = tuple(known.label for known in record.parameters.values() if known.group == setting.group)
    return Diverged(
        place=record.place, group=setting.group if setting else None, parameters=names, rank=difference.rank,
        reference=difference.reference, others=difference.others, ranks=len(channel.ranks), share=difference.share,
        values=difference.values, equal_until=channel.equal_until, backwards=difference.backwards, idle=idle,
        wrapped=wrapped.place if wrapped else None,
        setting=(setting.key, str(setting.here), str(setting.there)) if setting else None,
        **{**told_of(record), "step": difference.step},
    )  # fmt: skip
