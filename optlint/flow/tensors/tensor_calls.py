"""Functions of torch that make tensors, compute with them, or change what a module's attributes are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from optlint.flow.core.cells import InstanceCell, IteratorCell, MappingCell, Placement, SequenceCell, TensorCell
from optlint.flow.core.machine import Arguments, Machine
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, External, Ref, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.iterators import consumption
from optlint.flow.pytorch import torch_layers, torch_tensors
from optlint.flow.reading import ir
from optlint.flow.tensors import extremes, targets, tensor_methods, tensor_uses, tensors

if TYPE_CHECKING:
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

MODEL = re.compile(
    r"^(?!(build|get|make|create|load|init|new)_)\w*(model|net|network|encoder|decoder|generator|discriminator|backbone|"
    r"student|teacher|critic)$",
    re.IGNORECASE,
)
CALLED = "calling the model"
Handler: TypeAlias = Callable[[Machine, Arguments, "ir.Call", "State"], Value]


def find(path: str) -> Handler | None:
    """What a function does, if it is one of these."""
    if path.startswith("torch.nn.init.") and path.endswith("_"):
        return _initialized
    if path.startswith(torch_tensors.REPARAMETRIZES):
        return _reparametrized
    return HANDLERS.get(path)


def _maker(path: str) -> Handler:
    def make(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
        tensor_methods.tell_keywords(machine, path, arguments, machine.site(node))
        return tensors.made_by(machine, path, arguments, state, machine.site(node))

    return make


def _parameter(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    tensor_methods.tell_keywords(machine, "nn.Parameter", arguments, machine.site(node))
    return tensors.parameter(machine, arguments, state, machine.site(node))


def _as_tensor(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """The tensor itself where it is one; of what is not known, the result may need gradients."""
    data = arguments.pick(0, "data")
    if data is None:
        return UNKNOWN
    is_one = tensors.is_tensor(data, state)
    if is_one and len(arguments.all()) == 1:
        return data
    if is_one or any(ref is None for ref in tensors.tensors_among(data, state)):
        return _placed(machine, data, arguments, node, state)
    return tensors.made_by(machine, "torch.as_tensor", arguments, state, machine.site(node))


def _placed(machine: Machine, data: Value, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """Perhaps the tensor itself, perhaps a copy: all that is known is the device, where it is named."""
    device = arguments.keywords.get("device")
    if device is None:
        return UNKNOWN
    state.marks.add((data, "escaped"))  # what is done to the result may be done to this
    place = Placement(device, arguments.keyword_sites.get("device"))
    return machine.new(state, TensorCell(machine.site(node), "`torch.as_tensor`", bases=None, device=place, mixed=True))


def computing(path: str) -> Handler:
    """A function that gives one tensor, computed from its arguments."""
    how = f"`{path.replace('torch.nn.', 'nn.')}`"

    def compute(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
        given = targets.into(machine, path, arguments)
        made = tensors.computed(machine, given, how, state, machine.site(node))
        return tensors.of_unknown(machine, how, state, machine.site(node)) if made is UNKNOWN else made

    return compute


def _extreme(name: str) -> Handler:
    """`torch.max(tensor, …)` and its like: the method of the same name."""
    compute = computing(f"torch.{name}")

    def run(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
        tensor = arguments.pick(0, "input")
        if isinstance(tensor, Ref) and tensors.is_tensor(tensor, state):
            rest = replace(arguments, values=arguments.values[1:])
            return extremes.found(machine, tensor, name, rest, state, machine.site(node))
        alone = name not in torch_tensors.RANKS and len(arguments.all()) == 1
        return compute(machine, arguments, node, state) if alone else UNKNOWN

    return run


def _cutting(path: str) -> Handler:
    def cut(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
        base = state.get(arguments.pick(0, "input") or UNKNOWN, TensorCell)
        return UNKNOWN if base is None else tensors.cut(machine, f"`{path}`", state, machine.site(node), base)

    return cut


def _split(name: str) -> Handler:
    """`torch.chunk(tensor, …)` and its like: the method of the same name."""

    def run(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
        tensor = arguments.pick(0, "input")
        if isinstance(tensor, Ref) and tensors.is_tensor(tensor, state):
            return tensor_methods.method(machine, tensor, name, Arguments((), {}, (), {}), state, machine.site(node))
        return UNKNOWN

    return run


def _initialized(_: Machine, arguments: Arguments, __: ir.Call, ___: State) -> Value:
    """`nn.init.normal_(tensor)` gives the tensor back."""
    return arguments.pick(0, "tensor") or UNKNOWN


def _reparametrized(_: Machine, arguments: Arguments, __: ir.Call, state: State) -> Value:
    """`prune.l1_unstructured(layer, "weight", …)`: that attribute of the layer is computed from now on."""
    named = [value.value for value in arguments.all() if isinstance(value, Const) and isinstance(value.value, str)]
    for value in arguments.values:
        for part in _modules_in(value, state):
            for name in named or ("weight", "bias"):
                cell = state.get(part, InstanceCell)
                assert cell is not None
                attrs = tuple(pair for pair in cell.attrs if pair[0] != name)
                state.put(part, replace(cell, attrs=(*attrs, (name, UNKNOWN))))
    return arguments.pick(0, "module") or UNKNOWN


def _modules_in(value: Value, state: State, depth: int = 0) -> list[Ref]:
    cell = state.cell(value)
    if isinstance(cell, InstanceCell) and isinstance(value, Ref):
        return [value]
    items = (cell.items or ()) if isinstance(cell, SequenceCell) and depth < 3 else ()
    return [part for item in items for part in _modules_in(item, state, depth + 1)]


def _device(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> Value:
    """`torch.device("cpu")` is as good as its name; another one is an object that can be told from others."""
    kind = arguments.pick(0, "device") or arguments.pick(0, "type")
    if isinstance(kind, Const) and len(arguments.all()) == 1:
        return kind
    return machine.new(state, InstanceCell(External("torch.device"), machine.site(node), is_module=False))


def _default_dtype(machine: Machine, _: Arguments, __: ir.Call, ___: State) -> Value:
    machine.default_dtype_changed = True
    return UNKNOWN


def parameter_container(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`nn.ParameterList([...])`, `nn.ParameterDict({...})`: what is no Parameter becomes one."""
    held = state.cell(arguments.values[0]) if arguments.values and not arguments.open else None
    named: tuple[tuple[str, Value], ...] | None = None
    if isinstance(held, SequenceCell | IteratorCell) and held.items is not None:
        named = tuple((f"[{place}]", item) for place, item in enumerate(held.items))
    elif isinstance(held, MappingCell) and not held.open:
        named = tuple((f"[{key!r}]", entry.value) for key, entry in held.entries)
    elif not arguments.all():
        named = ()
    for value in (item for given in arguments.all() for item in tensors.tensors_among(given, state)):
        if value is not None:
            state.marks.add((value, "registered"))
            state.update(value, escaped=True)
    attrs = tuple((name, _as_parameter(machine, value, state, site)) for name, value in named or ())
    children = None if named is None else ()
    return machine.new(state, InstanceCell(External(path), site, attrs, is_module=True, children=children))


def _as_parameter(machine: Machine, value: Value, state: State, site: Site) -> Value:
    cell = state.get(value, TensorCell)
    if cell is not None and cell.parameter and isinstance(value, Ref):
        state.update(value, registered=True, escaped=False)
        return value
    return tensors.parameter_of_module(machine, state, site)


def layer_called(machine: Machine, layer: Ref, arguments: Arguments, state: State, site: Site) -> Value:
    """What a layer of torch gives: computed from its parameters, if it has any, and from what it is given."""
    cell = state.get(layer, InstanceCell)
    has_weights = cell is not None and gives_tensor(layer, state)
    if not has_weights:
        return UNKNOWN
    given = targets.into(machine, _path_of(cell), arguments)
    if has_weights is True:
        given = (*given, tensors.parameter_of_module(machine, state, site, layer))
    made = tensors.computed(machine, given, CALLED, state, site)
    return tensors.of_unknown(machine, CALLED, state, site) if made is UNKNOWN else made


def _path_of(cell: InstanceCell | None) -> str:
    return cell.cls.path if cell is not None and isinstance(cell.cls, External) else ""


def without_graph(machine: Machine, model: InstanceCell | None, node: ir.Call, state: State) -> Value:
    """What a model gives of which no more is known, while gradients are off."""
    if state.no_grad is not True or not node.args:
        return UNKNOWN
    if model is not None and isinstance(model.cls, ClassValue) and "enable_grad" in machine.mentions(model.cls.node):
        return UNKNOWN
    name = node.func.attr if isinstance(node.func, ir.Attribute) else getattr(node.func, "id", "")
    known = model is not None and model.is_module is True
    return tensors.cut(machine, CALLED, state, machine.site(node)) if known or MODEL.search(name) else UNKNOWN


def gives_tensor(layer: Value, state: State, depth: int = 0) -> bool | str:
    """Whether a layer gives one tensor; `plain` if it does and has no parameters."""
    cell = state.get(layer, InstanceCell)
    if cell is None or cell.frozen or not isinstance(cell.cls, External) or depth > 6:
        return False
    if cell.cls.path == "torch.nn.Sequential" and cell.children:
        found = [gives_tensor(child, state, depth + 1) for _, child in cell.children]
        return False if False in found else True if True in found else "plain"
    path = cell.cls.path
    known = path in torch_layers.LAYERS or path in torch_layers.NO_PARAMETERS
    if not known or cell.layout is None or path in torch_tensors.GIVES_MORE:
        return False
    return True if any(cell.layout) else "plain"


def used(value: Value, state: State) -> None:
    """Note that something is computed from a tensor by code that is not known."""
    for option in options_of(value):
        if isinstance(option, Ref) and tensors.is_tensor(option, state):
            state.update(option, used=True)
            state.marks.add((option, "used elsewhere"))


def hand_over(machine: Machine, arguments: Arguments, node: ir.Call, state: State) -> None:
    """Unknown code gets the arguments; if its result is taken, or it logs, it is believed to look at tensors only."""
    func = node.func
    name = func.attr if isinstance(func, ir.Attribute) else func.id if isinstance(func, ir.Name) else ""
    if node in machine.effects and name in torch_tensors.LOGS:
        return
    looks = node not in machine.effects or name.startswith(torch_tensors.SHOWS)
    for value in arguments.all():
        if looks and tensors.is_one_of_tensors(value, state):
            used(value, state)
        else:
            consumption.escape(value, state)


def set_by_name(machine: Machine, receiver: Ref, name: str | None, value: Value, node: ir.Call, state: State) -> None:
    """`setattr(module, name, value)`."""
    cell = state.get(receiver, InstanceCell)
    if cell is None or not tensor_uses.registers(cell, state):
        return
    site, owner = machine.site(node.args[2].value), machine.site(node.args[0].value).text
    text = f"{owner}.{name}" if name is not None else machine.site(node).text
    for option in options_of(value):
        tensor = state.get(option, TensorCell)
        if tensor is not None and isinstance(option, Ref):
            stored = tensor_uses.Stored(receiver, name, text, site)
            tensor_uses.stored_on_module(machine, option, tensor, stored, state)


HANDLERS: dict[str, Handler] = {
    **{path: _maker(path) for path in torch_tensors.TENSOR_MAKERS},
    **{path: computing(path) for path in torch_tensors.FUNCTIONS | torch_tensors.FUNCTIONAL},
    **{path: _cutting(path) for path in torch_tensors.CUTTING},
    **{path: _split(name) for path, name in torch_tensors.SPLITS.items()},
    **{f"torch.{name}": _extreme(name) for name in torch_tensors.EXTREMES},
    **dict.fromkeys(torch_tensors.AS_TENSOR, _as_tensor),
    **dict.fromkeys(torch_tensors.CHANGES_DEFAULTS, _default_dtype),
    "torch.nn.Parameter": _parameter,
    "torch.device": _device,
}
