"""A thread that carries messages between ranks through the store of the process group, so that training never waits.

A rank leaves what it says in slots of its own, which it uses again and again; the first rank of a channel reads those
of the others. Nobody waits for a rank that is late, has left or was killed: its slot is simply not there.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple

from torch._C._distributed_c10d import PrefixStore, TCPStore

from optlint.auditing.ranks.messages import header_from

if TYPE_CHECKING:
    from optlint.auditing.ranks.channel import Channel, Check
    from optlint.auditing.ranks.comparison import Difference

CAN_LOOK = hasattr(TCPStore, "check")  # whether something is there, without waiting for it; since torch 2.3
TIMEOUT = timedelta(seconds=5)  # of one call to a store that does not answer
WAITING = 8  # checks
PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between looks for ranks that are a little late


class Found(NamedTuple):
    """A difference, and the channel that it was found on."""

    channel: Channel
    difference: Difference


class Courier:
    """The thread, and what it has found."""

    def __init__(self, store: Any, rank: int) -> None:
        self.store = store  # of the process group that this courier works for
        self._rank = rank
        self.found: deque[Found] = deque()
        self._work: SimpleQueue[Check | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="optlint", daemon=True)
        self._thread.start()

    def send(self, check: Check) -> None:
        """Leave this for the other ranks, some time soon; nothing is kept for a store that does not answer."""
        if self._thread.is_alive() and self._work.qsize() < WAITING:
            self._work.put(check)

    def finish(self, grace: float) -> None:
        """End within so many seconds, if need be without what other ranks have not said by then."""
        self._work.put(None)
        self._thread.join(grace)

    def _run(self) -> None:
        with suppress(Exception):  # the store went with the rank that served it: nobody is left to ask
            self._carry(_own_client(self.store, self._rank))

    def _carry(self, store: Any) -> None:
        channels: list[Channel] = []
        pauses = iter(PAUSES)
        while True:
            try:
                check = self._work.get(timeout=next(pauses, None) if _waits(channels) else None)
            except Empty:
                self._read(store, channels)
                continue
            if check is None:
                break
            pauses = iter(PAUSES)
            if check.channel not in channels:
                channels.append(check.channel)
            _leave(store, check)
            self._read(store, channels)
        self._last_words(store, channels)

    def _read(self, store: Any, channels: list[Channel]) -> None:
        for channel in channels:
            for difference in _differences(store, channel):
                self.found.append(Found(channel, difference))

    def _last_words(self, store: Any, channels: list[Channel]) -> None:
        """Look once more, and again while some rank has not said its part; the caller stops to wait when it will."""
        self._read(store, channels)
        for pause in PAUSES:
            if not _waits(channels):
                return
            sleep(pause)
            self._read(store, channels)
        for channel in channels:
            channel.close()
        self._read(store, channels)


def _waits(channels: list[Channel]) -> bool:
    return any(channel.waits for channel in channels)


def _leave(store: Any, check: Check) -> None:
    """The body first: who sees the header finds the body there."""
    channel = check.channel
    own = channel.key(channel.rank, check.header.step)
    store.set(f"{own}/body", check.body)
    store.set(f"{own}/head", check.header.to_bytes())
    channel.note(check)


def _differences(store: Any, channel: Channel) -> list[Difference]:
    for rank, step in channel.missing():
        key = f"{channel.key(rank, step)}/head"
        if store.check([key]):
            channel.heard(rank, step, header_from(store.get(key)))
    return channel.compare(lambda rank, step: store.get(f"{channel.key(rank, step)}/body"))


def _own_client(store: Any, rank: int) -> Any:
    """A connection of our own to a store that is reached by one, else the store itself.

    The keys in it are those of this audit: the store outlives it, and may outlive the process.
    """
    while isinstance(store, PrefixStore):
        store = store.underlying_store
    if isinstance(store, TCPStore):
        store = TCPStore(store.host, store.port, is_master=False, timeout=TIMEOUT, wait_for_workers=False)
    restart = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    prefix = f"optlint/{restart}"
    session = store.add(f"{prefix}/{rank}", 1)
    return PrefixStore(f"{prefix}/{session}", store)
