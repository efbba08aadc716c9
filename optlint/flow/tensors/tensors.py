"""Tensors and parameters: how they come into being, and what gradients flow through.

Every tensor is a cell that knows whether it is a leaf and whether it requires gradients; what is computed from
others gets that from them. `tensor_methods.py` has the methods and functions, `tensor_uses.py` judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.cells import InstanceCell, IteratorCell, Placement, SequenceCell, TensorCell
from optlint.flow.core.values import (
    DATA,
    NONE,
    UNKNOWN,
    ClassValue,
    Closure,
    Const,
    Derived,
    External,
    Method,
    Ref,
    Union,
    Value,
    options_of,
)
from optlint.flow.frozen import replace
from optlint.flow.pytorch import torch_api, torch_tensors
from optlint.flow.reading import ir, names_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

CPU = Placement(Const("cpu"), None)
SOMEWHERE = Placement(UNKNOWN, None)  # where a tensor is that comes from code which is not known
DEFAULT_DTYPE = "torch.float32"
OF_STATE = "`state_dict()`"  # how a tensor was made that shares the memory of a parameter or buffer


def is_tensor(value: Value, state: State) -> bool:
    """Whether a value is surely a tensor."""
    return state.get(value, TensorCell) is not None


def is_one_of_tensors(value: Value, state: State) -> bool:
    """Whether a value is a tensor, or one of several tensors after branches that differ."""
    return all(is_tensor(option, state) for option in options_of(value))


def parameter_of_module(machine: Machine, state: State, site: Site, owner: Ref | None = None) -> Ref:
    """A Parameter that a module owns: what `parameters()` gives."""
    return machine.new(state, TensorCell(site, "parameter", True, None, True, True, owner=owner))


def made_by(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Ref:
    """`torch.randn(...)` and its like, with or without `requires_grad=True`."""
    flag = arguments.keywords.get("requires_grad", Const(False))
    if path == "torch.autograd.Variable":
        flag = arguments.pick(1, "requires_grad") or flag
    meant = "requires_grad" in arguments.keywords or not any(map(torch_api.is_about_gradients, arguments.keywords))
    wanted = bool(flag.value) if isinstance(flag, Const) and meant and not arguments.open else None
    computed_before = path in torch_tensors.FROM_DATA and not _is_constant(machine, arguments, state)
    made = TensorCell(site, f"`{path}`", True, wanted, False, cut=site if computed_before else None)
    dtype, device = _dtype(machine, path, arguments, state), _device(path, arguments, state)
    return machine.new(state, replace(made, dtype=dtype, device=device))


def _is_constant(machine: Machine, arguments: Arguments, state: State) -> bool:
    """Whether a tensor is made of numbers that are written there, or have a name."""
    site, data = arguments.site(0, "data"), arguments.pick(0, "data") or UNKNOWN
    node = machine.nodes.get(site.origin) if site is not None else None
    written = node is not None and all(isinstance(part, ir.Literal | ir.Display | ir.Unary) for part in ir.walk(node))
    items = state.get(data, SequenceCell)
    return written or all(isinstance(value, Const) for value in ((data,) if items is None else items.items or (data,)))


def _dtype(machine: Machine, path: str, arguments: Arguments, state: State) -> str | None:
    """The type of a tensor that a function makes, where that is sure."""
    wanted = arguments.keywords.get("dtype")
    if wanted is not None or arguments.open:
        return torch_tensors.DTYPES.get(wanted.path) if isinstance(wanted, External) else None
    if path in torch_tensors.LIKE_MAKERS:
        like = state.get(arguments.pick(0, "input") or UNKNOWN, TensorCell)
        return like.dtype if like is not None else None
    default = None if machine.default_dtype_changed else DEFAULT_DTYPE
    if path == "torch.tensor":
        data = arguments.pick(0, "data") or UNKNOWN
        items = state.get(data, SequenceCell)
        values = (data,) if items is None else items.items or ()
        floats = [value for value in values if isinstance(value, Const) and isinstance(value.value, float)]
        return default if floats and len(floats) == len(values) else None
    fill = arguments.pick(1, "fill_value") if path == "torch.full" else None
    filled = isinstance(fill, Const) and isinstance(fill.value, float)
    return default if filled or path in torch_tensors.FLOAT_MAKERS else None


def _device(path: str, arguments: Arguments, state: State) -> Placement | None:
    if arguments.open:
        return None
    given = arguments.keywords.get("device")
    if given is not None:
        return Placement(given, arguments.keyword_sites.get("device"))
    if path in torch_tensors.FROM_DATA:
        return _device_of_data(path, arguments, state)
    if path not in torch_tensors.LIKE_MAKERS:
        return CPU
    like = state.get(arguments.pick(0, "input") or UNKNOWN, TensorCell)
    return like.device if like is not None else SOMEWHERE


def _device_of_data(path: str, arguments: Arguments, state: State) -> Placement | None:
    """Where the data lie, if they are a tensor, as those of a `Variable` always are; numbers go to the CPU."""
    data = state.get(arguments.pick(0, "data") or UNKNOWN, TensorCell)
    if data is not None:
        return data.device
    return SOMEWHERE if path == "torch.autograd.Variable" else CPU


def parameter(machine: Machine, arguments: Arguments, state: State, site: Site) -> Ref:
    """`nn.Parameter(data, requires_grad=True)`."""
    flag = arguments.pick(1, "requires_grad")
    wanted = True if flag is None else flag.value if isinstance(flag, Const) else None
    grad = wanted if isinstance(wanted, bool) and not arguments.open else None
    data = state.get(arguments.pick(0, "data") or UNKNOWN, TensorCell)
    made = TensorCell(site, "`nn.Parameter`", True, grad, True)
    for base in (data.bases or ()) if data is not None else ():
        state.marks.add((base, "registered"))  # it was but the start of this one
    if data is None:
        return machine.new(state, replace(made, device=SOMEWHERE))
    return machine.new(state, replace(made, dtype=data.dtype, device=data.device))


def told_to_require(site: Site) -> TensorCell:
    """What a program sets `requires_grad` of and then calls `backward` on: a leaf, or setting it raises."""
    return TensorCell(site, "tensor", True, True, False, cut=site)


def cut(machine: Machine, how: str, state: State, site: Site, like: TensorCell | None = None) -> Ref:
    """A tensor that no gradient flows through: what `.data`, `.detach()` or `.argmax()` gives."""
    has_graph = like is None or like.requires_grad is not False or like.escaped or like.mixed is not False
    made = TensorCell(site, how, True, False, False, cut=site if like is None or has_graph else like.cut)
    if like is None:
        return machine.new(state, replace(made, device=SOMEWHERE))
    return machine.new(state, replace(made, dtype=like.dtype, device=like.device))


def computed(machine: Machine, values: tuple[Value, ...], how: str, state: State, site: Site) -> Value:
    """A new tensor computed from others: no leaf if one of them needs gradients; unknown if none is a tensor."""
    among = tuple(found for value in values for found in tensors_among(value, state))
    refs = tuple(dict.fromkeys(ref for ref in among if ref is not None))
    if not refs:
        return DATA if DATA in values and not among else UNKNOWN
    cells = [cell for ref in refs if (cell := state.get(ref, TensorCell))]
    for ref, cell in zip(refs, cells, strict=True):
        if not cell.used:
            state.put(ref, replace(cell, used=True))
    grad = _flows([cell.requires_grad for cell in cells], None in among, state)
    bases = tuple(dict.fromkeys(base for ref, cell in zip(refs, cells, strict=True) for base in _bases(ref, cell)))
    made = TensorCell(site, how, None if grad is None else not grad, grad, False, bases=() if grad is False else bases)
    made = _with_origin(made, cells, None in among, state)
    dtypes, devices = {cell.dtype for cell in cells}, {cell.device for cell in cells}
    alike = None not in among  # else something that is not known decides
    dtype = dtypes.pop() if alike and len(dtypes) == 1 else None
    device = devices.pop() if alike and len(devices) == 1 else None
    result = machine.new(state, replace(made, dtype=dtype, device=device))
    if grad is False and any(_is_given(ref, cell, state) for ref, cell in zip(refs, cells, strict=True)):
        state.marks.add((result, "of given"))
    return result


def _is_given(ref: Ref, cell: TensorCell, state: State) -> bool:
    """Whether a tensor that gets no gradients is in the groups of an optimizer, or was computed from one."""
    return cell.requires_grad is False and ((ref, "given") in state.marks or (ref, "of given") in state.marks)


def _with_origin(made: TensorCell, cells: list[TensorCell], blurred: bool, state: State) -> TensorCell:
    """Note where the graph of what a tensor was computed from was cut off, and whether anything unknown went in."""
    doubtful = blurred or any(cell.mixed is not False or cell.escaped or _may_have_any(cell) for cell in cells)
    if made.requires_grad is False and state.no_grad is True:
        here = doubtful or any(cell.requires_grad is not False for cell in cells)
        return replace(made, cut=made.made if here else next((cell.cut for cell in cells if cell.cut), None))
    return replace(made, mixed=doubtful, cut=next((cell.cut for cell in cells if cell.cut), None))


def _may_have_any(cell: TensorCell) -> bool:
    """Whether a tensor may have been computed from anything: one that somebody else gives in, for example."""
    return not (cell.leaf or cell.bases or cell.piece_of or cell.requires_grad is False)


def of_unknown(machine: Machine, how: str, state: State, site: Site) -> Ref:
    """A tensor that a function of torch gives, of which no more is known than whether gradients are off."""
    if state.no_grad is True:
        return cut(machine, how, state, site)
    return machine.new(state, TensorCell(site, how, None, None, False, mixed=True))


def _flows(flags: list[bool | None], blurred: bool, state: State) -> bool | None:
    """Whether gradients flow into what is computed from tensors with these flags, and perhaps from others."""
    grad = True if True in flags else None if None in flags or blurred else False
    if state.no_grad is False or grad is False:
        return grad
    return None if state.no_grad is None else False


def _bases(ref: Ref, cell: TensorCell) -> tuple[Ref, ...]:
    if cell.requires_grad is False:
        return ()
    if cell.piece_of is not None:
        return (cell.piece_of,)
    return (ref,) if cell.leaf else cell.bases or ()


def tensors_among(value: Value, state: State, depth: int = 0) -> Iterator[Ref | None]:
    """The tensors that a value is or holds; None stands for what may be one."""
    cell = state.cell(value)
    if isinstance(value, Union):
        yield from _among_options(value, state, depth)
    elif isinstance(cell, TensorCell) and isinstance(value, Ref):
        yield value
    elif isinstance(cell, SequenceCell | IteratorCell) and depth < 4:
        for item in cell.items if cell.items is not None else (cell.item,):
            yield from tensors_among(item, state, depth + 1)
    elif isinstance(cell, InstanceCell):
        if cell.is_module is None and not isinstance(cell.cls, External):
            yield None
    elif isinstance(value, Method):
        if value.name not in torch_tensors.PLAIN_ATTRIBUTES and value.receiver != DATA:
            yield None
    elif value != DATA and not isinstance(value, Const | External | Closure | ClassValue | Derived):
        yield None


def _among_options(value: Union, state: State, depth: int) -> Iterator[Ref | None]:
    found = [tuple(tensors_among(option, state, depth)) for option in value.options]
    flags = {cell.requires_grad for refs in found for ref in refs if ref and (cell := state.get(ref, TensorCell))}
    if any(None in refs or not refs for refs in found) or len(flags) != 1:
        yield None
        return
    for refs in found:
        yield from refs


def changed_in_place(base: Ref, values: tuple[Value, ...], state: State) -> None:
    """`base += value`, `base[0] = value`, `base.copy_(value)`: gradients of the values flow into it, too."""
    cell = state.get(base, TensorCell)
    if cell is None or state.no_grad is True:
        return
    among = [found for value in values for found in tensors_among(value, state)]
    cells = [inner for ref in among if ref is not None and (inner := state.get(ref, TensorCell))]
    if None in among or any(inner.requires_grad is not False or inner.escaped for inner in cells):
        state.put(base, cell := replace(cell, mixed=True))
    if cell.requires_grad is not False:
        return
    grad = _flows([inner.requires_grad for inner in cells], None in among, state)
    if grad is not False:
        pairs = [(ref, inner) for ref in among if ref and (inner := state.get(ref, TensorCell))]
        bases = tuple(leaf for ref, inner in pairs for leaf in _bases(ref, inner))
        state.put(base, replace(cell, leaf=None if grad is None else False, requires_grad=grad, bases=bases))


def set_requires_grad(base: Ref, wanted: bool | None, state: State) -> None:
    """`tensor.requires_grad = wanted`; code elsewhere has to know where the answer may be yes."""
    cell = state.get(base, TensorCell)
    if wanted is not False:
        state.marks.add((base, "asked"))
    if cell is not None and cell.leaf is not False:
        state.put(base, replace(cell, requires_grad=wanted))


def of_operator(machine: Machine, node: ir.Node, left: Value, right: Value, op: str, state: State) -> Value:
    """`left op right` where one of them may be a tensor."""
    if not (is_one_of_tensors(left, state) or is_one_of_tensors(right, state)):
        return UNKNOWN
    # Nothing is computed with None: whoever gets here set it to something else before.
    operands = tuple(UNKNOWN if value == NONE else value for value in (left, right))
    if state.cell(right) is None and _is_count(machine, node):
        operands = (left,)
    return computed(machine, operands, f"`{op}`", state, machine.site(node))


def _is_count(machine: Machine, node: ir.Node) -> bool:
    """Whether a tensor is multiplied or divided by what the file shows to be a number."""
    number = node.right if isinstance(node, ir.Binary) else node.value if isinstance(node, ir.AugmentedAssign) else None
    name = names_read.dotted(number) if number is not None else ""
    return bool(name) and name in machine.readings().counts
