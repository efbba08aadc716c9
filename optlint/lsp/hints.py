"""Inlay hints: behind an optimizer's construction, how many tensors each of its groups gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.lsp.drafts import Draft, Part
    from optlint.lsp.insight import Built, Insight
    from optlint.lsp.telling import Teller


def hints(insight: Insight, draft: Draft, part: Part, where: types.Range, teller: Teller) -> Iterator[types.InlayHint]:
    """The hints that stand in some lines of a part."""
    for built in insight.optimizers:
        span = draft.document.place(built.span)
        text = label(built)
        if text and draft.part_of(span) is part:
            end = teller.range(span, part.text).end
            if where.start.line <= end.line <= where.end.line:
                yield types.InlayHint(end, text, tooltip="what the source tells of the groups", padding_left=True)


def label(built: Built) -> str:
    """The sizes of all groups in words; nothing if none is known."""
    known = ["?" if size is None else str(size) for size in built.sizes]
    if not any(size is not None for size in built.sizes):
        return ""
    if len(known) == 1:
        return f"{known[0]} tensor{'' if known == ['1'] else 's'}"
    return f"{len(known)} groups: {' + '.join(known)} tensors"
