"""What the user's configuration tells the engine."""

from __future__ import annotations

from optlint.named_tuple import NamedTuple


class Settings(NamedTuple):
    """`known_optimizers` are dotted paths of classes; `torch_version` is None for "the newest"."""

    known_optimizers: tuple[str, ...] = ()
    known_group_keys: frozenset[str] = frozenset()
    torch_version: tuple[int, int] | None = None
