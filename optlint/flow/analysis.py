"""From a parsed file to its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from optlint.flow import calls, expressions, ir, statements, texts
from optlint.flow.life import Life
from optlint.flow.machine import Frame, Machine, Unit
from optlint.flow.project import Project
from optlint.flow.project_keys import ProjectKeys
from optlint.flow.state import State
from optlint.flow.values import NONE, ClassValue, External, Value

if TYPE_CHECKING:
    from libcst import Module

    from optlint.flow.project import Place
    from optlint.flow.settings import Settings
    from optlint.spans import Positions

MOST_FILES = 24  # of the project that are read for one file


def analyse(
    module: Module, filename: str, settings: Settings, positions: Positions | None = None,
    project: Project | None = None,
) -> Iterator[object]:  # fmt: skip
    """The events of a file that libcst parsed, in the order in which they were seen."""
    from optlint.spans import Positions

    text = texts.CstText(module, filename, positions or Positions(module, filename))
    yield from _events(text, settings, project or Project())


def glance(text: str, filename: str, settings: Settings, project: Project | None = None) -> Iterator[object]:
    """The same events by way of `ast`, without libcst; raises SyntaxError or ValueError if `ast` can't parse it."""
    yield from _events(texts.AstText(text, filename), settings, project or Project())


def _events(text: texts.CstText | texts.AstText, settings: Settings, project: Project) -> Iterator[object]:
    analysis = _Analysis(text, settings, project)
    analysis.run()
    for event in analysis.machine.events:
        if event.site.file is text:  # type: ignore[attr-defined]
            yield event


@dataclass(slots=True)
class _Analysis:
    """One file on its machine, and the files of the project that it leads to."""

    text: texts.CstText | texts.AstText
    settings: Settings
    project: Project
    bodies: dict[ir.Function, ir.Block] = field(default_factory=dict)
    mentioned: dict[ir.Node, frozenset[str]] = field(default_factory=dict)
    loaded: dict[str, tuple[int, State] | None] = field(default_factory=dict)
    found: dict[str, Place | None] = field(default_factory=dict)
    machine: Machine = field(init=False)
    unit: Unit = field(init=False)

    def __post_init__(self) -> None:
        self.unit = Unit(self.text, self.project.module_name(self.text.filename), 0)
        self.machine = Machine(
            self.settings,
            expressions.EVALUATORS,
            statements.EXECUTORS,
            calls.call,
            Frame(self.unit, (0,)),
            self._body,
            self._mentions,
            self._resolve,
            reads_elsewhere=partial(ProjectKeys(self.project).read_outside, filename=self.text.filename),
            units={0: self.unit},
        )

    def run(self) -> None:
        """Run the whole file."""
        Life(self.machine, self.unit).run(texts.statements_of(self.text))

    def _body(self, function: ir.Function) -> ir.Block:
        body = self.bodies.get(function)
        if body is None:
            body = self.bodies[function] = texts.body_of(function)
        return body

    def _mentions(self, node: ir.Node) -> frozenset[str]:
        found = self.mentioned.get(node)
        if found is None:
            found = self.mentioned[node] = frozenset(self._words(node))
        return found

    def _words(self, node: ir.Node) -> Iterator[str]:
        """Identifiers in a node; those of a class are put together from its statements, which are asked again."""
        if not isinstance(node, ir.Class):
            yield from texts.mentions(node.origin)
            return
        yield node.name
        for part in (*node.bases, *node.decorators):
            yield from texts.mentions(part.origin)
        for statement in node.body:
            yield from self._mentions(statement)

    def _resolve(self, path: str, state: State) -> Value | None:
        """What a dotted path stands for if a file of the project defines it."""
        if path.startswith("torch.") or "." not in path:
            return None
        if path not in self.found:
            self.found[path] = self.project.locate(path, self.machine.frame.unit.file.filename)
        place = self.found[path]
        if place is None or not place.names:
            return None
        scope = 0 if place.file == self.text.filename else self._load(place, state)
        return None if scope is None else self._member(scope, place, state)

    def _member(self, scope: int, place: Place, state: State) -> Value | None:
        value = state.variables.get((scope, place.names[0]))
        if isinstance(value, External) and value.path != f"{place.module}.{place.names[0]}":
            value = self._resolve(value.path, state) or value  # exported again
        for name in place.names[1:]:
            value = state.variables.get((value.scope, name)) if isinstance(value, ClassValue) else None
        return value

    def _load(self, place: Place, state: State) -> int | None:
        """Let the state know what a file defines, as an import would."""
        if place.file not in self.loaded:
            self.loaded[place.file] = None  # while it runs: imports in a circle find nothing
            self.loaded[place.file] = self._run_module(place) if len(self.loaded) <= MOST_FILES else None
        known = self.loaded[place.file]
        if known is None:
            return None
        scope, defined = known
        if (scope, "") not in state.variables:
            state.variables.update(defined.variables)
            for address, cell in defined.heap.items():
                state.heap.setdefault(address, cell)
        return scope

    def _run_module(self, place: Place) -> tuple[int, State] | None:
        """Run a file's top level on a state of its own; what it would report is dropped."""
        source = self.project.source(place.file)
        if source is None:
            return None
        machine, state = self.machine, State()
        scope = machine.counter.next()
        kept = (machine.frame, machine.pending, len(machine.functions), len(machine.classes), len(machine.instances))
        is_package = place.file.endswith("__init__.py")
        machine.units[scope] = Unit(source.text, f"{place.module}.__init__" if is_package else place.module, scope)
        machine.frame, machine.pending = Frame(machine.units[scope], (scope,)), []
        machine.execute(source.block, state)
        machine.frame, machine.pending = kept[:2]
        del machine.functions[kept[2] :], machine.classes[kept[3] :], machine.instances[kept[4] :]
        state.variables[scope, ""] = NONE
        return scope, state
