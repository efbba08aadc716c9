"""What the engine knows and no rule tells: how many tensors each group gets, and where iterators are consumed."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.analysis import analyse
from optlint.flow.reading.texts import AstText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from optlint.diagnostic import Span
    from optlint.linting.linter import Task

_WORD = re.compile(r"\w+")


class Built(NamedTuple):
    """An optimizer's construction, and how many tensors each of its groups gets there."""

    span: Span
    sizes: tuple[int | None, ...]


class Draw(NamedTuple):
    """A place that draws from an iterator: the expression, and by what."""

    span: Span
    text: str
    by: str


class Iterated(NamedTuple):
    """A one-shot iterator over what a model holds: where it is made, and what draws from it, in order."""

    made: Span
    text: str
    draws: tuple[Draw, ...]

    def is_meant(self, row: int, column: int, word: str) -> bool:
        """Whether a place in the code means this iterator."""
        spans = (self.made, *(draw.span for draw in self.draws))
        if any(covers(span, row, column) for span in spans):
            return True
        last = max(draw.span.row for draw in self.draws)
        return self.made.row <= row <= last and any(word in _WORD.findall(draw.text) for draw in self.draws)

    def told(self, place: Callable[[Span], Span]) -> str:
        """It in Markdown; `place` tells where a span of the code is in the file."""
        made = _where(place(self.made))
        lines = [f"`{self.text}` in {made} makes a **one-shot iterator**: it can be walked through once.", ""]
        lines += [f"- {_where(place(draw.span))}: `{draw.text}`, by `{draw.by}`" for draw in self.draws]
        return "\n".join(lines)


class Insight(NamedTuple):
    """What is known of one file."""

    optimizers: tuple[Built, ...] = ()
    iterators: tuple[Iterated, ...] = ()

    def iterator_at(self, row: int, column: int, code: str) -> Iterated | None:
        """The iterator that a place in the code means, if there is one."""
        word = _word_at(code, row, column)
        meant = [one for one in self.iterators if one.is_meant(row, column, word)]
        return meant[-1] if meant else None


def _where(span: Span) -> str:
    return f"line {span.row}" if span.cell is None else f"cell {span.cell}, line {span.row}"


def insight_of(code: str, task: Task) -> Insight:
    """What the engine sees in a source; nothing where it cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = list(analyse(AstText(code, task.filename), task.policy.settings, task.project))
    except Exception:  # diagnostics tell what is wrong with the file
        return Insight()
    return Insight(tuple(_optimizers(seen)), tuple(_iterators(seen)))


def _optimizers(seen: Iterable[object]) -> Iterator[Built]:
    """Constructions whose groups are the same whenever they are run."""
    sizes: dict[Span, set[tuple[int | None, ...]]] = {}
    for event in seen:
        if isinstance(event, events.GroupsBuilt):
            sizes.setdefault(event.site.span, set()).add(event.sizes)
    for span, found in sizes.items():
        if len(found) == 1:
            yield Built(span, *found)


def _iterators(seen: Iterable[object]) -> Iterator[Iterated]:
    draws: dict[Span, dict[Span, Draw]] = {}
    texts: dict[Span, str] = {}
    for event in seen:
        if isinstance(event, events.Drawn):
            made, site = event.iterator.made, event.site
            texts[made.span] = made.text
            draws.setdefault(made.span, {}).setdefault(site.span, Draw(site.span, site.text, event.by))
    for span, found in draws.items():
        yield Iterated(span, texts[span], tuple(_in_order(found.values())))


def _in_order(draws: Iterable[Draw]) -> Sequence[Draw]:
    return sorted(draws, key=lambda draw: (draw.span.row, draw.span.column))


def covers(span: Span, row: int, column: int) -> bool:
    """Whether a place is in a span, or at its end."""
    return (span.row, span.column) <= (row, column) <= (span.end_row, span.end_column)


def _word_at(code: str, row: int, column: int) -> str:
    lines = code.split("\n")
    line = lines[row - 1] if row <= len(lines) else ""
    return next((word[0] for word in _WORD.finditer(line) if word.start() < column <= word.end() + 1), "")
