"""The statements of some code, without the expressions in them: ten times fewer nodes than `ir.walk` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from optlint.flow.reading import ir

BLOCKS = frozenset({"Block", "tuple[Handler, ...]", "tuple[Case, ...]"})


def statements(block: ir.Block, bodies: Callable[[ir.Function], ir.Block] | None = None) -> Iterator[ir.Node]:
    """The statements of a block and those inside them, without their expressions; of functions, too, with `bodies`."""
    pending = list(reversed(block))
    while pending:
        node = pending.pop()
        yield node
        kind: Any = type(node)
        for name in _inner_blocks(kind):
            pending += reversed(getattr(node, name))
        if bodies is not None and isinstance(node, ir.Function):
            pending += reversed(bodies(node))


@cache
def _inner_blocks(kind: type[ir.Node]) -> tuple[str, ...]:
    """The fields of a statement that hold statements, last first."""
    return tuple(part.name for part in reversed(fields(kind)) if part.type in BLOCKS)
