"""Calls of the project's own functions and classes: their bodies are run with the values that they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core import choices
from optlint.flow.core.cells import Entry, InstanceCell, MappingCell
from optlint.flow.core.joining import join
from optlint.flow.core.machine import DEEPEST_CALL, MOST_CALLS_OF_ONE, Arguments, Frame, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, UNKNOWN, ClassValue, Closure, Const, External, Ref, Value
from optlint.flow.files import foreign
from optlint.flow.frozen import replace
from optlint.flow.groups import growth, optimizers
from optlint.flow.iterators import consumption
from optlint.flow.iterators.draws import Purpose
from optlint.flow.order import calls_before, unknown_code
from optlint.flow.python import attributes, classes, containers, generators, kinds
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.events import Site


def inline(machine: Machine, function: Closure, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """Run a function of the project; beyond the limits it is unknown code."""
    call = calls_before.call(node, function.node, arguments, state)
    too_much = foreign.is_too_much(machine, function, arguments, state) or _too_much(machine, function)
    if too_much or generators.is_closed(machine, function, node):
        for value in arguments.all():
            consumption.escape(value, state)
        unknown_code.cut_short(machine, call, state)
        _leave_unseen(function.bound, arguments, state)
        return UNKNOWN
    ground = state.variables.ground
    frame = enter(machine, function, arguments, node, state)
    frame.suite = generators.suite_of(machine, function, node)
    kinds.annotate(machine, function, frame, state, classes_too=False)
    path, depth, no_grad = state.path, state.depth, state.no_grad
    entered, steps, start = foreign.is_entered(machine, function), machine.steps, calls_before.begins(machine, state)
    outer, machine.frame = machine.frame, frame
    if isinstance(function.node, ir.Lambda):
        value = machine.evaluate(function.node.body, state)
    else:
        value = _run_body(machine, function.node, state)
    machine.frame = outer
    machine.foreign_steps += entered * (machine.steps - steps)
    calls_before.remember(machine, call, start, state)
    state.path, state.depth, state.no_grad = path, depth, no_grad
    _forget(frame, value, state, ground)
    return value


def _leave_unseen(owner: Value | None, arguments: Arguments, state: State) -> None:
    """A method is not run: what it does to its object is not known, and what it is given may become part of that."""
    if owner is None:
        return
    state.marks.add((owner, growth.GROWS))
    cell = state.get(owner, InstanceCell)
    if isinstance(owner, Ref) and cell is not None:
        state.put(owner, replace(cell, given=tuple(dict.fromkeys((*cell.given, *arguments.all())))))


def _too_much(machine: Machine, function: Closure) -> bool:
    depth, frame = 0, machine.frame
    while frame.caller is not None:
        depth += 1
        if frame.node is function.node:
            return True
        frame = frame.caller
    count = machine.called.get(function.node, 0) + 1
    machine.called[function.node] = count
    return depth >= DEEPEST_CALL or count > MOST_CALLS_OF_ONE


def _run_body(machine: Machine, node: ir.Function, state: State) -> Value:
    """The value that a function returns; for a generator function, an iterator of what it yields."""
    frame = machine.frame
    body = machine.bodies(node)
    if "yield" in machine.mentions(node) and frame.suite is None and generators.yields(body):
        return generators.called(machine, node, body, state)
    machine.execute(body, state)
    ends = [end for end, _ in frame.returns] + ([state.copy()] if state.live else [])
    nothing = UNKNOWN if frame.bound is not None and not body else NONE  # an empty method is left to subclasses
    values = [value for _, value in frame.returns] + ([nothing] if state.live else [])
    joined = join(ends, state.path)
    if joined is not None:
        state.become(joined)
    state.live = joined is not None or (frame.bound is not None and _is_abstract(body))
    return choices.met(tuple(values), ends, state) if values else UNKNOWN


def _is_abstract(body: ir.Block) -> bool:
    """Whether a method does nothing but raise: what runs is that of a subclass."""
    return isinstance(body[-1], ir.Raise) and all(isinstance(part, ir.Evaluate) for part in body[:-1])


def _forget(frame: Frame, value: Value, state: State, ground: object) -> None:
    """Drop the variables of a function that is over, unless a closure may still see them; `ground` was there before."""
    scope = frame.scopes[0]
    mine = [key for key in state.variables.keys_above(ground) if key[0] == scope]
    kept = (*(state.variables[key] for key in mine), value)
    if not any(isinstance(held, Closure) and scope in held.scopes for held in kept):
        for key in mine:
            state.variables.discard(key)


def enter(machine: Machine, function: Closure, arguments: Arguments, node: ir.Call, state: State) -> Frame:
    """A frame for a function, with its parameters bound."""
    outer = machine.frame
    unit = machine.unit_of(function.scopes[-1])
    frame = Frame(
        unit, (machine.counter.next(), *function.scopes), outer, function.owner, function.bound, function.node
    )
    frame.call = machine.site(node)
    machine.nodes[node.origin] = node
    parameters = function.node.parameters
    if function.bound is not None and parameters and not parameters[0].star:
        state.variables[frame.scopes[0], parameters[0].name] = function.bound
        parameters = parameters[1:]
    _bind_parameters(machine, frame, function, parameters, arguments, state, machine.site(node))
    return frame


def _bind_parameters(
    machine: Machine, frame: Frame, function: Closure, parameters: tuple[ir.Parameter, ...], arguments: Arguments,
    state: State, site: Site,
) -> None:  # fmt: skip
    defaults = dict(function.defaults)
    positional = list(zip(arguments.values, arguments.sites, strict=False))
    keywords = dict(arguments.keywords)
    scope = frame.scopes[0]
    for parameter in parameters:
        name = parameter.name
        if parameter.star == "*":
            rest = tuple(value for value, _ in positional)
            state.variables[scope, name] = containers.sequence(
                machine, state, "tuple", site, None if arguments.open else rest
            )
            positional = []
        elif parameter.star == "**":
            sites = arguments.keyword_sites
            entries = tuple((key, Entry(value, sites.get(key, site))) for key, value in keywords.items())
            state.variables[scope, name] = machine.new(state, MappingCell(site, entries, open=arguments.open))
        elif positional and not parameter.keyword_only:
            value, where = positional.pop(0)
            _give(frame, name, value, where, state)
        elif name in keywords:
            _give(frame, name, keywords.pop(name), arguments.keyword_sites.get(name, site), state)
        else:
            unknown = arguments.open or name not in defaults
            state.variables[scope, name] = UNKNOWN if unknown else defaults[name]


def _give(frame: Frame, name: str, value: Value, site: Site, state: State) -> None:
    state.variables[frame.scopes[0], name] = value
    if isinstance(value, Ref):
        frame.given.setdefault(value, site)


def instantiate(machine: Machine, cls: ClassValue, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """An object of a class of the project, after its `__init__`."""
    site = machine.site(node)
    if classes.is_optimizer(cls, machine.settings.known_optimizers):
        return optimizers.built(machine, cls, arguments, state, site)
    is_module, within = classes.is_module(cls), machine.frame.owner is not None
    ref = machine.new(state, InstanceCell(cls, site, is_module=is_module))
    found = classes.find(cls, "__init__", state)
    if is_module and within and found is not None and foreign.is_long(machine, found[0]):
        for value in arguments.all():
            consumption.escape(value, state, deep=False)
        _leave_unseen(ref, arguments, state)
        return ref  # a part of something: what those are made of that other files define is seldom needed
    machine.instances.append((cls, ref))
    growth.born(machine, cls, ref, state)
    if found is not None:
        growth.reached(found, "__init__", ref, state)
    if found is not None and isinstance(found[0], Closure):
        inline(machine, replace(found[0], bound=ref), arguments, node, state)
    elif _is_dataclass(machine, cls, state):
        _fill_fields(ref, cls, arguments, state)
    else:
        for value in arguments.all():
            consumption.escape(value, state)
    return ref


def _is_dataclass(machine: Machine, cls: ClassValue, state: State) -> bool:
    for decorator in cls.node.decorators:
        named = decorator.func if isinstance(decorator, ir.Call) else decorator
        if machine.evaluate(named, state) == External("dataclasses.dataclass"):
            return True
    return any(base == External("typing.NamedTuple") for base in cls.bases)


def _fill_fields(ref: Ref, cls: ClassValue, arguments: Arguments, state: State) -> None:
    names = classes.field_names(cls)
    filled = dict(zip(names, arguments.values, strict=False)) | arguments.keywords
    for name in names:
        default = UNKNOWN if arguments.open else _default(cls, name, state)
        attributes.store(ref, name, filled.get(name, default), state)


def _default(cls: ClassValue, name: str, state: State) -> Value:
    """The number or text that a field is worth where nobody gives it; a flag may be meant to be set later."""
    found = classes.find(cls, name, state)
    value = found[0] if found is not None else UNKNOWN
    plain = isinstance(value, Const) and isinstance(value.value, int | float | str)
    return value if plain and not (isinstance(value, Const) and isinstance(value.value, bool)) else UNKNOWN


def arguments_of(machine: Machine, node: ir.Call, state: State) -> Arguments:
    """Evaluate the arguments of a call, in order."""
    values: list[Value] = []
    sites: list[Site] = []
    keywords: dict[str, Value] = {}
    keyword_sites: dict[str, Site] = {}
    result = Arguments((), keywords, (), keyword_sites)
    for argument in node.args:
        site = machine.site(argument.value)
        value = machine.evaluate(argument.value, state)
        if argument.star == "*":
            _spread(machine, value, site, values, sites, result, state)
        elif argument.star == "**":
            _spread_keywords(value, site, result, state)
        elif argument.keyword:
            keywords[argument.keyword] = value
            keyword_sites[argument.keyword] = site
        else:
            values.append(value)
            sites.append(site)
    result.values, result.sites = tuple(values), tuple(sites)
    return result


def _spread(
    machine: Machine, value: Value, site: Site, values: list[Value], sites: list[Site], result: Arguments, state: State
) -> None:
    items = containers.exact_items(value, state)
    if items is not None:
        values.extend(items)
        sites.extend(site for _ in items)
        return
    item = consumption.walk(machine, value, state, site, Purpose("*"))
    result.open = True
    if result.spread is None:
        result.spread = value
        values.append(item)
        sites.append(site)


def _spread_keywords(value: Value, site: Site, result: Arguments, state: State) -> None:
    cell = state.get(value, MappingCell)
    result.open = result.open or cell is None or cell.open
    for key, entry in cell.entries if cell is not None else ():
        if isinstance(key, str):
            result.keywords[key] = entry.value
            result.keyword_sites[key] = site
            result.entries[key] = entry
