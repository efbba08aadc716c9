"""What the methods and attributes of tensors give, and the functions of torch that compute with tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import freezing
from optlint.flow.belonging.contents import SETTINGS
from optlint.flow.core.cells import InstanceCell, MappingCell, Placement, TensorCell
from optlint.flow.core.joining import join
from optlint.flow.core.state import State
from optlint.flow.core.values import NONE, UNKNOWN, ClassValue, Const, External, Method, Ref, Union, Value, options_of
from optlint.flow.frozen import replace
from optlint.flow.iterators import consumption
from optlint.flow.iterators.changes import name_of
from optlint.flow.python import containers
from optlint.flow.pytorch import torch_api, torch_tensors
from optlint.flow.reading import ir
from optlint.flow.tensors import extremes, grad_mode, recipes, tensor_uses, tensors

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.events import Site


def method(machine: Machine, base: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """A method of a tensor; `site` is the whole call."""
    cell = state.get(base, TensorCell)
    assert cell is not None
    if name in torch_tensors.SAME_TENSOR:
        return _same(machine, base, cell, name, arguments, state)
    if name == "backward":
        return grad_mode.goes_backward(state)
    if name == "numpy":
        recipes.note(machine, cell, "array")
    if name in torch_tensors.HOOKS:
        state.marks.add((base, "looked at"))
        tensor_uses.hooked(machine, base, cell, site)
        return UNKNOWN
    made = _made(machine, base, cell, name, arguments, state, site)
    if made is not None:
        return made
    if name.endswith("_") and not name.startswith("_"):
        return _in_place(base, name, arguments, state)
    if name not in torch_tensors.NOT_TENSORS:
        for value in arguments.all():
            consumption.escape(value, state)
    return UNKNOWN


def _made(
    machine: Machine, base: Ref, cell: TensorCell, name: str, arguments: Arguments, state: State, site: Site
) -> Value | None:
    """What a method that gives other tensors makes of one; None if this is no such method."""
    if name in torch_tensors.NEW_MAKERS:
        return new_maker(machine, name, arguments, state, site)
    if name in torch_tensors.CUTS:
        return tensors.cut(machine, f"`.{name}()`", state, site, cell)
    if name in torch_tensors.PIECES:
        return _pieces(machine, base, cell, name, state, site)
    if name in torch_tensors.COMPUTES:
        return shown(machine, base, cell, name, arguments.all(), state, site)
    if name in torch_tensors.EXTREMES:
        return extremes.found(machine, base, name, arguments, state, site)
    if name in torch_tensors.PERHAPS_SAME:
        return _cast(machine, base, cell, name, arguments, state, site)
    return None


def _same(machine: Machine, base: Ref, cell: TensorCell, name: str, arguments: Arguments, state: State) -> Value:
    if name == "retain_grad":
        tensor_uses.gets_gradient(base, state)
        return NONE
    if name == "requires_grad_":
        wanted = wanted_by(arguments)
        tensors.set_requires_grad(base, wanted, state)
        freezing.switched(machine, base, wanted, state)
    elif name == "detach_":
        state.put(base, replace(cell, leaf=True, requires_grad=False, bases=()))
    return base


def wanted_by(arguments: Arguments) -> bool | None:
    """What `requires_grad_(…)` asks for."""
    flag = arguments.pick(0, "requires_grad")
    wanted = True if flag is None else flag.value if isinstance(flag, Const) else None
    return wanted if isinstance(wanted, bool) else None


def tell_keywords(machine: Machine, function: str, arguments: Arguments, call: Site) -> None:
    """Tell which keywords with a `grad` in them a function of torch is given."""
    for keyword, where in arguments.keyword_sites.items():
        if torch_api.is_about_gradients(keyword):
            name = function.rpartition(".")[2].removesuffix("()")
            fits = name in torch_tensors.TAKES_REQUIRES_GRAD or name in ("Parameter", "requires_grad_")
            machine.emit(events.KeywordGiven(where, function, keyword, call, fits and not arguments.open))


def new_maker(machine: Machine, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """`x.new_zeros(...)`: a leaf, whatever `x` is."""
    made = tensors.made_by(machine, f".{name}", arguments, state, site)
    state.update(made, dtype=None, device=None)
    return made


def _pieces(machine: Machine, base: Ref, cell: TensorCell, name: str, state: State, site: Site) -> Value:
    part = piece(machine, base, cell, state, site)
    many = name in torch_tensors.MANY_PIECES
    return containers.sequence(machine, state, "tuple", site, None, part) if many else part


def piece(machine: Machine, base: Ref, cell: TensorCell, state: State, site: Site) -> Value:
    """A part of a tensor: of a parameter, it is a piece, which is not a parameter."""
    if cell.parameter or cell.piece_of is not None:
        return consumption.piece_of(machine, base, cell, state, site)
    return tensors.computed(machine, (base,), "indexing", state, site)


def shown(
    machine: Machine, base: Ref, cell: TensorCell, name: str, others: tuple[Value, ...], state: State, site: Site
) -> Value:
    """What a method makes of a tensor and its arguments; a view of a piece is a piece."""
    how = f"`.{name}`" if name in torch_tensors.VIEW_ATTRIBUTES else f"`.{name}()`"
    if name not in torch_tensors.VIEWS | torch_tensors.VIEW_ATTRIBUTES:
        return tensors.computed(machine, (base, *others), how, state, site)
    if cell.piece_of is not None:
        return consumption.piece_of(machine, base, cell, state, site)
    made = tensors.computed(machine, (base,), how, state, site)
    if isinstance(made, Ref):
        state.update(made, shows=base if cell.shows is None else cell.shows)
    if state.no_grad is not False and cell.requires_grad is not False and isinstance(made, Ref):
        state.update(made, leaf=None, requires_grad=None)  # such a view passes for a leaf that requires gradients
    return made


def _in_place(base: Ref, name: str, arguments: Arguments, state: State) -> Value:
    if name not in torch_tensors.FILLS:
        tensors.changed_in_place(base, arguments.all(), state)
    return base


def _cast(
    machine: Machine, base: Ref, cell: TensorCell, name: str, arguments: Arguments, state: State, site: Site
) -> Value:
    """`.to(...)`, `.float()`, `.cuda()`: the tensor itself where nothing has to change, else a new one."""
    how = f"`.{name}(…)`" if arguments.all() else f"`.{name}()`"
    changes = _changes(cell, name, arguments, state)
    if changes is False:
        return base
    if changes is True:
        made = tensors.computed(machine, (base,), how, state, site)
        if isinstance(made, Ref):
            state.update(made, dtype=_wanted_dtype(name, arguments), device=_moved_to(name, arguments))
        return made
    if cell.requires_grad is False and cell.leaf:
        state.marks.add((base, "escaped"))  # what is done to the result may be done to this
        return machine.new(state, replace(cell, made=site, device=_moved_to(name, arguments) or cell.device))
    return UNKNOWN


def _changes(cell: TensorCell, name: str, arguments: Arguments, state: State) -> bool | None:
    """Whether a cast makes a new tensor."""
    given = arguments.all()
    if arguments.keywords.get("copy", Const(False)) != Const(False):
        return True
    if name in torch_tensors.CASTS or (name in ("to", "type") and _wanted_dtype(name, arguments)):
        changes = _type_changes(cell, _wanted_dtype(name, arguments))
        return changes if len(given) < 2 or changes else None
    if name == "contiguous":
        return False if cell.leaf and cell.device not in (None, tensors.SOMEWHERE) else None
    if name in ("cpu", "cuda", "xpu"):
        return _moves(cell, name, Const(name), None)
    target = arguments.pick(0, "device") or arguments.keywords.get("other")
    if name == "to" and target is not None:
        if _is_inherited(target, state) or (cell.device is None and _is_of_tensor(target, state)):
            return None  # perhaps it is there already: it was computed from that one, or the object is still being made
        if cell.device is not None and _is_beside(cell, target, state):
            return False
        return _moves(cell, name, target, arguments.site(0, "device"))
    return None


def _moved_to(name: str, arguments: Arguments) -> Placement | None:
    """The device that a cast names."""
    if name in ("cpu", "cuda", "xpu") and not arguments.all():
        return Placement(Const(name), None)
    target = arguments.pick(0, "device") if name == "to" else None
    is_type = isinstance(target, External) and target.path in torch_tensors.DTYPES
    return None if target is None or is_type else Placement(target, arguments.site(0, "device"))


def _is_of_tensor(device: Value, state: State) -> bool:
    """Whether a device is that of some tensor: `weight.device`, but not `args.device`."""
    if not isinstance(device, Method) or device.name != "device" or not isinstance(device.node, ir.Attribute):
        return False
    cell = state.get(device.receiver, InstanceCell)
    if device.receiver is UNKNOWN or (cell is not None and cell.cls is UNKNOWN and not cell.is_module):
        return name_of(device.node.value) not in SETTINGS
    return tensors.is_tensor(device.receiver, state)


def _is_inherited(device: Value, state: State) -> bool:
    """Whether a device is one that a class gets from a base of another package: `self.device` in Lightning."""
    cell = state.get(device.receiver, InstanceCell) if isinstance(device, Method) and device.name == "device" else None
    return cell is not None and isinstance(cell.cls, ClassValue)


def _is_beside(cell: TensorCell, device: Value, state: State) -> bool:
    """Whether a device is that of a tensor which is where this one is."""
    other = state.get(device.receiver, TensorCell) if isinstance(device, Method) and device.name == "device" else None
    return other is not None and other.device == cell.device != tensors.SOMEWHERE


def _wanted_dtype(name: str, arguments: Arguments) -> str | None:
    if name in torch_tensors.CASTS:
        return torch_tensors.CASTS[name]
    values = [torch_tensors.DTYPES.get(value.path) for value in arguments.all() if isinstance(value, External)]
    return next((dtype for dtype in values if dtype is not None), None)


def _type_changes(cell: TensorCell, wanted: str | None) -> bool | None:
    if cell.dtype is not None:
        return cell.dtype != wanted
    return None if wanted == tensors.DEFAULT_DTYPE else True


def _moves(cell: TensorCell, name: str, to: Value, site: Site | None) -> bool | None:
    """Whether a tensor moves to a device; of one whose device was never named, all but the CPU move it."""
    if cell.device is None:
        return None if name == "cpu" else to != Const("cpu")
    here = cell.device.value
    if isinstance(here, Const) and isinstance(to, Const):
        near, far = str(here.value).partition(":")[0], str(to.value).partition(":")[0]
        return near != far if near != far or here == to else None
    if (isinstance(here, Ref) and here == to) or (site and cell.device.site and site.text == cell.device.site.text):
        return False
    return True if here == Const("cpu") and name in ("to", "cuda") else None


def read(machine: Machine, base: Ref, node: ir.Attribute, state: State) -> Value:
    """An attribute of a tensor."""
    cell = state.get(base, TensorCell)
    assert cell is not None
    site = machine.site(node)
    if node.attr in ("grad", "grad_fn"):
        state.marks.add((base, "looked at"))
        tensor_uses.piece_used(machine, cell, site, f".{node.attr}", state)
        if node.attr == "grad":
            tensor_uses.gradient_read(machine, base, cell, node, state)
        return UNKNOWN
    if node.attr == "data":
        return tensors.cut(machine, "`.data`", state, site, cell)
    if node.attr in torch_tensors.VIEW_ATTRIBUTES:
        return shown(machine, base, cell, node.attr, (), state, site)
    return UNKNOWN


def of_unknown(machine: Machine, called: Method, arguments: Arguments, state: State, site: Site) -> Value | None:
    """A method whose name alone tells what it gives: `x.detach()`, `x.new_zeros(…)`, `model.state_dict()`."""
    name = called.name
    if name in ("backward", "manual_backward"):
        grad_mode.goes_backward(state)
    if name == "requires_grad_":
        tell_keywords(machine, ".requires_grad_()", arguments, site)
        tensor_uses.mark(called.receiver, "asked", state)
        return None
    if name in machine.own_methods:
        return None
    if name == "detach" and not arguments.all() and _may_be_of_torch(state):
        return tensors.cut(machine, "`.detach()`", state, site)
    if name in torch_tensors.NEW_MAKERS:
        tell_keywords(machine, f".{name}()", arguments, site)
        return new_maker(machine, name, arguments, state, site)
    if name == "state_dict":
        return state_dict(machine, arguments, state, site)
    data = called.receiver
    if isinstance(data, Method) and data.name == "data" and name in torch_tensors.COMPUTES:
        return tensors.cut(machine, "`.data`", state, site)
    return None


def _may_be_of_torch(state: State) -> bool:
    """Whether a file has imported PyTorch or what builds on it: others have tensors of their own."""
    known = (option for value in state.variables.values() for option in options_of(value))
    return any(isinstance(one, External) and one.path.partition(".")[0] in torch_api.LIBRARIES for one in known)


def state_dict(machine: Machine, arguments: Arguments, state: State, site: Site) -> Value:
    """`model.state_dict()`: a dict of tensors that share memory with the parameters and are cut from them."""
    keep = arguments.pick(2, "keep_vars")
    if arguments.open or (keep is not None and keep != Const(False)):
        return UNKNOWN
    tensor = tensors.cut(machine, tensors.OF_STATE, state, site)
    return machine.new(state, MappingCell(site, (), True, tensor))


def on_each(receiver: Union, state: State, act: Callable[[Value, State], None]) -> None:
    """Do the same to each of several values, each in a state of its own."""
    ends = []
    for option in receiver.options:
        branch = state.copy()
        act(option, branch)
        ends.append(branch)
    joined = join(ends, state.path)
    assert joined is not None
    state.become(joined)


def set_attribute(machine: Machine, base: Ref, target: ir.Attribute, value: Value, state: State) -> None:
    """`tensor.grad = …`, `tensor.requires_grad = …`, `tensor.data = …`."""
    cell = state.get(base, TensorCell)
    assert cell is not None
    site = machine.site(target)
    if target.attr == "requires_grad":
        wanted = value.value if isinstance(value, Const) and isinstance(value.value, bool) else None
        tensor_uses.piece_used(machine, cell, site, "set", state)
        tensors.set_requires_grad(base, wanted, state)
        freezing.switched(machine, base, wanted, state)
    elif target.attr == "grad" and value == NONE:
        tensor_uses.piece_used(machine, cell, site, ".grad", state)
    elif target.attr == "grad":
        tensor_uses.gets_gradient(base, state)
    elif target.attr == "data":
        state.put(base, replace(cell, dtype=None, device=None))
