"""`nn.Module`s: their children, the layout of their parameters, and the iterators that they give."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from optlint.flow.core.cells import Cover, InstanceCell, IteratorCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, External, Method, Ref, Union, Unknown, Value
from optlint.flow.frozen import replace
from optlint.flow.groups.growth import GROWS
from optlint.flow.python import classes, containers
from optlint.flow.pytorch import torch_api, torch_layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

MOST_POSITIONS = 3  # arguments of a layer made of several that stand before the flag for its biases
LISTED = "listed"  # marks a module whose parameters somebody asked for


def built(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """A layer or model of another package, from a call of its class or factory."""
    if path in torch_api.CONTAINERS:
        return _container(machine, path, arguments, state, site)
    names = _own_names(path, arguments)
    layout = None if names is None else _layout_of_names(names)
    ref = machine.new(state, InstanceCell(External(path), site, is_module=True, layout=layout, names=names))
    if classes.is_layer(path):
        state.update(ref, trainable=True)
    if path in torch_api.MODULE_WRAPPERS and arguments.values:
        inner = _as_module(machine, arguments.values[0], state, site)
        state.update(ref, attrs=(("module", inner),), children=(("module", inner),))
    parts = torch_layers.TORCHVISION.get(path)
    if parts is not None:
        usual = not arguments.open and torch_layers.KEEPS_LAYOUT.issuperset(arguments.keywords)
        children = ((part.name, _part(machine, state, ref, site, part, usual)) for part in parts)
        state.update(ref, children=tuple(children))
    return ref


def from_vectors(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`nn.Embedding.from_pretrained(vectors)`: a layer whose weights stay as they are unless `freeze=False`."""
    layer = built(machine, path.rpartition(".")[0], arguments, state, site)
    freeze = _flag(torch_layers.Flag("freeze", 1), arguments)
    state.update(layer, trainable=None if freeze is None else not freeze, frozen=freeze is not False)
    return layer


def _as_module(machine: Machine, value: Value, state: State, site: Site) -> Ref:
    """What is used as a module is one."""
    cell = state.get(value, InstanceCell)
    if cell is None or not isinstance(value, Ref):
        return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True))
    if cell.is_module is None:
        state.put(value, replace(cell, is_module=True))
    return value


def _part(machine: Machine, state: State, parent: Ref, site: Site, part: torch_layers.Part, usual: bool) -> Ref:
    cls = External(f"torch.nn.{part.cls}") if part.cls else UNKNOWN
    layout = part.layout if usual or not part.layout else None
    known = torch_layers.LAYERS.get(f"torch.nn.{part.cls}") if layout and len(layout) == 1 else None
    names = (*known.weights, *known.biases)[: sum(layout or ())] if known is not None else None
    names = () if layout == () else names or (part.names if usual else ()) or None
    made = InstanceCell(
        cls, site, is_module=True, layout=layout, names=names, parent=(parent, part.name), trainable=True
    )
    ref = machine.new(state, made)
    children = tuple((inner.name, _part(machine, state, ref, site, inner, usual)) for inner in part.parts)
    if children:
        state.update(ref, children=children)
    return ref


def _layout_of_names(names: tuple[str, ...]) -> tuple[int, ...]:
    """How many parameters each part of a layer has: `out_proj.weight` and `out_proj.bias` are one."""
    return tuple(len([*part]) for _, part in groupby(names, key=lambda name: name.rpartition(".")[0]))


def _own_names(path: str, arguments: Arguments) -> tuple[str, ...] | None:
    """The parameters of a layer, in order."""
    if path in torch_layers.NO_PARAMETERS:
        return ()
    if path in torch_layers.RECURRENT:
        return _recurrent_names(arguments)
    if path in torch_layers.COMPOSITES:
        bias = _flag(torch_layers.Flag("bias", MOST_POSITIONS), arguments)
        usual = len(arguments.values) <= MOST_POSITIONS and torch_layers.CHANGES_PARTS.isdisjoint(arguments.keywords)
        return torch_layers.composite_names(path, bias=bias) if usual and bias is not None else None
    layer = torch_layers.LAYERS.get(path)
    if layer is None:
        return None
    gate, bias = _flag(layer.gate, arguments), _flag(layer.bias, arguments)
    if gate is None or bias is None:
        return None
    return (*layer.weights, *(layer.biases if bias else ())) if gate else ()


def _flag(flag: torch_layers.Flag | None, arguments: Arguments) -> bool | None:
    if flag is None:
        return True
    value = arguments.pick(flag.position, flag.keyword)
    if arguments.open or not isinstance(value, Const | None):
        return None
    return flag.default if value is None else bool(value.value)


def _recurrent_names(arguments: Arguments) -> tuple[str, ...] | None:
    """All parameters of an LSTM and its like count as one layer."""
    levels = arguments.pick(2, "num_layers") or Const(1)
    both = _flag(torch_layers.Flag("bidirectional", 3, default=False), arguments)
    bias = _flag(torch_layers.Flag("bias", 3), arguments)
    if both is None or bias is None or len(arguments.values) > 3 or "proj_size" in arguments.keywords:
        return None
    if not isinstance(levels, Const) or not isinstance(levels.value, int):
        return None
    return torch_layers.recurrent_names(levels.value, both_ways=both, bias=bias)


def _container(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`nn.Sequential(a, b)`, `nn.Sequential(*layers)`, `nn.ModuleList([a, b])`."""
    if path == "torch.nn.ModuleDict":
        return _module_dict(machine, arguments, state, site)
    items: tuple[Value, ...] | None = None if arguments.open else arguments.values
    part, among = None, tuple[Value, ...]()
    if path == "torch.nn.ModuleList" or (arguments.open and arguments.spread is not None):
        source = arguments.spread if arguments.open else next(iter(arguments.values), None)
        cell = state.cell(source) if source is not None else None
        empty = () if not arguments.all() and not arguments.open else None
        items = cell.items if isinstance(cell, SequenceCell | IteratorCell) else empty
        part = cell.children if isinstance(cell, SequenceCell | IteratorCell) else None
        among = containers.surely_in(cell)
    named = None
    if items is not None and all(_is_module(item, state) for item in items):
        named = tuple((str(place), item) for place, item in enumerate(items))
    made = InstanceCell(External(path), site, is_module=True, children=named, part_of=part)
    return machine.new(state, replace(made, among=() if named is not None else items or among))


def _module_dict(machine: Machine, arguments: Arguments, state: State, site: Site) -> Ref:
    """`nn.ModuleDict({"a": …})`."""
    given = state.get(next(iter(arguments.values), UNKNOWN), MappingCell)
    named = None
    if given is not None and not given.open and all(_is_module(entry.value, state) for _, entry in given.entries):
        named = tuple((str(key), entry.value) for key, entry in given.entries)
    return machine.new(state, InstanceCell(External("torch.nn.ModuleDict"), site, is_module=True, children=named))


def values_of(machine: Machine, module: Ref, name: str, state: State, site: Site) -> Value:
    """`.values()` or `.items()` of an `nn.ModuleDict` or `nn.ParameterDict`."""
    cell = state.get(module, InstanceCell)
    assert cell is not None
    pairs: list[tuple[Value, Value]] = [(Const(key), value) for key, value in cell.children or ()]
    known = cell.children is not None
    if isinstance(cell.cls, External) and cell.cls.path in torch_api.PARAMETER_CONTAINERS:
        pairs = [(UNKNOWN, value) for _, value in cell.attrs]
    if not known:
        pairs = [(UNKNOWN, item_of(machine, module, UNKNOWN, state, site))]
    if name == "values":
        found: list[Value] = [value for _, value in pairs]
    else:
        found = [containers.sequence(machine, state, "tuple", site, pair) for pair in pairs]
    one = found[0] if found else UNKNOWN
    return containers.sequence(machine, state, "list", site, tuple(found) if known else None, one)


def registry(machine: Machine, name: str, state: State, site: Site) -> Ref:
    """`module._modules` or `module._parameters`: a dict of what was registered."""
    parameter = TensorCell(site, "parameter", True, None, True, True)
    held = parameter if name == "_parameters" else InstanceCell(UNKNOWN, site, is_module=True, vague=True)
    return machine.new(state, MappingCell(site, open=True, item=machine.new(state, held)))


def item_of(machine: Machine, module: Ref, index: Value, state: State, site: Site) -> Value:
    """`sequential[0]`, `heads["main"]`, `layers[i]`."""
    cell = state.get(module, InstanceCell)
    assert cell is not None
    path = cell.cls.path if isinstance(cell.cls, External) else ""
    if path in torch_api.PARAMETER_CONTAINERS:
        known = cell.get(f"[{index.value!r}]") if isinstance(index, Const) else None
        name = f"[{index.value!r}]" if isinstance(index, Const) else "[?]"
        return known or tensor_attribute(machine, module, name, state, site)
    if isinstance(index, Const) and cell.children is not None:
        if isinstance(index.value, int) and -len(cell.children) <= index.value < len(cell.children):
            return cell.children[index.value][1]
        return dict(cell.children).get(str(index.value), UNKNOWN)
    if isinstance(index, Const) and cell.is_module:
        return cell.get(f"[{index.value!r}]") or child(machine, module, f"[{index.value!r}]", state)
    if path in torch_api.CONTAINERS or torch_api.holds_modules(path):
        return machine.new(state, InstanceCell(UNKNOWN, site, is_module=True, vague=True))
    return UNKNOWN


def _is_module(value: Value, state: State) -> bool:
    cell = state.get(value, InstanceCell)
    return cell is not None and cell.is_module is True


def cover_of(module: Ref, state: State, site: Site) -> Cover:
    """Which part of a model a module stands for: itself, or a slice of the module it was built from."""
    cell = state.get(module, InstanceCell)
    if cell is not None and cell.part_of is not None:
        return replace(cell.part_of, site=site)
    return Cover(module, site=site)


def children_of(module: Ref, state: State, apart: Set[str] = frozenset()) -> tuple[Ref, ...] | None:
    """The children of a module in order of registration, where all are known; attributes `apart` hold none."""
    cell = state.get(module, InstanceCell)
    if cell is None or (module, GROWS) in state.marks:
        return None
    own_class = isinstance(cell.cls, ClassValue) and _is_plain(cell.cls) and cell.is_module is True
    if cell.children is None and not own_class:
        return None
    values = [value for name, value in (*(cell.children or ()), *cell.attrs) if name not in apart]
    if any(value is UNKNOWN or isinstance(value, Union) for value in values):
        return None
    return tuple(dict.fromkeys(value for value in values if isinstance(value, Ref) and _is_module(value, state)))


def named_parts(module: Ref, state: State) -> tuple[tuple[str, Value], ...]:
    """What a module has under which names, as far as that is known."""
    cell = state.get(module, InstanceCell)
    return () if cell is None else (*cell.attrs, *(cell.children or ()))


def _is_plain(cls: ClassValue) -> bool:
    """Whether a class derives from `nn.Module` directly or through classes of the project only."""
    outer = [base for base in classes.ancestry(cls) if not isinstance(base, ClassValue)]
    return all(isinstance(base, External) and base.path in torch_api.PLAIN_BASES for base in outer)


MOST_LAYERS = 400


def own_parameters(module: Ref, state: State) -> tuple[Ref, ...]:
    """The parameters that are set on a module itself."""
    cell = state.get(module, InstanceCell)
    found = [(value, state.get(value, TensorCell)) for _, value in cell.attrs] if cell is not None else []
    return tuple(ref for ref, tensor in found if tensor is not None and tensor.parameter and isinstance(ref, Ref))


def layout_of(module: Value, state: State) -> tuple[int, ...] | None:
    """How many parameter tensors each layer of a module has, in order of `parameters()`; what is shared counts once."""
    seen: set[Ref] = set()
    counts = [*_counts(module, state, seen)] if isinstance(module, Ref) else [None]
    return None if None in counts else tuple(count for count in counts if count)


def _counts(module: Ref, state: State, seen: set[Ref]) -> Iterator[int | None]:
    """The parameter tensors of each layer in a module; None where they can't be told."""
    cell = state.get(module, InstanceCell)
    if module in seen:
        return
    seen.add(module)
    if cell is not None and cell.layout is not None:
        yield from cell.layout
    elif cell is None or (children := children_of(module, state)) is None or len(seen) > MOST_LAYERS:
        yield None
    else:
        own = [tensor for tensor in own_parameters(module, state) if tensor not in seen]
        seen.update(own)
        yield from (1,) * len(own)
        for part in children:
            yield from _counts(part, state, seen)


def child(machine: Machine, parent: Ref, name: str, state: State) -> Ref:
    """An attribute of a module that the project's code does not set: the same cell each time it is read."""
    cell = state.get(parent, InstanceCell)
    assert cell is not None
    for known, value in cell.children or ():
        if known == name and isinstance(value, Ref):
            return value
    made = machine.new(state, InstanceCell(UNKNOWN, None, parent=(parent, name)))
    package = _part_of_package(cell, name)
    if package is not None:
        state.update(made, cls=External(f"{package}.?"), is_module=True)
    state.put(parent, replace(cell, attrs=(*cell.attrs, (name, made))))
    return made


def _part_of_package(cell: InstanceCell, name: str) -> str | None:
    """The package of an attribute or item of a module that is surely a module."""
    path = cell.cls.path if isinstance(cell.cls, External) else ""
    item = name.startswith("[") and (path in torch_api.CONTAINERS or torch_api.holds_modules(path))
    part = name in torch_api.PART_NAMES and path.startswith(torch_api.PART_OWNERS)
    return path.rpartition(".")[0] if item or part else None


def tensor_attribute(machine: Machine, parent: Ref, name: str, state: State, site: Site) -> Ref:
    """`layer.weight`: a parameter of a layer of torch, the same each time it is read."""
    cell = state.get(parent, InstanceCell)
    assert cell is not None
    made = machine.new(state, TensorCell(site, "parameter", True, None, True, True, parent=(parent, name)))
    state.put(parent, replace(cell, attrs=(*cell.attrs, (name, made))))
    return made


def has_parameters(part: Ref, state: State) -> bool | None:
    """Whether a part of a model has any parameters; None if that cannot be told."""
    if state.get(part, TensorCell) is not None:
        return True
    layout, cell = layout_of(part, state), state.get(part, InstanceCell)
    if layout is None or any(layout) or cell is None:
        return None if layout is None else any(layout)
    is_self = isinstance(cell.cls, ClassValue) and (cell.made is None or cell.made.origin is cell.cls.node.origin)
    return None if is_self or _may_have_more(part, state) else False  # others may derive from the class of `self`


def _may_have_more(part: Ref, state: State, seen: tuple[Ref, ...] = ()) -> bool:
    """Whether anything that a module has may be a module, too: it was given, and nobody knows what it is."""
    held = [value for _, value in named_parts(part, state)]
    if any(_is_anything(value, state) for value in held):
        return True
    inner = [value for value in held if isinstance(value, Ref) and _is_module(value, state)]
    return any(_may_have_more(child, state, (*seen, part)) for child in inner if child not in (*seen, part))


def _is_anything(value: Value, state: State) -> bool:
    """Whether nothing is known of a value but, perhaps, how it was reached: `config.encoder`."""
    cell = state.get(value, InstanceCell)
    if cell is not None:
        return cell.is_module is None and cell.cls is UNKNOWN
    return _is_anything(value.receiver, state) if isinstance(value, Method) else isinstance(value, Unknown)


def label(part: Ref, state: State) -> str | None:
    """The attribute that a part of a model was set to."""
    cell = state.cell(part)
    if isinstance(cell, InstanceCell | TensorCell) and cell.parent is not None:
        return cell.parent[1]
    for owner in state.heap.values():
        if isinstance(owner, InstanceCell):
            found = next((name for name, value in (*owner.attrs, *(owner.children or ())) if value == part), None)
            if found is not None and found != "module":
                return found
    return None
