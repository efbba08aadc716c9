"""From a parsed file to its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from optlint.flow.core.machine import Frame, Machine, Unit
from optlint.flow.core.state import State
from optlint.flow.files.imports import Imports
from optlint.flow.files.project import Project
from optlint.flow.files.project_keys import ProjectKeys
from optlint.flow.life import Life
from optlint.flow.python import calls, expressions, statements
from optlint.flow.reading import ir, texts

if TYPE_CHECKING:
    from optlint.flow.events import Site, Text
    from optlint.flow.settings import Settings


def analyse(text: texts.Parsed, settings: Settings, project: Project | None = None) -> Iterator[object]:
    """The events of a file, in the order in which they were seen."""
    for event, file in analyse_all(text, settings, project or Project()):
        if file is text:
            yield event


def analyse_all(text: texts.Parsed, settings: Settings, project: Project) -> Iterator[tuple[object, Text]]:
    """The events of a file and of those that it uses, each with the file that it is about."""
    return ((event, _file_of(event)) for event in _Analysis(text, settings, project).run())


def _file_of(event: object) -> Text:
    site: Site = event.site  # type: ignore[attr-defined]
    return site.file


@dataclass(slots=True)
class _Analysis:
    """One file on its machine."""

    text: texts.Parsed
    settings: Settings
    project: Project
    bodies: dict[ir.Function, ir.Block] = field(default_factory=dict)
    mentioned: dict[ir.Node, frozenset[str]] = field(default_factory=dict)
    machine: Machine = field(init=False)
    unit: Unit = field(init=False)

    def __post_init__(self) -> None:
        self.unit = Unit(self.text, self.project.module_name(self.text.filename), 0)
        self.machine = self._new_machine(self.unit)

    def run(self) -> list[object]:
        """Run the whole file; what it was run with is let go, so that no collector has to look for it."""
        Life(self.machine, self.unit).run(texts.statements_of(self.text), State(self.project.defined))
        events = self.machine.events
        self.machine.let_go()
        self.project.defined.define = None
        del self.machine
        return events

    def _new_machine(self, unit: Unit) -> Machine:
        defined = self.project.defined
        imports = Imports(self.project, self._new_machine, defined)
        defined.define = imports.define
        words = ProjectKeys(self.project)
        return Machine(
            self.settings,
            expressions.EVALUATORS,
            statements.EXECUTORS,
            calls.call,
            Frame(unit, (unit.scope,)),
            self._body,
            self._mentions,
            resolve=imports.resolve,
            trains=imports.trains,
            units=defined.scopes,
            counter=defined.counter,
            reads_elsewhere=partial(words.read_outside, filename=self.text.filename),
            lists_elsewhere=partial(words.lists_outside, filename=self.text.filename),
            uses_elsewhere=partial(words.used_outside, filename=self.text.filename),
            says_elsewhere=partial(words.said_outside, filename=self.text.filename),
            kin_say=partial(words.said_by_kin, filename=self.text.filename),
        )

    def _body(self, function: ir.Function) -> ir.Block:
        known = self.project.defined.bodies if function in self.project.defined.nodes else self.bodies
        body = known.get(function)
        if body is None:
            body = known[function] = texts.body_of(function)
        return body

    def _mentions(self, node: ir.Node) -> frozenset[str]:
        known = self.project.defined.mentioned if node in self.project.defined.nodes else self.mentioned
        found = known.get(node)
        if found is None:
            found = known[node] = frozenset(self._words(node))
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
