"""Comprehensions and generator expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.belonging import freezing
from optlint.flow.core.cells import Cover, Entry, IteratorCell, MappingCell, SequenceCell
from optlint.flow.core.machine import Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import UNKNOWN, Const, Value, union
from optlint.flow.frozen import dataclass, replace
from optlint.flow.groups import indices, picks
from optlint.flow.iterators import consumption, holdings, takings
from optlint.flow.iterators.draws import Purpose
from optlint.flow.order import trace
from optlint.flow.python import assignment, containers, sets, statements
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.events import Site


def comprehension(machine: Machine, node: ir.Comprehension, state: State) -> Value:
    """Its body runs for each item where they are known, else twice, to see what a second item meets.

    A generator expression does nothing until it is drawn from, so its effects are dropped.
    """
    lazy = node.kind == "generator"
    outer = machine.frame
    first = machine.evaluate(node.clauses[0].iterable, state)
    run = state.copy() if lazy else state
    depth, path = run.depth, run.path
    machine.frame = replace(outer, scopes=(machine.counter.next(), *outer.scopes), within=outer.within + 1)
    rounds = _rounds(machine, node, first, run, lazy)
    machine.frame, run.depth, run.path = outer, depth, path
    if lazy:
        state.adopt(run)
    if len(node.clauses) == 1 and rounds.tests:
        known = holdings.own_covers(first, state)
        rounds = replace(rounds, covers=picks.picked(machine, node, known, rounds.tests, state))
    site, element = machine.site(node), union(rounds.elements) if rounds.elements else UNKNOWN
    if any(clause.tests for clause in node.clauses):
        element = consumption.some_of(machine, element, state)
    passed = _passed(node, first, state)
    each = len(node.clauses) == 1 and not node.clauses[0].tests and node.kind != "set"
    layers = indices.layers_of(first, state) if each else None
    ordered = sets.is_ordered(first, state) if node.kind != "set" else sets.gives_numbers(node)
    trainable = takings.comprehended(node, first, state)
    if lazy:
        walked = first if len(node.clauses) == 1 else None
        lazily = IteratorCell("generator expression", site, element, rounds.sources, depth=state.depth, walked=walked)
        exact = rounds.exact
        lazily = replace(lazily, covers=rounds.covers, items=exact, layers=layers, ordered=ordered, trainable=trainable)
        return machine.new(state, replace(lazily, filtered=passed is False))
    if node.kind == "dict":
        return machine.new(state, _mapping(rounds, element, site))
    children = _kept_children(node, first, state)
    covers = holdings.only_once(rounds.covers) if node.kind == "set" else rounds.covers
    made = SequenceCell(node.kind, site, rounds.exact, element, covers=covers, children=children)
    made = replace(made, ordered=ordered, layers=layers, trainable=trainable)
    return machine.new(state, replace(made, filtered=passed is False))


def _mapping(rounds: _Rounds, element: Value, site: Site) -> MappingCell:
    """The dict that a comprehension makes, key by key where these are known."""
    keys = tuple(key.value for key in rounds.keys if isinstance(key, Const))
    if rounds.exact is None or len(keys) != len(rounds.exact):
        return MappingCell(site, (), True, element)
    entries = zip(keys, (Entry(value, site) for value in rounds.exact), strict=True)
    return MappingCell(site, tuple(dict(entries).items()), item=element)


def _passed(node: ir.Comprehension, first: Value, state: State) -> bool | None:
    """Whether `if p.requires_grad` lets all parameters through, or none."""
    clause = node.clauses[0]
    if len(node.clauses) > 1 or len(clause.tests) != 1:
        return None
    kept = takings.kept_by(clause.tests[0], takings.tensor_name(clause.target))
    return freezing.filtered(kept, holdings.covers_of(first, state), state)


@dataclass(frozen=True, slots=True)
class _Rounds:
    """What the rounds of a comprehension gave; `exact` are its items where all are known, `keys` those of a dict.

    `tests` are the answers of the tests of its last round.
    """

    elements: tuple[Value, ...]
    keys: tuple[Value | None, ...]
    sources: tuple[Value, ...]
    covers: tuple[Cover, ...] | None
    exact: tuple[Value, ...] | None
    tests: tuple[Value, ...]


def _kept_children(node: ir.Comprehension, first: Value, state: State) -> Cover | None:
    """`[layer for layer in model.children()]` is a list of all children."""
    cell = state.cell(first)
    copies = len(node.clauses) == 1 and _is_identity(node)
    return cell.children if copies and isinstance(cell, IteratorCell | SequenceCell) else None


def _is_identity(node: ir.Comprehension) -> bool:
    """Whether the element is what the last clause walks over, and nothing is left out."""
    target, element = node.clauses[-1].target, node.element
    if isinstance(target, ir.Display) and len(target.items) == 2:
        target = target.items[1]
    same = isinstance(target, ir.Name) and isinstance(element, ir.Name) and target.id == element.id
    return same and not any(clause.tests for clause in node.clauses)


def _rounds(machine: Machine, node: ir.Comprehension, first: Value, run: State, lazy: bool) -> _Rounds:
    clause = node.clauses[0]
    site = machine.site(clause.iterable)
    sources = (first,) if lazy and run.get(first, IteratorCell) is not None else ()
    known = containers.exact_items(first, run)
    if lazy:
        item = consumption.item_of(machine, first, run, site)
    else:
        item = consumption.walk(machine, first, run, site, Purpose("comprehension", body=node))
    unrolled = known is not None and len(known) <= statements.LONGEST_UNROLLED
    items = known if known is not None and unrolled else (item, consumption.another(machine, item, run))
    run.depth += not unrolled
    run.path = (*run.path, (object(), node))
    elements: list[Value] = []
    keys: list[Value | None] = []
    covers: list[tuple[Cover, ...] | None] = []
    exact = unrolled and bool(known or len(node.clauses) == 1)
    tests: tuple[Value, ...] = ()
    head = trace.loop_begins(machine, node, run) if statements.goes_round(items, run, repeats=not unrolled) else None
    changes = -1
    for value in items:
        if not unrolled and run.changes == changes:
            break
        changes = run.changes
        assignment.bind(machine, clause.target, value, run, clause.iterable)
        last = _inner(machine, node, 1, run, clause, first)
        elements += last.elements
        keys.append(last.key)
        covers.append(last.covers)
        tests = last.tests
        exact = exact and last.exact
        trace.round_ends(head, run)
    trace.loop_ends(machine, head)
    joined = _all_covers(covers) if _is_identity(node) else None
    if len(node.clauses) == 1 and _is_identity(node):
        joined = holdings.own_covers(first, run)
    elif not unrolled and covers:
        joined = covers[0] if _is_identity(node) else None
    return _Rounds(tuple(elements), tuple(keys), sources, joined, tuple(elements) if exact else None, tests)


@dataclass(frozen=True, slots=True)
class _Last:
    """What one item of a clause leads to: elements, the key of the last in a dict, what the innermost iterable covers.

    `exact` tells that there are no other elements; `tests` are the last answers of the innermost tests.
    """

    elements: tuple[Value, ...]
    key: Value | None
    covers: tuple[Cover, ...] | None
    tests: tuple[Value, ...]
    exact: bool


def _inner(
    machine: Machine, node: ir.Comprehension, place: int, state: State, clause: ir.Clause, iterable: Value
) -> _Last:
    """Run the tests of one clause, then the clauses inside it, then the element."""
    tests = tuple(machine.evaluate(test, state) for test in clause.tests)
    if place < len(node.clauses):
        last = _next_clause(machine, node, place, state)
        return replace(last, exact=last.exact and not tests)
    key = machine.evaluate(node.key, state) if node.key is not None else None
    covers = holdings.covers_of(iterable, state)
    return _Last((machine.evaluate(node.element, state),), key, covers, tests, not tests)


def _next_clause(machine: Machine, node: ir.Comprehension, place: int, state: State) -> _Last:
    """Run a clause inside another: for each item of a short list, else for what stands for all."""
    clause = node.clauses[place]
    values = machine.evaluate(clause.iterable, state)
    known = containers.exact_items(values, state) or ()
    item = consumption.walk(machine, values, state, machine.site(clause.iterable), Purpose("comprehension", body=node))
    unrolled = 0 < len(known) <= statements.LONGEST_UNROLLED and node.key is None
    found = []
    for value in known if unrolled else (item,):
        assignment.bind(machine, clause.target, value, state, clause.iterable)
        found.append(_inner(machine, node, place + 1, state, clause, values))
    elements = tuple(element for last in found for element in last.elements)
    covers = found[-1].covers if place + 1 == len(node.clauses) else _all_covers([last.covers for last in found])
    exact = unrolled and all(last.exact for last in found)
    return replace(found[-1], elements=elements, covers=covers, exact=exact)


def _all_covers(found: list[tuple[Cover, ...] | None]) -> tuple[Cover, ...] | None:
    return None if None in found else tuple(cover for covers in found for cover in covers or ())
