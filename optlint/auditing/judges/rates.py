"""Hyperparameters that were assigned where no optimizer reads them."""

from __future__ import annotations

import inspect
import linecache
import re
from typing import TYPE_CHECKING

from optlint.auditing.judges.order import told_of
from optlint.diagnostic import Span
from optlint.observations import RateIgnored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim import Optimizer

    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.observations import Seen


def judge_assignments(record: OptimizerRecord, optimizer: Optimizer) -> Iterator[Seen]:
    """Attributes and defaults that differ from what all groups have, now and at the look before."""
    own, defaults = optimizer.__dict__, optimizer.defaults
    if own.keys().isdisjoint(record.born_defaults) and defaults.items() >= record.born_defaults.items():
        record.astray = frozenset()  # nearly always
        return
    astray = dict(_astray(record, optimizer))
    for (target, key), value in astray.items():
        if (target, key) in record.astray and record.place is not None:
            kept = sorted({str(group.get(key)) for group in optimizer.param_groups})
            place = _assignment(record.place, target, key) or record.place
            yield RateIgnored(
                place=place, target=target, key=key, value=f"{value}", kept=", ".join(kept), **told_of(record)
            )
    record.astray = frozenset(astray)


def _astray(record: OptimizerRecord, optimizer: Optimizer) -> Iterator[tuple[tuple[str, str], object]]:
    own, defaults = optimizer.__dict__, optimizer.defaults
    for key, default in record.born_defaults.items():
        attribute, changed = own.get(key), defaults.get(key)
        if attribute is None and changed is default:
            continue
        held = [group.get(key) for group in optimizer.param_groups]
        if _is_rate(attribute) and attribute not in held and not _reads(type(optimizer), key):
            yield ("attribute", key), attribute
        if _is_rate(changed) and changed != default and changed not in held:
            yield ("defaults", key), changed


def _is_rate(value: object) -> bool:
    return isinstance(value, (float, int)) and not isinstance(value, bool)


def _reads(kind: type, key: str) -> bool:
    """Whether a method of an optimizer that is not torch's uses this attribute."""
    own = (base for base in kind.__mro__ if not base.__module__.startswith("torch."))
    members = (member for base in own for member in vars(base).values() if callable(member))
    codes = (getattr(inspect.unwrap(member), "__code__", None) for member in members)  # torch wraps `step`
    return any(key in code.co_names for code in codes if code is not None)


def _assignment(place: Span, target: str, key: str) -> Span | None:
    """The first line of the file that makes such an assignment."""
    word = rf"\.{key}" if target == "attribute" else rf"\.defaults\[['\"]{key}['\"]\]"
    pattern = re.compile(rf"\s*([\w.]+{word}\s*=(?!=).*)")
    for row, line in enumerate(linecache.getlines(place.filename), start=1):
        found = pattern.match(line)
        if found and row > place.row:
            return Span(place.filename, row, found.start(1) + 1, row, found.end(1) + 1)
    return None
