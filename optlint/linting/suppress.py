"""Suppression comments: finding them in a text, hiding diagnostics, and telling which of them hid nothing.

Works on plain text, so that the audit can honour the same comments without a parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from optlint.settings.selection import names_and_codes, suggestion
from optlint.sources.lexing import COMMENT, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from optlint.diagnostic import Diagnostic, Span
    from optlint.rule import Registry

VERBS = ("ignore", "disable", "enable", "ignore-file")

_TOKEN = re.compile(
    rf"(?P<comment>{COMMENT})|(?P<string>{STRING})|(?P<open>[(\[{{])|(?P<close>[)\]}}])"
    r"|(?P<joined>\\(?:\r\n?|\n))|(?P<end>\r\n?|\n)",
    re.DOTALL,
)
_NATIVE = re.compile(r"#[ \t]*optlint:[ \t]*(?P<verb>[\w-]*)[ \t]*(?:\[(?P<words>[^\]]*)\])?[^#]*")
_NOQA = re.compile(r"#[ \t]*noqa\b(?::[ \t]?(?P<words>[a-z]+[0-9]+(?:[, \t]+[a-z]+[0-9]+)*))?[^#]*", re.IGNORECASE)
_WORD = re.compile(r"[^\s,]+")
_LINE_END = re.compile(r"\r\n?|\n")


class Word(NamedTuple):
    """One code or name in a comment, and where it stands."""

    text: str
    row: int
    column: int

    @property
    def end_column(self) -> int:
        """Where it ends, exclusive."""
        return self.column + len(self.text)


class Directive(NamedTuple):
    """One suppression comment; the rows are those of the statement that it stands in."""

    text: str
    verb: str  # one of VERBS, or "noqa", or whatever was written
    words: tuple[Word, ...] | None  # None without brackets, or for a bare noqa
    row: int
    column: int
    first_row: int
    last_row: int


class Suppression(NamedTuple):
    """The rows on which one code is hidden, or every code."""

    code: str | None
    first_row: int
    last_row: int
    directive: Directive
    word: Word | None

    def hides(self, code: str, row: int) -> bool:
        """Whether it hides a diagnostic of this code that starts on this row."""
        return self.first_row <= row <= self.last_row and self.code in (None, code)


class Misuse(NamedTuple):
    """A comment, or a word of it, that can hide nothing, and why."""

    directive: Directive
    word: Word | None
    reason: str
    pointless: bool = False  # it means what it says, but there is nothing for it to do


def find_directives(text: str) -> tuple[Directive, ...]:
    """The suppression comments in a source text; strings that contain the same words are none."""
    if "optlint:" not in text and "noqa" not in text.lower():
        return ()
    return tuple(found for statement in statements(text) for found in _read_comments(statement))


class Statement(NamedTuple):
    """The rows of a simple statement, of the header of a compound one, or of neither; comments have row and column."""

    first_row: int
    last_row: int
    comments: tuple[tuple[str, int, int], ...]


def statements(text: str) -> Iterator[Statement]:
    """The statements of a source text, in their order; lines that say nothing are statements of their own."""
    comments: list[tuple[str, int, int]] = []
    first_row = row = 1
    line_start = depth = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "comment":
            comments.append((token[0], row, token.start() - line_start + 1))
        elif kind in ("open", "close"):
            depth = max(0, depth + (1 if kind == "open" else -1))
        elif ends := list(_LINE_END.finditer(token[0])):
            if kind == "end" and depth == 0:
                yield Statement(first_row, row, tuple(comments))
                comments, first_row = [], row + 1
            row += len(ends)
            line_start = token.start() + ends[-1].end()
    yield Statement(first_row, row, tuple(comments))


def _read_comments(statement: Statement) -> Iterator[Directive]:
    rows = statement.first_row, statement.last_row
    for comment, row, column in statement.comments:
        for match in _NATIVE.finditer(comment):
            words = _words(match, row, column)
            yield Directive(match[0].rstrip(), match["verb"], words, row, column + match.start(), *rows)
        for match in _NOQA.finditer(comment):
            words = _words(match, row, column)
            yield Directive(match[0].rstrip(), "noqa", words, row, column + match.start(), *rows)


def _words(match: re.Match[str], row: int, column: int) -> tuple[Word, ...] | None:
    if match["words"] is None:
        return None
    start = column + match.start("words")
    return tuple(Word(word[0], row, start + word.start()) for word in _WORD.finditer(match["words"]))


def read_suppressions(directives: Iterable[Directive], registry: Registry) -> tuple[list[Suppression], list[Misuse]]:
    """What the comments hide, and those that cannot hide anything."""
    found: list[Suppression] = []
    misused: list[Misuse] = []
    for directive in directives:
        if directive.verb == "noqa":
            found += _of_noqa(directive, registry)
        elif reason := _malformed(directive):
            misused.append(Misuse(directive, None, reason))
        else:
            for word in directive.words or ():
                _read_word(directive, word, registry, found, misused)
    return found, misused


def _malformed(directive: Directive) -> str | None:
    if directive.verb not in VERBS:
        return f"`{directive.verb}` is none of {', '.join(VERBS)}{suggestion(directive.verb, VERBS)}"
    return None if directive.words else "the rules must be named in brackets"


def _read_word(
    directive: Directive, word: Word, registry: Registry, found: list[Suppression], misused: list[Misuse]
) -> None:
    rule = registry.named(word.text)
    if rule is None:
        known = names_and_codes(registry)
        misused.append(Misuse(directive, word, f"there is no rule `{word.text}`{suggestion(word.text, known)}"))
    elif directive.verb == "enable":
        if not _close_range(found, rule.code, directive):
            misused.append(Misuse(directive, word, f"`{word.text}` is not disabled here", pointless=True))
    else:
        first, last = _rows(directive)
        found.append(Suppression(rule.code, first, last, directive, word))


def _close_range(found: list[Suppression], code: str, directive: Directive) -> bool:
    """End the innermost open range of this code at the line of `directive`."""
    for index in range(len(found) - 1, -1, -1):
        one = found[index]
        if one.directive.verb == "disable" and one.code == code and one.last_row == END:
            found[index] = one._replace(last_row=directive.row)
            return True
    return False


END = 1 << 60


def _rows(directive: Directive) -> tuple[int, int]:
    if directive.verb == "ignore-file":
        return 1, END
    if directive.verb == "disable":
        return directive.first_row, END
    return directive.first_row, directive.last_row


def _of_noqa(directive: Directive, registry: Registry) -> Iterator[Suppression]:
    """Codes of other tools are none of our business."""
    if directive.words is None:
        yield Suppression(None, directive.first_row, directive.last_row, directive, None)
    for word in directive.words or ():
        if rule := registry.rules.get(word.text.upper()):
            yield Suppression(rule.code, directive.first_row, directive.last_row, directive, word)


def _own_row(span: Span) -> int:
    return span.row


class Applied(NamedTuple):
    """The diagnostics that remain, and the suppressions that hid one."""

    visible: list[Diagnostic]
    used: frozenset[Suppression]


def apply(
    suppressions: Iterable[Suppression], diagnostics: Iterable[Diagnostic], row_of: Callable[[Span], int] = _own_row
) -> Applied:
    """Take away what is suppressed; every suppression that fits counts as used."""
    suppressions = tuple(suppressions)
    visible: list[Diagnostic] = []
    used: set[Suppression] = set()
    for diagnostic in diagnostics:
        hiding = [one for one in suppressions if one.hides(diagnostic.code, row_of(diagnostic.span))]
        used.update(hiding)
        if not hiding:
            visible.append(diagnostic)
    return Applied(visible, frozenset(used))
