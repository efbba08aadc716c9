"""Notebook cells as Python: what IPython alone understands is hidden behind text of the same length."""

from __future__ import annotations

import re

from optlint.sources.edits import split_lines
from optlint.sources.lexing import COMMENT, STRING

SAME_SCOPE = frozenset({"capture", "debug", "ipytest", "prun", "time", "timeit"})  # of cell magics that run Python

_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\S*)")
_WHOLE_LINE = re.compile(r"[ \t]*(?P<magic>[%!?,;/]|(?=[\w.]+(?:\[[^\]]*\])?\?{1,2}[ \t]*$)\S)", re.MULTILINE)
_ASSIGNED = re.compile(r"[ \t]*[\w.,\[\]*'\" \t]+=[ \t]*(?P<magic>[%!])(?=[\w!(])")
_TOKEN = re.compile(rf"{COMMENT}|{STRING}|[(\[{{]|[)\]}}]|\\(?:\r\n?|\n)|(?P<end>\r\n?|\n)", re.DOTALL)
_REST_OF_COMMAND = re.compile(r"(?:[^\r\n\\]|\\(?:\r\n|[^\r\n])|\\[\r\n])*")


def masked(cell: str) -> str:
    """The cell's text, of the same length and with the same lines, without magics and shell commands."""
    magic = _CELL_MAGIC.match(cell)
    if magic and magic["name"] not in SAME_SCOPE:
        return "".join(map(_as_comment, split_lines(cell)))
    return _without_line_magics(cell)


def _without_line_magics(cell: str) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(cell):
        start = at
        if magic := _WHOLE_LINE.match(cell, at) or _ASSIGNED.match(cell, at):
            first = magic.start("magic")
            at = first + len(_REST_OF_COMMAND.match(cell, first)[0])  # type: ignore[index]  # it always matches
            pieces += [cell[start:first], _as_name(cell[first:at])]
        else:
            at = _end_of_statement(cell, at)
            pieces.append(cell[start:at])
    return "".join(pieces)


def _end_of_statement(cell: str, at: int) -> int:
    """Where the next line begins that is not a part of this statement."""
    depth = 0
    for token in _TOKEN.finditer(cell, at):
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth = max(0, depth - 1)
        elif token["end"] and depth == 0:
            return token.end()
    return len(cell)


def _as_name(command: str) -> str:
    """A statement of the same length that does nothing; lines that continue the command become comments."""
    first, *rest = split_lines(command)
    body = first.rstrip("\r\n")
    statement = f"_#{body[2:]}"[: len(body)] + first[len(body) :]
    return statement + "".join(map(_as_comment, rest))


def _as_comment(line: str) -> str:
    return line if not line.strip() else f"#{line[1:]}"
