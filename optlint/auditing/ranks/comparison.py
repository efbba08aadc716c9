"""From what all ranks said of one check to the first difference between them."""

from __future__ import annotations

from collections import Counter
from math import isclose, isnan
from typing import TYPE_CHECKING, NamedTuple

from optlint.auditing.ranks.fingerprints import differs_by, furthest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optlint.auditing.ranks.fingerprints import Fingerprints
    from optlint.auditing.ranks.messages import Header

ROUNDING = {"float64": 1e-14, "float32": 2e-6, "bfloat16": 2e-2, "float16": 2e-3}  # shares that tell nothing


class Setting(NamedTuple):
    """A hyperparameter that is not the same."""

    group: int
    key: str
    here: object
    there: object


class Difference(NamedTuple):
    """How `rank` differs from `reference`, whose values most ranks have.

    `names` are the parameters that differ, the first of them by `share`; `step` is when that began.
    """

    step: int
    rank: int
    reference: int
    others: tuple[int, ...]  # all ranks that differ
    names: tuple[str, ...]
    share: float = 0.0
    values: tuple[float, float] | None = None  # of one element, on the reference and on the rank
    backwards: tuple[int, int] = (0, 0)
    setting: Setting | None = None


class Copies(NamedTuple):
    """The parameters that are compared."""

    names: tuple[str, ...]
    dtypes: tuple[str, ...]


class Comparison:
    """Compares one check after the other and remembers when each parameter began to differ."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._since: dict[tuple[int, int], int] = {}

    def settings(self, headers: Mapping[int, Header]) -> Difference | None:
        """The first hyperparameter that is not the same on all ranks."""
        reference = min(headers)
        here = headers[reference]
        for rank, there in sorted(headers.items()):
            for group, (own, other) in enumerate(zip(here.groups, there.groups, strict=False)):
                for key in own:
                    if key in other and not _same(own[key], other[key]):
                        setting = Setting(group, key, own[key], other[key])
                        return Difference(here.step, rank, reference, (rank,), (), setting=setting)
        return None

    def values(self, headers: Mapping[int, Header], found: Mapping[int, Fingerprints]) -> Difference | None:
        """The first parameter of the first rank that is apart from what most ranks have by more than rounding."""
        reference = _most_common(headers)
        odd = [rank for rank in sorted(headers) if headers[rank].digest != headers[reference].digest]
        step = headers[reference].step
        for rank in odd:
            differing = self._differing(rank, step, found[reference], found[rank])
            far = [at for at in differing if self._is_far(at, found[reference], found[rank])]
            if far:
                first = min(differing, key=lambda at: (self._since[rank, at], at not in far, at))
                return self._told(rank, reference, tuple(odd), first, differing, headers, found)
        return None

    def _differing(self, rank: int, step: int, one: Fingerprints, other: Fingerprints) -> list[int]:
        differing = [at for at in range(len(one.bits)) if one.bits[at] != other.bits[at]]
        for at in range(len(one.bits)):
            if one.bits[at] == other.bits[at]:
                self._since.pop((rank, at), None)
        for at in differing:
            self._since.setdefault((rank, at), step)
        return differing

    def _is_far(self, at: int, one: Fingerprints, other: Fingerprints) -> bool:
        return differs_by(one, other, at) > ROUNDING.get(self._copies.dtypes[at], 0.0)

    def _told(
        self, rank: int, reference: int, odd: tuple[int, ...], first: int, differing: list[int],
        headers: Mapping[int, Header], found: Mapping[int, Fingerprints],
    ) -> Difference:  # fmt: skip
        one, other = found[reference], found[rank]
        names = [self._copies.names[at] for at in (first, *(at for at in differing if at != first))]
        return Difference(
            self._since[rank, first], rank, reference, odd, tuple(names), differs_by(one, other, first),
            furthest(one, other, first),
            (headers[reference].backwards, headers[rank].backwards),
        )  # fmt: skip


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other) or (isnan(one) and isnan(other))
    return one == other


def _most_common(headers: Mapping[int, Header]) -> int:
    """The first rank of those that agree and are the most; of as many, those with the lowest rank."""
    counts = Counter(headers[rank].digest for rank in sorted(headers))
    ((digest, _),) = counts.most_common(1)
    return min(rank for rank in headers if headers[rank].digest == digest)
