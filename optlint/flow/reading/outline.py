"""The statements at the top level of a file, told apart by their lines alone; each is parsed when it is asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import field
from functools import cached_property
from itertools import pairwise

from optlint.flow.frozen import dataclass
from optlint.flow.reading import ir, lower_ast

START = re.compile(r"^(?=[^\W\d]|@)", re.MULTILINE)
GOES_ON = re.compile(r"(?:else|elif|except|finally)\b")  # a part of the statement before
DEFINITION = re.compile(r"(?:@.*\n(?:[\s)\]}].*\n)*)*(?:async\s+)?(?:def|class)\s+(\w+)")
ASSIGNMENT = re.compile(r"([\w, ]+?)\s*(?::[^=\n]*)?=(?!=)")
MAY_BIND = re.compile(r"(?:from|import|if|try|with|for|while|match)\b")
MATTERS = re.compile(r"param|optim|grad|Module|nn\.|backward|children|Parameter|^class \w+\(\w", re.MULTILINE)
TRAINS = re.compile(r"\boptim\b|backward\(|zero_grad|requires_grad|param_groups|\bparameters\(")
MAKES = re.compile(r"torch\.(?:zeros|ones|rand|empty|full|tensor|normal|eye|linspace|arange|nn\.init)")
CLASS = re.compile(r"^class\b", re.MULTILINE)
FUNCTION = re.compile(r"(?:@.*\n)*(?:async\s+)?def\b")
MOST_LINES = 12  # of a function that only makes tensors, or objects
HOLDS_SETTINGS = re.compile(r"@(?:dataclasses\.)?dataclass\b")
STAR = re.compile(r"^from\s+(\.*)([\w.]*)\s+import\s+\*", re.MULTILINE)
WORD = re.compile(r"[^\W\d]\w*")
BASES = re.compile(r"class\s+\w+\(([\w\s,]+)\)")


@dataclass(frozen=True)
class Piece:
    """A statement: the row of its first line, and its text."""

    row: int
    text: str

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that it may define."""
        if found := DEFINITION.match(self.text):
            return frozenset({found[1]})
        if MAY_BIND.match(self.text):
            return frozenset(WORD.findall(self.text))
        found = ASSIGNMENT.match(self.text)
        return frozenset(WORD.findall(found[1])) if found else frozenset()

    @cached_property
    def concerns_training(self) -> bool:
        """Whether a function or class may have to do with training; any other statement may."""
        if not DEFINITION.match(self.text) or MATTERS.search(self.text) is not None:
            return True
        return self._makes_tensors or HOLDS_SETTINGS.match(self.text) is not None

    @cached_property
    def makes_with(self) -> frozenset[str]:
        """The names in a short function, one of which may be that of the class that it makes an object of."""
        is_function = FUNCTION.match(self.text) is not None and self.is_short
        return frozenset(WORD.findall(self.text)) if is_function else frozenset()

    @property
    def _makes_tensors(self) -> bool:
        """Whether a short function makes tensors, which an optimizer may be given."""
        return MAKES.search(self.text) is not None and self.is_short

    @property
    def is_short(self) -> bool:
        """Whether it has but a few lines."""
        return self.text.rstrip().count("\n") <= MOST_LINES

    @cached_property
    def trains(self) -> bool:
        """Whether a function or class deals with optimizers, gradients or the parameters of a module."""
        return DEFINITION.match(self.text) is not None and TRAINS.search(self.text) is not None

    @property
    def bases(self) -> list[str]:
        """The plain names that a class derives from."""
        found = BASES.match(self.text)
        return WORD.findall(found[1]) if found else []

    @cached_property
    def block(self) -> ir.Block | None:
        """The statement as the engine reads it; None if it is none, as in the middle of a string."""
        try:
            return lower_ast.lower_module(ast.parse("\n" * (self.row - 1) + self.text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@dataclass(frozen=True)
class Outline:
    """The statements of a file by the names that they may define."""

    text: str
    _by_name: dict[str, list[Piece]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for piece in _pieces(self.text):
            for name in piece.names:
                self._by_name.setdefault(name, []).append(piece)

    @cached_property
    def trains(self) -> bool:
        """Whether one of its functions or classes deals with training."""
        return any(piece.trains for pieces in self._by_name.values() for piece in pieces)

    def concerns_training(self, name: str) -> bool:
        """Whether a name may stand for something that has to do with training, or makes an object that has."""
        pieces = self.defining(name)
        return any(piece.concerns_training for piece in pieces) or any(map(self._makes_model, pieces))

    def is_model(self, name: str) -> bool:
        """Whether a name is that of a class of the file that may have to do with training."""
        return name in self._classes

    def _makes_model(self, piece: Piece) -> bool:
        """Whether a short function names a class of the file that may have to do with training."""
        return piece.is_short and not self._classes.isdisjoint(WORD.findall(piece.text))

    @cached_property
    def _classes(self) -> frozenset[str]:
        found = ((name, piece) for name, pieces in self._by_name.items() for piece in pieces)
        return frozenset(name for name, piece in found if CLASS.search(piece.text) and piece.concerns_training)

    def defining(self, name: str) -> list[Piece]:
        """The statements that may define a name, in order."""
        return self._by_name.get(name, [])

    @cached_property
    def starred(self) -> tuple[tuple[int, str], ...]:
        """The modules of which all names are imported, last first: how many dots they begin with, and the rest."""
        return tuple((len(found[1]), found[2]) for found in STAR.finditer(self.text))[::-1]


def _pieces(text: str) -> Iterator[Piece]:
    starts = [found.start() for found in START.finditer(text)]
    starts = [start for start in starts if not GOES_ON.match(text, start)]
    row, before, decorated = 1, 0, None
    for start, end in pairwise([*starts, len(text)]):
        row += text.count("\n", before, start)
        before = start
        if text[start] == "@":
            decorated = decorated or (row, start)
            continue
        first_row, first = decorated or (row, start)
        decorated = None
        yield Piece(first_row, text[first:end])
