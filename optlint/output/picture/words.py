"""Numbers and lists as people read them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"(?<![^.\W])\d+(?![^.\W])")


def size(number: int) -> str:
    """`1,284`, `38.6 M`: three digits, and a letter for thousands, millions, billions."""
    if number < 10_000:
        return f"{number:,}"
    for letter, unit in (("K", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)):
        if number < 999.5 * unit or letter == "T":
            shown = number / unit
            return f"{shown:.{0 if shown >= 100 else 1}f}".removesuffix(".0") + f" {letter}"
    raise AssertionError("the last unit takes all")


def count(number: int, word: str) -> str:
    """`1 tensor`, `2 tensors`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def rate(value: object) -> str:
    """A learning rate or another hyperparameter: `0.01`, `3e-4`."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, float | int):
        return str(value)
    if 0 < abs(value) < 1e-3:
        digits, _, exponent = f"{value:.2e}".partition("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"
    return f"{value:.3g}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def folded(name: str) -> str:
    """The name with a `*` for each part that is a number: what layers of one kind have in common."""
    return _NUMBER.sub("*", name)


def shape(dimensions: Iterable[int]) -> str:
    """`768 × 3072`."""
    return " × ".join(map(str, dimensions)) or "scalar"


def place(filename: str, row: int) -> str:
    """The file's name and line; the folder above it stands in `title`."""
    return f"{os.path.basename(filename)}:{row}"
