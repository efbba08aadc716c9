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
from optlint.flow.values import ClassValue, External, Value

if TYPE_CHECKING:
    from libcst import Module

    from optlint.flow.project import Place
    from optlint.flow.settings import Settings
    from optlint.spans import Positions


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
    project.make_room()
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
            units=self.project.modules.units,
            counter=self.project.modules.counter,
        )
        self.machine.units[0] = self.unit

    def run(self) -> None:
        """Run the whole file."""
        Life(self.machine, self.unit).run(texts.statements_of(self.text), State(self.project.modules.shared))

    def _body(self, function: ir.Function) -> ir.Block:
        body = self.bodies.get(function) or self.project.modules.bodies.get(function)
        if body is None:
            own = self.machine.frame.unit.scope == 0
            body = texts.body_of(function)
            (self.bodies if own else self.project.modules.bodies)[function] = body
        return body

    def _mentions(self, node: ir.Node) -> frozenset[str]:
        found = self.mentioned.get(node) or self.project.modules.mentioned.get(node)
        if found is None:
            own = self.machine.frame.unit.scope == 0
            found = frozenset(self._words(node))
            (self.mentioned if own else self.project.modules.mentioned)[node] = found
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
        unit = self.machine.frame.unit
        place = self.project.locate(path, unit.file.filename)
        if place is None or not place.names:
            return None
        own = unit.scope == 0 and place.file == self.text.filename
        scope = 0 if own else self._load(place)
        return None if scope is None else self._member(scope, place, state)

    def _member(self, scope: int, place: Place, state: State) -> Value | None:
        value = state.look_up(scope, place.names[0])
        if isinstance(value, External) and value.path != f"{place.module}.{place.names[0]}":
            value = self._resolve(value.path, state) or value  # exported again
        for name in place.names[1:]:
            value = state.look_up(value.scope, name) if isinstance(value, ClassValue) else None
        return value

    def _load(self, place: Place) -> int | None:
        """Let all states know what a file defines, as an import would; the scope of its globals."""
        scopes = self.project.modules.scopes
        if place.file not in scopes:
            scopes[place.file] = None  # while it runs: imports in a circle find nothing
            scopes[place.file] = self._run_module(place)
        return scopes[place.file]

    def _run_module(self, place: Place) -> int | None:
        """Run a file's top level on a state of its own; what it would report is dropped."""
        source = self.project.source(place.file)
        if source is None:
            return None
        machine, modules = self.machine, self.project.modules
        state, scope = State(modules.shared), machine.counter.next()
        kept = (machine.frame, machine.pending, len(machine.functions), len(machine.classes), len(machine.instances))
        is_package = place.file.endswith("__init__.py")
        unit = Unit(source.text, f"{place.module}.__init__" if is_package else place.module, scope)
        modules.units[scope] = unit
        machine.frame, machine.pending = Frame(unit, (scope,)), []
        machine.execute(source.block, state)
        machine.frame, machine.pending = kept[:2]
        del machine.functions[kept[2] :], machine.classes[kept[3] :], machine.instances[kept[4] :]
        modules.shared.publish(state)
        return scope
