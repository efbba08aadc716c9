"""Calls: of the project's functions and classes, of methods, and of everything else by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, IteratorCell, MappingCell, SequenceCell
from optlint.flow.core.joining import join
from optlint.flow.core.machine import Arguments, Machine
from optlint.flow.core.state import State
from optlint.flow.core.values import (
    UNKNOWN,
    ClassValue,
    Closure,
    Const,
    Descriptor,
    External,
    Method,
    Partial,
    Ref,
    Union,
    Unknown,
    Value,
    union,
)
from optlint.flow.files import foreign
from optlint.flow.frozen import replace
from optlint.flow.groups import indices, modules, optimizers, parameter_names
from optlint.flow.iterators import consumption, wrappers
from optlint.flow.iterators.draws import Purpose
from optlint.flow.order import gradients, steps
from optlint.flow.python import builtin_calls, classes, inlining, methods, shown_around, sums
from optlint.flow.pytorch import torch_api, torch_layers, torch_schedules, torch_tensors
from optlint.flow.rates import schedulers
from optlint.flow.reading import ir
from optlint.flow.tensors import grad_mode, model_calls, recipes, tensor_calls

if TYPE_CHECKING:
    from optlint.flow.events import Site


def call(machine: Machine, function: Value, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """The value of a call; the state takes its effects."""
    if isinstance(function, External):
        return _external(machine, function.path, arguments, node, state)
    if isinstance(function, Closure):
        if isinstance(function.node, ir.Function):
            machine.owned.helpers[node.origin] = function.node
        steps.defined_here(machine, node)
        return inlining.inline(machine, function, arguments, node, state)
    if isinstance(function, Method):
        return methods.call_method(machine, function, arguments, node, state)
    if isinstance(function, ClassValue):
        return inlining.instantiate(machine, function, arguments, node, state)
    if isinstance(function, Partial):
        merged = replace(
            arguments,
            values=(*function.args, *arguments.values),
            keywords={**dict(function.keywords), **arguments.keywords},
            sites=(*(machine.site(node) for _ in function.args), *arguments.sites),
            keyword_sites={**{name: machine.site(node) for name, _ in function.keywords}, **arguments.keyword_sites},
        )
        return machine.call(function.function, merged, node, state)
    if isinstance(function, Descriptor) and function.kind in ("no_grad", "static"):
        return _in_wrapper(machine, function, arguments, node, state)
    if isinstance(function, Union):
        return _one_of(machine, function, arguments, node, state)
    return _unknown(machine, function, arguments, node, state)


def _in_wrapper(machine: Machine, function: Descriptor, arguments: Arguments, node: ir.Call, state: State) -> Value:
    before = state.no_grad
    state.no_grad = True if function.kind == "no_grad" else before
    value = machine.call(function.function, arguments, node, state)
    state.no_grad = before
    return value


def _one_of(machine: Machine, function: Union, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """Each option starts from the same state."""
    path, ends, values = state.path, [], []
    for option in function.options:
        branch = state.copy()
        branch.path = (*path, (object(), option))
        values.append(machine.call(option, arguments, node, branch))
        ends.append(branch)
    joined = join(ends, path)
    if joined is not None:
        state.become(joined)
    return union(tuple(values))


def _unknown(machine: Machine, function: Value, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """Unknown code gets the arguments; a module only computes with them."""
    cell = state.get(function, InstanceCell)
    if cell is not None:
        found = classes.find(cell.cls, "__call__", state)
        if found is not None and isinstance(found[0], Closure):
            bound = replace(found[0], bound=function)
            return machine.call(bound, arguments, ir.Call(found[0].node.origin, found[0].node, ()), state)
    forward = gradients.forward_that_trains(machine, function, state)
    if forward is not None:
        return machine.call(forward, arguments, ir.Call(node.origin, forward.node, ()), state)
    if cell is not None and cell.is_module and isinstance(function, Ref):
        methods.module_called(arguments, state)
        made = tensor_calls.layer_called(machine, function, arguments, state, machine.site(node))
        if made is UNKNOWN and isinstance(cell.cls, ClassValue) and state.no_grad is not True:
            made = model_calls.called(machine, function, arguments, tensor_calls.CALLED, state, machine.site(node))
        return tensor_calls.without_graph(machine, cell, node, state) if made is UNKNOWN else made
    tensor_calls.hand_over(machine, arguments, node, state)
    return tensor_calls.without_graph(machine, cell, node, state)


def _external(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    path = torch_api.canonical(path)
    site = machine.site(node)
    if path in torch_api.NEVER_RETURN:
        state.live = False
        return UNKNOWN
    if path.endswith(".__init__") and arguments.values:
        recipes.initialised(machine, arguments.values[0])
    if path in parameter_names.SEARCHES and indices.concerns(arguments.values):
        return parameter_names.searched(machine, path, arguments, node, state)
    numeric = indices.NUMERIC.get(path) if indices.concerns(arguments.values) else None
    known = numeric or builtin_calls.EXTERNALS.get(path)
    if known is not None:
        return known(machine, arguments, node, state)
    if classes.is_optimizer(External(path), machine.settings.known_optimizers):
        return optimizers.built(machine, External(path), arguments, state, site)
    if path in torch_schedules.SCHEDULERS:
        return schedulers.built(machine, path, arguments, node, state)
    if path in torch_api.SAME_MODULE and arguments.values:
        return arguments.values[0]
    if path in torch_api.COPIES:
        made = builtin_calls.copied(machine, torch_api.COPIES[path], arguments, state, site)
        if path == "builtins.sorted":
            state.update(made, ordered=True, layers=None)
        return made
    return _by_kind(machine, path, arguments, node, state)


def _by_kind(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A call by what its kind does: draws from iterators, makes tensors or modules, or nothing that is known."""
    site = machine.site(node)
    if path in torch_api.WRAPPERS:
        return wrappers.wrapper(machine, path, arguments, node, state)
    if path in torch_api.DRAWS_ALL:
        return _draw_all(machine, path, arguments, node, state)
    about_tensors = tensor_calls.find(path)
    if about_tensors is not None:
        return about_tensors(machine, arguments, node, state)
    if path in torch_layers.FROM_VECTORS:
        return modules.from_vectors(machine, path, arguments, state, site)
    if classes.makes_module(path):
        return _make_module(machine, path, arguments, state, site)
    if path in grad_mode.SWITCHES:
        return grad_mode.switch(machine, path, arguments, node, state)
    if path in torch_api.LOOKS_ONLY:
        return UNKNOWN
    if path.partition(".")[0] in torch_api.OTHER_FRAMEWORKS:
        return machine.new(state, InstanceCell(External(path), site, is_module=False))
    if torch_api.is_scaler(path):
        switch = (("enabled", arguments.keywords.get("enabled", Const(True))),)
        return machine.new(state, InstanceCell(External(path), site, switch, is_module=False))
    if path.startswith("torch."):
        methods.module_called(arguments, state)
    elif isinstance(
        own := machine.imported(path, given=_matters(machine, path, arguments, node, state)),
        Closure | ClassValue | Descriptor | External,
    ):
        machine.trace.entered[node, path] = own
        return machine.call(own, arguments, node, state)
    else:
        tensor_calls.hand_over(machine, arguments, node, state)
    return UNKNOWN


def _matters(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> bool:
    """Whether it matters what a name of another file stands for, whatever that looks like."""
    if node in machine.asked or foreign.trains(arguments, state):
        return True
    function = machine.frame.node
    if not isinstance(function, ir.Function) or "requires_grad" not in machine.mentions(function):
        return False
    is_class = path.rpartition(".")[2][:1].isupper()  # is it one of modules?
    return is_class or shown_around.is_switched(machine.bodies(function), node)


def _make_module(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Value:
    for value in arguments.all():
        cell = state.cell(value)
        known = (cell.items or (cell.item,)) if isinstance(cell, SequenceCell) else (value,)
        if isinstance(cell, MappingCell):
            known = tuple(entry.value for _, entry in cell.entries)
        if not all(state.get(part, InstanceCell) for part in known):  # modules that a module holds stay as they are
            consumption.escape(value, state)
    return modules.built(machine, path, arguments, state, site)


def _draw_all(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    name, trains = path.rpartition(".")[2], torch_api.DRAWS_ALL[path]
    sites = (*arguments.sites, *arguments.keyword_sites.values())
    for value, where in zip(arguments.all(), sites, strict=False):
        if isinstance(state.cell(value), IteratorCell | Unknown) or isinstance(value, Union):
            consumption.walk(machine, value, state, where, Purpose(name, trains=trains))
    if path in torch_api.PARAMETER_CONTAINERS:
        return tensor_calls.parameter_container(machine, path, arguments, state, machine.site(node))
    if (whole := sums.added_up(machine, path, arguments, node, state)) is not None:
        return whole
    if path in torch_tensors.FUNCTIONS | torch_tensors.SUMS:
        return tensor_calls.computing(path)(machine, arguments, node, state)
    return UNKNOWN
