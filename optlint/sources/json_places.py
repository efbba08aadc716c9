"""Where the sources of a notebook's cells stand in its JSON text, and new ones put there without touching the rest."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import NamedTuple

from optlint.sources.edits import split_lines

_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<mark>[:,])|[^\s{}\[\],:"]+', re.DOTALL
)


class Place(NamedTuple):
    """A cell's source in the text: the whole value, and its strings."""

    start: int
    end: int
    strings: tuple[tuple[int, int], ...]
    is_list: bool


class _Level:
    """An object or list that is being read, and the key or index that comes next."""

    def __init__(self, is_object: bool) -> None:
        self.is_object = is_object
        self.key: str | int | None = None if is_object else 0


def source_places(text: str) -> dict[int, Place]:
    """By the index of the cell, where its source stands; `text` must be valid JSON."""
    found: dict[int, Place] = {}
    levels: list[_Level] = []
    strings: list[tuple[int, int]] = []
    start = -1
    for token in _TOKEN.finditer(text):
        top = levels[-1] if levels else None
        if token["open"]:
            if _cell_of(levels, 3) is not None:
                start, strings = token.start(), []
            levels.append(_Level(token[0] == "{"))
        elif token["close"]:
            levels.pop()
            if (cell := _cell_of(levels, 3)) is not None:
                found[cell] = Place(start, token.end(), tuple(strings), True)
        elif token["mark"]:
            _advance(top, token[0])
        elif top and top.is_object and top.key is None:
            top.key = json.loads(token[0])
        elif (cell := _cell_of(levels, 3)) is not None:
            found[cell] = Place(*token.span(), (token.span(),), False)
        elif _cell_of(levels, 4) is not None:
            strings.append(token.span())
    return found


def _advance(level: _Level | None, mark: str) -> None:
    if level and mark == ",":
        level.key = None if level.is_object else _next(level.key)


def _next(index: str | int | None) -> int:
    return index + 1 if isinstance(index, int) else 0


def _cell_of(levels: list[_Level], depth: int) -> int | None:
    """The cell whose source is being read, if the levels say that this is what is being read."""
    if len(levels) != depth or levels[0].key != "cells" or levels[2].key != "source":
        return None
    index = levels[1].key
    return index if isinstance(index, int) else None


def joined(text: str, place: Place) -> str:
    """The source that stands there."""
    return "".join(json.loads(text[start:end]) for start, end in place.strings)


def written(text: str, place: Place, source: str) -> str:
    """The JSON of a source, in the form that the old one had; what was there before and behind the change stays."""
    escape = text.isascii()
    if not place.is_list:
        return json.dumps(source, ensure_ascii=escape)
    strings = [json.loads(text[start:end]) for start, end in place.strings]
    first, last = _common(strings, source)
    kept_before, kept_behind = "".join(strings[:first]), "".join(strings[last:])
    changed = source[len(kept_before) : len(source) - len(kept_behind)]
    tokens = [json.dumps(line, ensure_ascii=escape) for line in split_lines(changed) if line]
    groups = (_raw(text, place, 0, first), tokens, _raw(text, place, last, len(strings)))
    return _assembled(text, place, [token for group in groups for token in group], first, len(strings) - last)


def _common(strings: list[str], source: str) -> tuple[int, int]:
    """How many of the strings the new source starts with, and from which on it ends with them, in whole lines."""
    first, at = 0, 0
    while first < len(strings) and strings[first].endswith("\n") and source.startswith(strings[first], at):
        at += len(strings[first])
        first += 1
    last, end = len(strings), len(source)
    while last > first and end - len(strings[last - 1]) >= at and source.endswith(strings[last - 1], at, end):
        start = end - len(strings[last - 1])
        if start != at and source[start - 1] != "\n":
            break
        last, end = last - 1, start
    return first, last


def _raw(text: str, place: Place, first: int, last: int) -> list[str]:
    return [text[start:end] for start, end in place.strings[first:last]]


def _assembled(text: str, place: Place, tokens: list[str], kept_before: int, kept_behind: int) -> str:
    """The list of these tokens, with the space around the kept ones as it was."""
    strings = place.strings
    if not strings:
        return f"[{', '.join(tokens)}]"
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(strings)]
    before, behind = text[place.start + 1 : strings[0][0]], text[strings[-1][1] : place.end - 1]
    usual = gaps[0] if gaps else f",{before}"
    needed = max(0, len(tokens) - 1)
    left = gaps[:kept_before][:needed]
    right = gaps[max(0, len(gaps) - kept_behind, len(gaps) - needed + len(left)) :]
    spaces = [*left, *([usual] * (needed - len(left) - len(right))), *right]
    pieces = [piece for pair in zip(tokens, [*spaces, ""], strict=False) for piece in pair]
    return f"[{before}{''.join(pieces)}{behind}]"
