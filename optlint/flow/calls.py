"""Calls: of the project's functions and classes, of methods, and of everything else by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow import (
    attributes,
    classes,
    consumption,
    containers,
    copies,
    freezing,
    grad_mode,
    hyperparameters,
    indices,
    inlining,
    ir,
    leaves,
    modules,
    objects,
    optimizers,
    sets,
    tensor_calls,
    tensor_methods,
    tensors,
    torch_api,
    torch_tensors,
)
from optlint.flow.consumption import Purpose
from optlint.flow.machine import Arguments, Machine
from optlint.flow.state import State, join
from optlint.flow.values import (
    NONE,
    UNKNOWN,
    ClassValue,
    Closure,
    Const,
    Count,
    Derived,
    Descriptor,
    Entry,
    External,
    InstanceCell,
    IteratorCell,
    MappingCell,
    Method,
    OptimizerCell,
    Partial,
    Ref,
    SequenceCell,
    Super,
    TensorCell,
    Union,
    Unknown,
    Value,
    union,
)

if TYPE_CHECKING:
    from optlint.flow.events import Site


def call(machine: Machine, function: Value, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """The value of a call; the state takes its effects."""
    if isinstance(function, External):
        return _external(machine, function.path, arguments, node, state)
    if isinstance(function, Closure):
        return inlining.inline(machine, function, arguments, node, state)
    if isinstance(function, Method):
        return _method(machine, function, arguments, node, state)
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
    if cell is not None and cell.is_module and isinstance(function, Ref):
        _module_called(arguments, state)
        return tensor_calls.layer_called(machine, function, arguments, state, machine.site(node))
    tensor_calls.hand_over(machine, arguments, node, state)
    return UNKNOWN


def _module_called(arguments: Arguments, state: State) -> None:
    for value in arguments.all():
        if tensors.is_one_of_tensors(value, state):
            tensor_calls.used(value, state)
        else:
            consumption.escape(value, state)


def _external(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    path = torch_api.canonical(path)
    site = machine.site(node)
    if path in torch_api.NEVER_RETURN:
        state.live = False
        return UNKNOWN
    numeric = indices.NUMERIC.get(path) if indices.concerns(arguments.values) else None
    known = numeric or EXTERNALS.get(path)
    if known is not None:
        return known(machine, arguments, node, state)
    if classes.is_optimizer(External(path), machine.settings.known_optimizers):
        return optimizers.built(machine, External(path), arguments, state, site)
    if path in torch_api.SAME_MODULE and arguments.values:
        return arguments.values[0]
    if path in torch_api.COPIES:
        made = _copy(machine, torch_api.COPIES[path], arguments, state, site)
        if path == "builtins.sorted":
            state.update(made, ordered=True, layers=None)
        return made
    if path in torch_api.WRAPPERS:
        return _wrapper(machine, path, arguments, node, state)
    if path in torch_api.DRAWS_ALL:
        return _draw_all(machine, path, arguments, node, state)
    about_tensors = tensor_calls.find(path)
    if about_tensors is not None:
        return about_tensors(machine, arguments, node, state)
    if classes.makes_module(path):
        return _make_module(machine, path, arguments, state, site)
    if path in grad_mode.SWITCHES:
        return grad_mode.switch(machine, path, arguments, node, state)
    if path in torch_api.LOOKS_ONLY:
        return UNKNOWN
    if path.partition(".")[0] in torch_api.OTHER_FRAMEWORKS:
        return machine.new(state, InstanceCell(External(path), site, is_module=False))
    if path.startswith("torch."):
        _module_called(arguments, state)
    else:
        tensor_calls.hand_over(machine, arguments, node, state)
    return UNKNOWN


def _make_module(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Value:
    for value in arguments.all():
        if not isinstance(state.cell(value), InstanceCell):
            consumption.escape(value, state)
    return modules.built(machine, path, arguments, state, site)


def _copy(machine: Machine, kind: str, arguments: Arguments, state: State, site: Site) -> Ref:
    if not arguments.values:
        return containers.sequence(machine, state, kind, site, None if arguments.open else ())
    where = arguments.sites[0] if arguments.sites else site
    key = arguments.keywords.get("key")
    if key is not None:
        item = consumption.item_of(machine, arguments.values[0], state, where)
        _run_callback(machine, key, item, site, state)
    return containers.copied(machine, arguments.values[0], kind, state, where, Purpose(kind))


def _draw_all(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    name, trains = path.rpartition(".")[2], torch_api.DRAWS_ALL[path]
    sites = (*arguments.sites, *arguments.keyword_sites.values())
    for value, where in zip(arguments.all(), sites, strict=False):
        if isinstance(state.cell(value), IteratorCell | Unknown) or isinstance(value, Union):
            consumption.walk(machine, value, state, where, Purpose(name, trains=trains))
    if path in torch_api.PARAMETER_CONTAINERS:
        return tensor_calls.parameter_container(machine, path, arguments, state, machine.site(node))
    if path in torch_tensors.FUNCTIONS | torch_tensors.SUMS:
        return tensor_calls.computing(path)(machine, arguments, node, state)
    return UNKNOWN


def _any(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    for value, where in zip(arguments.values, arguments.sites, strict=False):
        consumption.walk(machine, value, state, where, Purpose(machine.site(node.func).text, whole=False, lost=True))
    return UNKNOWN


def _next(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    if not arguments.values:
        return UNKNOWN
    where = arguments.sites[0] if arguments.sites else machine.site(node)
    purpose = Purpose("next", whole=False, lost=node in machine.dropped)
    value = arguments.values[0]
    if attributes.is_blank(value, state) and isinstance(node.args[0].value, ir.Name):
        value = machine.new(state, IteratorCell("iterator", where, depth=state.depth))  # `next` proves it
        objects.rename(machine, node.args[0].value.id, value, state)
    return consumption.walk(machine, value, state, where, purpose)


def _len(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    if arguments.values:
        operand = arguments.sites[0] if arguments.sites else machine.site(node)
        consumption.as_sequence(machine, arguments.values[0], machine.site(node), operand, "len()", state)
        items = containers.exact_items(arguments.values[0], state)
        if items is not None and not state.depth:
            return Const(len(items))
        layers = indices.layers_of(arguments.values[0], state)
        return Count(layers) if layers is not None else UNKNOWN
    return UNKNOWN


def _range(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """The numbers one by one where they are few and known."""
    bounds = [value.value for value in arguments.values if isinstance(value, Const) and isinstance(value.value, int)]
    if len(bounds) != len(arguments.values) or not 1 <= len(bounds) <= 3 or (len(bounds) == 3 and not bounds[2]):
        return indices.counting(machine, arguments, node, state)
    numbers = range(*bounds)
    if len(numbers) > containers.MOST_ITEMS:
        return indices.counting(machine, arguments, node, state)
    site = machine.site(node)
    return containers.sequence(machine, state, "range", site, tuple(Const(number) for number in numbers))


def _reversed(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A list the other way round; its items one by one where they are known."""
    if len(arguments.values) != 1 or not arguments.sites:
        return UNKNOWN
    value, site = arguments.values[0], machine.site(node)
    consumption.as_sequence(machine, value, site, arguments.sites[0], "reversed()", state)
    items = containers.exact_items(value, state)
    if items is not None:
        return containers.sequence(machine, state, "list", site, items[::-1])
    item, layers = consumption.item_of(machine, value, state, site), indices.layers_of(value, state)
    return machine.new(state, SequenceCell("list", site, None, item, layers=layers and layers[::-1]))


def _wrapper(machine: Machine, path: str, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`filter`, `zip`, `chain`, …: a lazy iterator over others."""
    first, name = torch_api.WRAPPERS[path], path.rpartition(".")[2]
    site = machine.site(node)
    values = arguments.values[first:]
    if name == "enumerate" and values:
        values = (values[0], arguments.pick(1, "start") or Const(0))
    if name == "iter" and len(values) == 1 and isinstance(state.cell(values[0]), IteratorCell):
        return values[0]
    for value in values:
        if isinstance(value, Union):
            consumption.escape(value, state)
    items = tuple(consumption.item_of(machine, value, state, site) for value in values)
    item = _wrapped_item(machine, name, items, values, site, state)
    if name in torch_api.CALLBACK_FIRST and arguments.values:
        result = _run_callback(machine, arguments.values[0], items[0] if items else UNKNOWN, site, state)
        item = result if name in ("map", "starmap") else item
    kind = "tqdm" if path.startswith("tqdm.") else name
    sources = tuple(value for value in values if isinstance(state.cell(value), IteratorCell))
    endless = name == "cycle" or (kind == "tqdm" and not sources)
    ordered = all(sets.is_ordered(value, state) for value in values)
    made = IteratorCell(kind, site, item, sources, depth=state.depth, endless=endless, ordered=ordered)
    if not arguments.open:
        made = _with_contents(machine, made, arguments.values[0] if first else UNKNOWN, values, state)
    return machine.new(state, made)


def _kept_by(function: Value) -> bool | None:
    """What `filter(lambda p: p.requires_grad, …)` keeps."""
    if not isinstance(function, Closure) or not isinstance(function.node, ir.Lambda) or not function.node.parameters:
        return None
    return freezing.kept_by(function.node.body, function.node.parameters[0].name)


def _with_contents(
    machine: Machine, made: IteratorCell, function: Value, values: tuple[Value, ...], state: State
) -> IteratorCell:
    """What a wrapper gives, where that is known: parts of a model, or items one by one."""
    if not values:
        return made
    source = state.cell(values[0])
    exact = source.items if isinstance(source, SequenceCell | IteratorCell) else None
    if made.kind in ("iter", "tqdm") and isinstance(source, SequenceCell | IteratorCell):
        return replace(made, items=exact, covers=source.covers, children=source.children, layers=source.layers)
    if made.kind == "chain":
        joined = indices.joined_layers(values, state)
        return replace(made, covers=consumption.joined_covers(values, state), layers=joined)
    if made.kind == "filter":
        covers = consumption.covers_of(values[0], state)
        return replace(made, filtered=freezing.filtered(_kept_by(function), covers, state) is False)
    if made.kind == "map" and len(values) == 1:
        return replace(made, layers=indices.layers_of(values[0], state))
    if made.kind == "from_iterable":
        inner = exact if exact is not None else (consumption.item_of(machine, values[0], state, made.made),)
        return replace(made, covers=consumption.joined_covers(inner, state))
    if made.kind == "enumerate" and exact is not None:
        index = indices.counted((0,) * len(exact), values[1])
        numbers = index.values if isinstance(index, Derived) else (UNKNOWN,) * len(exact)
        pairs = zip(numbers, exact, strict=True)
        return replace(
            made, items=tuple(containers.sequence(machine, state, "tuple", made.made, pair) for pair in pairs)
        )
    if made.kind == "islice" and isinstance(source, SequenceCell | IteratorCell):
        return _sliced_contents(made, source, values)
    return made


def _sliced_contents(
    made: IteratorCell, source: SequenceCell | IteratorCell, values: tuple[Value, ...]
) -> IteratorCell:
    known = [value.value for value in values[1:] if isinstance(value, Const)]
    bounds = [bound for bound in known if bound is None or isinstance(bound, int)]
    if len(bounds) != len(values) - 1 or not 1 <= len(bounds) <= 2:
        return made
    start, stop = (None, bounds[0]) if len(bounds) == 1 else bounds
    items = source.items[slice(start, stop)] if source.items is not None else None
    children = consumption.narrowed(source.children, start, stop, made.made)
    return replace(made, items=items, children=children)


def _wrapped_item(
    machine: Machine, name: str, items: tuple[Value, ...], values: tuple[Value, ...], site: Site, state: State
) -> Value:
    if name == "enumerate" and items:
        index = indices.counted(indices.layers_of(values[0], state), values[1])
        return containers.sequence(machine, state, "tuple", site, (index, items[0]))
    if name in ("zip", "zip_longest"):
        return containers.sequence(machine, state, "tuple", site, indices.paired(items, values, state))
    if name == "from_iterable" and items:
        return consumption.item_of(machine, items[0], state, site)
    return union(items) if items else UNKNOWN


def _run_callback(machine: Machine, function: Value, item: Value, site: Site, state: State) -> Value:
    """What a function makes of each item of an iterator: it runs more than once, later, so its effects are dropped."""
    if not isinstance(function, Closure | Partial):
        if function == External("builtins.id"):
            return UNKNOWN
        return machine.call(function, Arguments((item,), {}, (site,), {}), _no_call(site), state.copy()) \
            if isinstance(function, External) else UNKNOWN  # fmt: skip
    later = state.copy()
    later.depth += 1
    result = machine.call(function, Arguments((item,), {}, (site,), {}), _no_call(site), later)
    if later.changes != state.changes:
        machine.call(function, Arguments((item,), {}, (site,), {}), _no_call(site), later)
    for address, cell in later.heap.items():
        state.heap.setdefault(address, cell)
    return result


def _no_call(site: Site) -> ir.Call:
    return ir.Call(site.origin, ir.Literal(site.origin, ...), ())


def _tee(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`tee(it, n)`: n fresh iterators; the first one must not be used any more."""
    if not arguments.values:
        return UNKNOWN
    source, site = arguments.values[0], machine.site(node)
    cell = state.get(source, IteratorCell)
    where = arguments.sites[0] if arguments.sites else site
    item = consumption.walk(machine, source, state, where, Purpose("tee"))
    count = arguments.pick(1, "n")
    number = count.value if isinstance(count, Const) and isinstance(count.value, int) else 2
    covers = cell.covers if cell is not None else None
    copies = (IteratorCell("tee", site, item, covers=covers, depth=state.depth) for _ in range(min(number, 8)))
    return containers.sequence(machine, state, "tuple", site, tuple(machine.new(state, copy) for copy in copies))


def _partial(machine: Machine, arguments: Arguments, _: ir.Call, __: State) -> Value:
    del machine
    if not arguments.values or arguments.open:
        return UNKNOWN
    return Partial(arguments.values[0], arguments.values[1:], tuple(arguments.keywords.items()))


def _dict(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    site = machine.site(node)
    entries: dict[object, Entry] = {}
    each: Value = UNKNOWN
    blank = arguments.open
    for value in arguments.values:
        other = state.get(value, MappingCell)
        if other is None:
            pair = state.get(consumption.walk(machine, value, state, site, Purpose("dict")), SequenceCell)
            each = pair.items[1] if pair is not None and pair.items is not None and len(pair.items) == 2 else UNKNOWN
        else:
            each = other.item
        blank = blank or other is None or other.open
        entries.update(other.entries if other is not None else ())
    for name, value in arguments.keywords.items():
        entries[name] = arguments.entries.get(name) or Entry(value, arguments.keyword_sites[name])
    each = each if len(arguments.values) == 1 else UNKNOWN
    return machine.new(state, MappingCell(site, tuple(entries.items()), blank, each))


def _default_dict(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`defaultdict(list)`; one that starts with entries is not followed."""
    if len(arguments.all()) != 1 or arguments.open:
        return UNKNOWN
    return containers.default_dict(machine, arguments.all()[0], state, machine.site(node))


def _super(machine: Machine, _: Arguments, __: ir.Call, ___: State) -> Value:
    frame = machine.frame
    if frame.owner is None or frame.bound is None:
        return UNKNOWN
    return Super(frame.owner, frame.bound)


def _isinstance(machine: Machine, arguments: Arguments, _: ir.Call, state: State) -> Value:
    """Known for containers and iterators against the built-in containers."""
    del machine
    if len(arguments.values) != 2:
        return UNKNOWN
    cell, kinds = state.cell(arguments.values[0]), arguments.values[1]
    several = containers.exact_items(kinds, state)
    paths = [kind.path for kind in several or (kinds,) if isinstance(kind, External)]
    if len(paths) != len(several or (kinds,)):
        return UNKNOWN
    if isinstance(cell, SequenceCell) and f"builtins.{cell.kind}" in paths:
        return Const(True)
    plain = {"builtins.list", "builtins.tuple", "builtins.dict", "builtins.set", "torch.Tensor", "builtins.str"}
    return Const(False) if isinstance(cell, IteratorCell) and plain.issuperset(paths) else UNKNOWN


def _getattr(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    if len(arguments.values) >= 2 and isinstance(arguments.values[1], Const):
        name = str(arguments.values[1].value)
        read = ir.Attribute(node.origin, node.args[0].value, name)
        return objects.get_attribute(machine, arguments.values[0], read, state)
    if len(arguments.values) == 2 and isinstance(arguments.values[0], External):
        return objects.from_zoo(arguments.values[0].path)
    return UNKNOWN


def _deepcopy(machine: Machine, arguments: Arguments, _: ir.Call, state: State) -> Value:
    return copies.deep(machine, arguments.values[0], state) if arguments.values else UNKNOWN


def _shallow_copy(machine: Machine, arguments: Arguments, _: ir.Call, state: State) -> Value:
    return copies.shallow(machine, arguments.values[0], state) if arguments.values else UNKNOWN


def _setattr(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """Anything may be set: a later read of that object's attributes is unknown."""
    if len(arguments.values) != 3 or not isinstance(arguments.values[0], Ref):
        return NONE
    receiver, name, value = arguments.values
    optimizer = state.get(receiver, OptimizerCell)
    if optimizer is not None and isinstance(name, Const):
        hyperparameters.set_on_optimizer(machine, optimizer, str(name.value), machine.site(node), state)
    if isinstance(receiver, Ref) and isinstance(state.cell(receiver), InstanceCell):
        text = str(name.value) if isinstance(name, Const) else None
        tensor_calls.set_by_name(machine, receiver, text, value, node, state)
        attributes.store(receiver, text or "?", value, state)
    tensor = state.get(value, TensorCell)
    if tensor is not None and isinstance(value, Ref):
        state.put(value, replace(tensor, escaped=True))
    return NONE


def _method(machine: Machine, method: Method, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """A method that the project does not define."""
    receiver, site = method.receiver, machine.site(node)
    cell = state.cell(receiver)
    if isinstance(receiver, Ref):
        if isinstance(cell, SequenceCell) and cell.kind == "set" and method.name in sets.METHODS:
            return sets.call_method(machine, receiver, method.name, arguments, state, site)
        if isinstance(cell, SequenceCell | MappingCell):
            return containers.call_method(machine, receiver, method.name, arguments, state, site)
        if isinstance(cell, TensorCell):
            tensor_methods.tell_keywords(machine, f".{method.name}()", arguments)
            leaves.method_called(machine, receiver, method, node, state)
            return tensor_methods.method(machine, receiver, method.name, arguments, state, site)
        if isinstance(cell, OptimizerCell):
            return _on_optimizer(machine, receiver, method.name, arguments, state, site)
        if isinstance(cell, InstanceCell):
            return _on_instance(machine, receiver, cell, method, arguments, node, state)
        if isinstance(cell, IteratorCell) and method.name == "__next__":
            return consumption.walk(machine, receiver, state, site, Purpose("next", whole=False))
    if isinstance(receiver, Super):
        return _on_super(machine, receiver, method.name, arguments, state, site)
    if isinstance(receiver, Derived) and method.name in ("append", "add") and arguments.values:
        return indices.deal(receiver, arguments.values[0], state, site)
    if method.name == "add_param_group" and arguments.values:
        optimizers.group_added(machine, receiver, arguments.values[0], state, arguments.sites[0], site)
        return NONE
    known = tensor_methods.of_unknown(machine, method, arguments, state, site)
    if known is None and method.name not in ("append", "extend", "add"):
        tensor_calls.hand_over(machine, arguments, node, state)
    return UNKNOWN if known is None else known


def _on_super(machine: Machine, receiver: Super, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """A method of a base class of another package."""
    bound = receiver.bound
    cell = state.get(bound, InstanceCell)
    if cell is not None and isinstance(bound, Ref) and name in torch_api.MODULE_ITERATORS and cell.is_module:
        return modules.iterator(machine, bound, name, arguments, state, site)
    if name == "__init__" and classes.is_optimizer(receiver.owner, machine.settings.known_optimizers):
        if arguments.values:
            optimizers.built(machine, receiver.owner, arguments, state, site)
    elif name != "__init__":
        for value in arguments.all():
            consumption.escape(value, state)
    return UNKNOWN


def _on_optimizer(machine: Machine, receiver: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    if name == "step" and arguments.values:
        for _ in range(2):
            machine.call(arguments.values[0], Arguments((), {}, (), {}), _no_call(site), state)
    if name == "add_param_group" and arguments.values:
        optimizers.group_added(machine, receiver, arguments.values[0], state, arguments.sites[0], site)
    if name == "state_dict":
        return hyperparameters.state_dict(machine, receiver, state, site)
    return UNKNOWN


def _on_instance(
    machine: Machine, receiver: Ref, cell: InstanceCell, method: Method, arguments: Arguments, node: ir.Call, state: State
) -> Value:
    """A method of a module or of an object of which little is known."""
    name, site = method.name, machine.site(node)
    unknown_class = not isinstance(cell.cls, ClassValue)
    if name in torch_api.MODULE_ITERATORS and _gives_iterator(machine, cell, name):
        if cell.is_module is None and name in torch_api.UNMISTAKABLE:
            state.put(receiver, replace(cell, is_module=True))
        return modules.iterator(machine, receiver, name, arguments, state, site)
    if name in torch_api.SHOWS_MODULE and unknown_class and cell.is_module is None:
        state.put(receiver, replace(cell, is_module=True))
    if name in torch_api.REGISTERS and cell.is_module:
        _register(receiver, arguments, state)
    if name == "requires_grad_" and cell.is_module:
        tensor_methods.tell_keywords(machine, ".requires_grad_()", arguments)
        _freeze_module(receiver, arguments, state)
    if name == "apply" and arguments.values:
        state.marks.add((receiver, "switched"))
        each = machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, vague=True))
        _run_callback(machine, arguments.values[0], each, site, state)
    if name in torch_api.GIVES_MODULE and cell.is_module:
        return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, vague=True))
    if name in ("values", "items") and isinstance(cell.cls, External) and cell.cls.path in torch_api.DICTS_OF_PARTS:
        return modules.values_of(machine, receiver, name, state, site)
    if cell.is_module and name not in torch_api.KEEPS_GRADIENTS | torch_api.MODULE_FLUENT:
        state.marks.add((receiver, "switched"))
    if name in torch_api.MODULE_FLUENT and cell.is_module is not False and unknown_class | (cell.is_module is True):
        return receiver
    known = tensor_methods.of_unknown(machine, method, arguments, state, site)
    if known is not None:
        return known
    if cell.is_module:
        _module_called(arguments, state)
    else:
        tensor_calls.hand_over(machine, arguments, node, state)
    return UNKNOWN


def _register(receiver: Ref, arguments: Arguments, state: State) -> None:
    """`module.add_module(name, layer)`, `register_parameter(name, p)`, or something less definite."""
    name = arguments.pick(0, "name")
    value = arguments.pick(1, "module") or arguments.pick(1, "param") or arguments.pick(1, "tensor")
    if not isinstance(name, Const) or value is None:
        attributes.store(receiver, "?", UNKNOWN, state)
        state.update(receiver, children=None, layout=None)
        return
    tensor = state.get(value, TensorCell)
    if tensor is not None and isinstance(value, Ref):
        state.put(value, replace(tensor, registered=True))
        state.marks.add((value, "registered"))
    attributes.store(receiver, str(name.value), value, state)


def _freeze_module(receiver: Ref, arguments: Arguments, state: State) -> None:
    flag = arguments.pick(0, "requires_grad") or Const(True)
    wanted = flag.value if isinstance(flag, Const) and isinstance(flag.value, bool) else None
    freezing.switch(receiver, wanted, state)
    if flag != Const(True):
        attributes.freeze(receiver, state)


def _gives_iterator(machine: Machine, cell: InstanceCell, name: str) -> bool:
    """Whether this method is the one of `nn.Module`: sure for modules, by the name alone where it is unmistakable."""
    if cell.is_module:
        return True
    return cell.is_module is None and name in torch_api.UNMISTAKABLE and name not in machine.own_methods


EXTERNALS: dict[str, Callable[[Machine, Arguments, ir.Call, State], Value]] = {
    "builtins.any": _any,
    "builtins.all": _any,
    "builtins.next": _next,
    "builtins.len": _len,
    "builtins.range": _range,
    "builtins.reversed": _reversed,
    "builtins.dict": _dict,
    "builtins.super": _super,
    "builtins.isinstance": _isinstance,
    "builtins.getattr": _getattr,
    "builtins.setattr": _setattr,
    "collections.defaultdict": _default_dict,
    "copy.copy": _shallow_copy,
    "copy.deepcopy": _deepcopy,
    "functools.partial": _partial,
    "itertools.tee": _tee,
}
