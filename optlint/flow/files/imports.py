"""What names of other files of the project stand for: functions and classes, as an import would give them.

Of a file only the statements are parsed and run that define what is asked for, and what these need in turn. What they
define is kept for all files of a run, beneath the states of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optlint.flow.core.machine import Machine, Unit
from optlint.flow.core.state import State
from optlint.flow.core.values import ClassValue, Closure, Descriptor, External, Value
from optlint.flow.files import tables
from optlint.flow.files.defined import Defined, Opened
from optlint.flow.reading import ir, nesting
from optlint.flow.reading.texts import AstText

if TYPE_CHECKING:
    from optlint.flow.files.project import Place, Project
    from optlint.flow.reading.outline import Piece

# Packages that a project never defines itself, and that are asked for often.
ELSEWHERE = ("torch.", "builtins.", "typing.", "collections.", "itertools.", "functools.", "numpy.", "os.", "math.")
TORCH = "torch."
MOST_LINKS = 12  # of a chain of exports


@dataclass(slots=True)
class Imports:
    """The project's files as one of them sees them; `new_machine` makes a machine to run another one on."""

    project: Project
    new_machine: Callable[[Unit], Machine]
    defined: Defined

    def resolve(self, path: str, importer: str, given: bool = False, links: int = 0) -> Value | None:
        """The function, class or dict of them that a dotted path means in a file, if the project defines it.

        What it has from PyTorch and hands on is named as there. What does not look like training is passed by, unless
        it is `given` something that does.
        """
        if path.startswith(ELSEWHERE) or "." not in path or links > MOST_LINKS:
            return None
        place = self._locate(path, importer)
        if place is None or not place.names or place.file == importer:
            return None
        opened, name = self._open(place), place.names[0]
        if not self._is_defined(place.file, name):
            return self._from_star(opened, place, given, links)
        if not given and not self._concerns_training(place, name):
            return None
        value = self.define(opened, name)
        if isinstance(value, External):  # it is exported again
            onward = ".".join((value.path, *place.names[1:]))
            if onward.startswith(TORCH):
                return External(onward)
            return self.resolve(onward, place.file, given, links + 1) if onward != path else None
        for name in place.names[1:]:
            value = self.defined.look_up(value.scope, name) if isinstance(value, ClassValue) else None
        return value if self._can_be_given(value, name, place) else None

    def _can_be_given(self, value: Value | None, name: str, place: Place) -> bool:
        """Whether a value is something that another file can be told of: a function, a class, or a dict of such."""
        if isinstance(value, Descriptor):
            return value.kind == "no_grad"
        if isinstance(value, Closure | ClassValue):
            return True
        return value is not None and tables.is_table(value, name, place.file, self.project, self.defined)

    def _locate(self, path: str, importer: str) -> Place | None:
        """Where a dotted path leads; what a package binds to the name of a file of its own is what others import."""
        place = self.project.locate(path, importer)
        package, _, name = path.rpartition(".")
        if place is None or place.names or place.file.endswith("__init__.py"):
            return place
        outer = self.project.locate(package, importer)
        if outer is not None and not outer.names and self._is_defined(outer.file, name):
            return replace(outer, names=(name,))
        return place

    def _is_defined(self, file: str, name: str) -> bool:
        outline = self.project.outline(file)
        return outline is not None and bool(outline.defining(name))

    def _from_star(self, opened: Opened, place: Place, given: bool, links: int) -> Value | None:
        """A name that a file may have from `from module import *`."""
        outline = self.project.outline(place.file)
        for dots, module in outline.starred if outline is not None else ():
            above = opened.unit.name.split(".")[:-dots] if dots else []
            path = ".".join((*above, *filter(None, (module,)), *place.names))
            value = self.resolve(path, place.file, given, links + 1)
            if value is not None:
                return value
        return None

    def trains(self, path: str, importer: str, links: int = 0) -> bool:
        """Whether a dotted path means a function or class of another file that deals with training, or such a file."""
        if f"{path}.".startswith(ELSEWHERE) or links > MOST_LINKS:
            return False
        place = self.project.locate(path, importer)
        outline = self.project.outline(place.file) if place is not None else None
        if place is None or outline is None or place.file == importer:
            return False
        if not place.names:
            return outline.trains
        pieces = outline.defining(place.names[0])
        if any(piece.trains for piece in pieces):
            return True
        bases = (f"{place.module}.{base}" for piece in pieces for base in piece.bases)
        if any(self.trains(base, importer, links + 1) for base in bases):
            return True
        exported = self.define(self._open(place), place.names[0]) if any(map(_imports, pieces)) else None
        return isinstance(exported, External) and self.trains(exported.path, place.file, links + 1)

    def _concerns_training(self, place: Place, name: str) -> bool:
        """Whether a name of a file may stand for something that has to do with training, or makes what has."""
        outline = self.project.outline(place.file)
        if outline is None:
            return False
        return outline.concerns_training(name) or any(
            self._names_model(place, word) for piece in outline.defining(name) for word in piece.makes_with
        )

    def _names_model(self, place: Place, name: str, links: int = 0) -> bool:
        """Whether a file has this name from another one, where it is a class that has to do with training."""
        outline = self.project.outline(place.file)
        if outline is None or links > MOST_LINKS or not any(map(_imports, outline.defining(name))):
            return False
        found = self.define(self._open(place), name)
        origin = self._locate(found.path, place.file) if isinstance(found, External) else None
        if origin is None or len(origin.names) != 1:
            return False
        beyond, (model,) = self.project.outline(origin.file), origin.names
        return beyond is not None and (beyond.is_model(model) or self._names_model(origin, model, links + 1))

    def define(self, opened: Opened, name: str) -> Value | None:
        """What a global is worth after the statements that may define it."""
        scope, outline = opened.unit.scope, self.project.outline(opened.unit.file.filename)
        for piece in outline.defining(name) if outline is not None else ():
            if piece not in opened.run:
                opened.run.add(piece)
                self._run(piece, opened)
        return self.defined.variables.get((scope, name))

    def _open(self, place: Place) -> Opened:
        opened = self.defined.opened.get(place.file)
        if opened is None:
            is_package = place.file.endswith("__init__.py")
            outline = self.project.outline(place.file)
            file = AstText("" if outline is None else outline.text, place.file)
            unit = Unit(file, f"{place.module}.__init__" if is_package else place.module, self.defined.counter.next())
            opened = self.defined.opened[place.file] = self.defined.scopes[unit.scope] = Opened(unit)
        self.project.asked |= {place.file, *opened.needed}
        return opened

    def _run(self, piece: Piece, opened: Opened) -> None:
        """Run a statement of a file; what it defines is there for all, what it would report is dropped."""
        if piece.block is None:
            return
        project, before, state = self.project, self.project.asked, State(self.defined)
        project.asked = set()
        self.defined.nodes.update(
            node for node in nesting.statements(piece.block) if isinstance(node, ir.Function | ir.Class)
        )
        self.new_machine(opened.unit).execute(piece.block, state)
        opened.needed |= project.asked
        project.asked = before | opened.needed
        self.defined.take(state)


def _imports(piece: Piece) -> bool:
    return piece.text.startswith("from")
