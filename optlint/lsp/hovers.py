"""What is shown under the pointer: the page of the rule that a diagnostic or a comment names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from optlint.diagnostic import Span
from optlint.linting.suppress import find_directives
from optlint.pages import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.lsp.drafts import Draft, Part
    from optlint.lsp.insight import Insight
    from optlint.lsp.looks import Look
    from optlint.lsp.telling import Teller
    from optlint.rule import Registry, Rule


def hover(look: Look, part: Part, position: types.Position, teller: Teller) -> types.Hover | None:
    """The pages of all rules that are named at a position of a part; None if there are none."""
    found = list(_rules_at(look, part, position, teller))
    if not found:
        return None
    pages = dict.fromkeys(page(rule.code) or f"# {rule.code} {rule.name}\n\n{rule.summary}\n" for rule, _ in found)
    kind = types.MarkupKind.Markdown if teller.client.markdown else types.MarkupKind.PlainText
    return types.Hover(types.MarkupContent(kind, "\n---\n\n".join(pages)), found[0][1])


def iterator_hover(
    look: Look, insight: Insight, part: Part, position: types.Position, teller: Teller
) -> types.Hover | None:
    """Where the parameter iterator under the pointer is consumed; None if there is none."""
    column = part.text.column(position.line, position.character, teller.client.encoding) + 1
    row = look.draft.document_row(part, position.line + 1)
    found = insight.iterator_at(row, column, look.draft.document.code)
    if found is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.told(look.draft.document.place)))


def _rules_at(look: Look, part: Part, position: types.Position, teller: Teller) -> Iterator[tuple[Rule, types.Range]]:
    """The rules, and the ranges that name them."""
    if look.task is None:
        return
    registry = look.task.policy.registry
    for span, rule in named_in_comments(look.draft, registry):
        if look.draft.part_of(span) is part:
            place = teller.range(span, part.text)
            if covers(place, position):
                yield rule, place
    for one in look.placed:
        place = teller.range(one.span, part.text)
        if look.draft.part_of(one.span) is part and one.code in registry.rules and covers(place, position):
            yield registry.rules[one.code], place


def named_in_comments(draft: Draft, registry: Registry) -> Iterator[tuple[Span, Rule]]:
    """The words of suppression comments that name a rule, as spans of the draft's parts."""
    document = draft.document
    for directive in find_directives(document.code):
        for word in directive.words or ():
            rule = registry.named(word.text)
            if rule is not None:
                yield document.place(Span(draft.path, word.row, word.column, word.row, word.end_column)), rule


def covers(place: types.Range, position: types.Position) -> bool:
    """Whether a range holds a position, or ends at it."""
    start, end = (place.start.line, place.start.character), (place.end.line, place.end.character)
    return start <= (position.line, position.character) <= end
