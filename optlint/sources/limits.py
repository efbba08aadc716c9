"""Whether a source text is too deep for the parser, told from its tokens alone.

The native parser needs stack for each level of nesting, time that grows with the square of the depth of an
expression, and nothing can stop it once it runs. So depth is bounded before it is called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from optlint.sources.lexing import COMMENT, STRING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BRACKETS = 200  # Python's own limit
MAX_DEPTH = 1_000
MAX_COST = 10_000_000
_SHORT = 2 * MAX_BRACKETS  # a statement of fewer characters cannot come near any limit

_QUIET = re.compile(f"{COMMENT}|{STRING}", re.DOTALL)
_ONE_BRACKET = str.maketrans("[{]}", "(())")
_DEEPENS = re.compile(r"[(),;.+\-*/%@&|^~]|\b(?:not|lambda|if|await)\b")


class Excess(NamedTuple):
    """What is too much, and in the statement on which row."""

    reason: str
    row: int


class _Level(NamedTuple):
    """How deep the expression between two brackets is: operators in a row, and the deepest group among them."""

    operators: int = 0
    group: int = 0
    before: int = 0  # the deepest of the elements before the last comma

    @property
    def depth(self) -> int:
        return max(self.before, self.operators + self.group)


def excess(text: str) -> Excess | None:
    """The first thing in `text` that the parser should not be given, if there is one."""
    cost = 0
    for row, statement in _statements(_without_strings(text)):
        brackets, depth, tokens = _measure(statement)
        cost += depth * tokens
        if brackets > MAX_BRACKETS:
            return Excess(f"more than {MAX_BRACKETS} nested brackets", row)
        if depth > MAX_DEPTH:
            return Excess(f"an expression is more than {MAX_DEPTH:,} operators deep", row)
        if cost > MAX_COST:
            return Excess("too many deep expressions in one file", row)
    return None


def _without_strings(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _QUIET.sub(_short_string, text).translate(_ONE_BRACKET)


def _short_string(match: re.Match[str]) -> str:
    found = match[0]
    return "" if found[0] == "#" else '""' + "\\\n" * found.count("\n")


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The statements that are long enough to be deep, with the rows they start on."""
    depth = size = first = 0
    lines = text.split("\n")
    for row, line in enumerate(lines):
        depth = max(0, depth + line.count("(") - line.count(")"))
        size += len(line)
        if depth == 0 and not line.endswith("\\"):
            if size >= _SHORT:
                yield first + 1, "\n".join(lines[first : row + 1])
            size, first = 0, row + 1
    if size >= _SHORT:
        yield first + 1, "\n".join(lines[first:])


def _measure(statement: str) -> tuple[int, int, int]:
    """The most brackets open at once, the depth of the deepest expression, and the number of tokens looked at."""
    levels = [_Level()]
    most = deepest = tokens = 0
    for token in _DEEPENS.findall(statement):
        tokens += 1
        operators, group, before = here = levels[-1]
        if token == "(":
            levels[-1] = _Level(operators + 1, group, before)
            levels.append(_Level())
            most = max(most, len(levels) - 1)
        elif token in ",;":
            levels[-1] = _Level(0, 0, here.depth)
        elif token != ")":
            levels[-1] = _Level(operators + 1, group, before)
        elif len(levels) > 1:
            levels.pop()
            levels[-1] = levels[-1]._replace(group=max(levels[-1].group, here.depth))
        deepest = max(deepest, levels[-1].depth)
    return most, max(deepest, *(level.depth for level in levels)), tokens
