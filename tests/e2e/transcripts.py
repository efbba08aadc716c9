"""The console blocks of a page: commands, and what they print; a line `...` stands for any lines."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.pages.page import read_fences


class Step(NamedTuple):
    """A command, and what the page shows below it."""

    command: str
    shown: str


def steps(page: str) -> list[Step]:
    """Each `$ command` of the console blocks, in their order."""
    blocks = ["".join(f"{line}\n" for line in one.lines) for one in read_fences(page) if one.language == "console"]
    texts = [part for block in blocks for part in re.split(r"(?m)^\$ ", block)[1:]]
    return [Step(text.partition("\n")[0], text.partition("\n")[2]) for text in texts]


def shows(shown: str, printed: str) -> bool:
    """Whether this is what a page shows."""
    lines = [r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in shown.rstrip("\n").split("\n")]
    return re.fullmatch("".join(lines), printed.rstrip("\n") + "\n") is not None
