"""What the other files of a project say of a word: a key of param groups that they read, a method that gives a list.

Also an attribute of somebody else's object that they use where they train, and whatever else they may do to what a file
that one of them imports has made. A file is parsed only if it names the word.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from optlint.flow.files import around
from optlint.flow.files.importers import those_that_meet
from optlint.flow.reading import ir, texts
from optlint.flow.reading.names_read import readings_of

if TYPE_CHECKING:
    from optlint.flow.core.records import Kin
    from optlint.flow.files.project import Project


TRAINS = re.compile(rb"\boptim\b|\bparam_groups\b|[\"']params[\"']|\bparams *=")
# `model.NAME` among parameters, alone on its line in a list, asked for by name, or walked through for parameters.
HANDED_ON = (
    r"(?:[\"']params[\"']:|\bparams=|\boptim\.\w+\(|\b(?:append|extend)\(|\+=).*\w(?<!\bself)\.NAME\b(?![(.])|"
    r"^\s*\w[\w.]*(?<!\bself)\.NAME,?$|"
    r"attr\(\w+, [\"']NAME[\"']|\bin\b.*\w(?<!\bself)\.NAME\b(?!\()(?:.*\n){0,3}?.*\bparameters\("
)
# It is registered after all, or put away; on `self`, if that may be such an object.
TAKEN_OVER = (
    r"(\bself)?\.NAME\s*=[^\n=]*\(.*\.NAME\b|\bdel [\w.]*\.NAME\b|"
    r"(\bself\.)?(?:register_parameter|register_module|add_module|setattr)\(.*[\"']NAME[\"']"
)

CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)[ \t]*(?:\(([^)]*)\))?", re.MULTILINE)
WORD = re.compile(rb"\w+")
ACT = re.compile(rb"\bself\.(\w*opt\w*)\.(?:step|zero_grad)\b", re.IGNORECASE)
# `self.NAME = make(...)`: by a function, by torch, by a method of its own; not by somebody who may know ours.
MADE = re.compile(rb"\bself\.(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:(?:torch\.optim|optim|self)\.)?\w+\(")


@dataclass(slots=True)
class ProjectKeys:
    """Answers for one run; what was found for a key and a folder is kept."""

    project: Project
    known: dict[tuple[str, str], bool] = field(default_factory=dict)
    known_lists: dict[tuple[str, str], bool] = field(default_factory=dict)

    def read_outside(self, key: str, filename: str) -> bool:
        """Whether another file of the project that deals with groups reads such a key."""
        folder, files = self._around(filename)
        if (folder, key) not in self.known:
            self.known[folder, key] = any(self._reads(file, key) for file in files)
        return self.known[folder, key]

    def lists_outside(self, method: str, filename: str) -> bool:
        """Whether a class in another file of the project has a method of this name that gives a list."""
        folder, files = self._around(filename)
        if (folder, method) not in self.known_lists:
            self.known_lists[folder, method] = any(self._lists(file, method) for file in files)
        return self.known_lists[folder, method]

    def used_outside(self, attribute: str, owners: frozenset[str], filename: str) -> bool:
        """Whether a file that may use this one registers an attribute of some object, or hands it on to be trained.

        The classes named `owners` have it; what other classes do to their own is no matter.
        """
        handed_on, taken_over = (
            re.compile(pattern.replace("NAME", attribute).encode(), re.MULTILINE) for pattern in (HANDED_ON, TAKEN_OVER)
        )
        named = re.compile(rb"\b(?:" + "|".join(sorted(owners)).encode() + rb")\b")
        return any(
            any(not any(found.groups()) or named.search(data) for found in taken_over.finditer(data))
            or (TRAINS.search(data) and handed_on.search(data))
            for data in self._texts_of_others(filename)
        )

    def said_outside(self, pattern: str, filename: str) -> bool:
        """Whether a file that may use this one has something that matches."""
        return any(map(re.compile(pattern.encode()).search, self._texts_of_others(filename)))

    def said_by_kin(self, pattern: str, kin: Kin, filename: str) -> bool:
        """The same, but for what classes that are no kin of these do to optimizers that they make for themselves."""
        texts = _without_acts_of_strangers(self._texts_of_others(filename), kin)
        return any(map(re.compile(pattern.encode()).search, texts))

    def _texts_of_others(self, filename: str) -> Iterator[bytes]:
        """What stands in the other files that may meet what this one makes."""
        here = os.path.abspath(filename)
        self.project.asked.add(around.all_of(os.path.dirname(here)))
        return (self.project.data(file) or b"" for file in those_that_meet(self.project, here))

    def _around(self, filename: str) -> tuple[str, tuple[str, ...]]:
        """The folder of a file, and the files of its project."""
        folder = os.path.dirname(os.path.abspath(filename))
        self.project.asked.add(around.all_of(folder))
        return folder, self.project.files_around(folder)

    def _reads(self, file: str, key: str) -> bool:
        data, word = self.project.data(file) or b"", key.encode()
        if b"group" not in data or not (b'"%b"' % word in data or b"'%b'" % word in data):
            return False
        source = self.project.source(file)
        return source is not None and key in readings_of(source.block, texts.body_of).keys

    def _lists(self, file: str, method: str) -> bool:
        source = self.project.source(file) if b"def %b(" % method.encode() in (self.project.data(file) or b"") else None
        nodes = () if source is None else ir.walk_all(source.block, texts.body_of)
        return any(isinstance(node, ir.Function) and node.name == method and _gives_list(node) for node in nodes)


def _gives_list(function: ir.Function) -> bool:
    """Whether some `return` of a function gives what can be walked again and again."""
    parts = [part for statement in texts.body_of(function) for part in ir.walk(statement)]
    return any(isinstance(part, ir.Return) and isinstance(part.value, ir.Display) for part in parts)


def _without_acts_of_strangers(texts: Iterable[bytes], kin: Kin) -> list[bytes]:
    """The texts of files, without the steps and clearings of optimizers that other classes make for themselves."""
    files = list(texts)
    heirs = _with_all_that_derive(files, kin.heirs)
    ancestors = frozenset(name.encode() for name in kin.ancestors)
    return [text if _is_kin(text, heirs, ancestors) else _without_own_acts(text) for text in files]


def _with_all_that_derive(files: list[bytes], classes: frozenset[str]) -> frozenset[bytes]:
    bases = {name: frozenset(WORD.findall(given)) for text in files for name, given in CLASS.findall(text)}
    found = frozenset(name.encode() for name in classes)
    while more := {name for name, above in bases.items() if name not in found and not found.isdisjoint(above)}:
        found |= more
    return found


def _is_kin(text: bytes, heirs: frozenset[bytes], ancestors: frozenset[bytes]) -> bool:
    """Whether a file names a class that its methods may be called on, or defines one that this inherits from."""
    return not heirs.isdisjoint(WORD.findall(text)) or any(name in ancestors for name, _ in CLASS.findall(text))


def _without_own_acts(text: bytes) -> bytes:
    made = frozenset(MADE.findall(text))
    return ACT.sub(lambda found: b"" if found[1] in made else found[0], text)
