"""Where the sources of a notebook's cells stand in its JSON text, so that nothing else needs to be written anew."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

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
