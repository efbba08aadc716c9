"""One set of copies on some ranks, and what each of these ranks has said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from optlint.auditing.ranks.comparison import Comparison, Copies
from optlint.auditing.ranks.messages import body_from, header_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from optlint.auditing.ranks.comparison import Difference
    from optlint.auditing.ranks.messages import Header

SLOTS = 8  # checks of one rank that are kept


class Check(NamedTuple):
    """What this rank says of one check."""

    channel: Channel
    header: Header
    body: bytes


@dataclass(slots=True)
class _Round:
    """One check on all ranks; a rank that went on without it is `absent`."""

    body: bytes
    headers: dict[int, Header]
    absent: set[int] = field(default_factory=set)


class Channel:
    """The copies of some parameters on `ranks`; `prefix` is the same on all of them. The first rank compares."""

    def __init__(self, prefix: str, ranks: tuple[int, ...], rank: int, every: int, copies: Copies) -> None:
        self.ranks = ranks
        self.rank = rank
        self.copies = copies
        self._prefix = prefix
        self._every = every
        self._peers = [other for other in ranks if other != rank] if rank == ranks[0] else []
        self._rounds: dict[int, _Round] = {}
        self._comparison = Comparison(copies)
        self._closed = False
        self.equal_until = 0  # the last check after which all was the same
        self.told = False

    def key(self, rank: int, step: int) -> str:
        """Where a rank leaves what it says of one check."""
        return f"{self._prefix}/{rank}/{step // self._every % SLOTS}"

    def note(self, check: Check) -> None:
        """Remember what this rank has said; the oldest is forgotten, as it is in the store."""
        if self._peers and not self.told:
            self._rounds[check.header.step] = _Round(check.body, {self.rank: header_from(check.header.to_bytes())})
            while len(self._rounds) > SLOTS:
                del self._rounds[min(self._rounds)]

    @property
    def waits(self) -> bool:
        """Whether there are checks of which some rank has not spoken yet."""
        return bool(self._rounds)

    def close(self) -> None:
        """Compare what is there without those that are still missing."""
        self._closed = True

    def missing(self) -> list[tuple[int, int]]:
        """Ranks and steps of which nothing is known yet."""
        return [
            (rank, step)
            for step, one in self._rounds.items()
            for rank in self._peers
            if rank not in one.headers and rank not in one.absent
        ]

    def heard(self, rank: int, step: int, header: Header) -> None:
        """What stands in the slot of that step: its header, that of a later step, or still that of an earlier one."""
        if header.step == step:
            self._rounds[step].headers[rank] = header
        elif header.step > step:
            self._rounds[step].absent.add(rank)

    def compare(self, fetch: Callable[[int, int], bytes]) -> list[Difference]:
        """Judge the checks of which all have spoken, in turn, up to the first difference."""
        for step in self._ripe():
            difference = self._judge(step, self._rounds.pop(step), fetch)
            if difference is not None:
                self.told = True
                self._rounds.clear()
                return [difference]
        return []

    def _ripe(self) -> Iterator[int]:
        for step in sorted(self._rounds):
            one = self._rounds[step]
            if len(one.headers) + len(one.absent) <= len(self._peers) and not self._closed:
                return
            yield step

    def _judge(self, step: int, one: _Round, fetch: Callable[[int, int], bytes]) -> Difference | None:
        headers = one.headers
        found = self._comparison.settings(headers)
        if found is None and len({header.digest for header in headers.values()}) > 1:
            bodies = {rank: one.body if rank == self.rank else fetch(rank, step) for rank in headers}
            count = len(self.copies.names)
            found = self._comparison.values(headers, {rank: body_from(body, count) for rank, body in bodies.items()})
        elif found is None and len(headers) == len(self.ranks):
            self.equal_until = step
        return found
