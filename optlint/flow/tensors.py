"""Tensors and parameters: which are leaves, which can get a gradient, which are pieces of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from optlint.flow import consumption, events, torch_api
from optlint.flow.values import UNKNOWN, Const, Ref, TensorCell, Value

if TYPE_CHECKING:
    from optlint.flow import ir
    from optlint.flow.events import Site
    from optlint.flow.machine import Arguments, Machine
    from optlint.flow.state import State


def is_tensor(value: Value, state: State) -> bool:
    """Whether a value is surely a tensor."""
    return state.get(value, TensorCell) is not None


def parameter_of_module(machine: Machine, state: State, site: Site) -> Ref:
    """A Parameter that a module owns: what `parameters()` gives."""
    return machine.new(state, TensorCell(site, "parameter", True, None, True, True))


def made_by(machine: Machine, path: str, arguments: Arguments, state: State, site: Site) -> Value:
    """`torch.randn(...)` and its like, with or without `requires_grad=True`."""
    flag = arguments.keywords.get("requires_grad", Const(False))
    wanted = flag.value if isinstance(flag, Const) and isinstance(flag.value, bool) else None
    if arguments.open:
        wanted = None
    if wanted is None and isinstance(flag, Const):
        wanted = bool(flag.value)
    return machine.new(state, TensorCell(site, path, True, wanted, False, statement=machine.statement))


def parameter(machine: Machine, arguments: Arguments, state: State, site: Site) -> Value:
    """`nn.Parameter(data, requires_grad=True)`."""
    flag = arguments.pick(1, "requires_grad")
    wanted = True if flag is None else flag.value if isinstance(flag, Const) else None
    grad = wanted if isinstance(wanted, bool) else None
    return machine.new(state, TensorCell(site, "nn.Parameter", True, grad, True, statement=machine.statement))


def plain_data(site: Site, optimizer: str) -> events.GroupTensor:
    """`x.data` of something unknown, given to an optimizer: whatever `x` is, that is a tensor without gradients."""
    return events.GroupTensor(site, optimizer, ".data", True, False, False, None, False, False)


def computed(machine: Machine, base: Ref, how: str, state: State, site: Site) -> Value:
    """A new tensor computed from another: no leaf if that one needs gradients."""
    cell = state.get(base, TensorCell)
    assert cell is not None
    if state.no_grad is not False:
        flag = None if state.no_grad is None else False
        return machine.new(
            state, TensorCell(site, how, flag is False or None, flag, False, statement=machine.statement)
        )
    grad = cell.requires_grad
    leaf = None if grad is None else not grad
    origin = base if cell.parameter else cell.base
    made = TensorCell(site, how, leaf, grad, False, base=origin, statement=machine.statement)
    return machine.new(state, made)


def of_operator(machine: Machine, node: ir.Node, left: Value, right: Value, op: str, state: State) -> Value:
    """`left op right` where one of them may be a tensor."""
    for value in (left, right):
        if isinstance(value, Ref) and is_tensor(value, state):
            return computed(machine, value, f"`{op}`", state, machine.site(node))
    return UNKNOWN


def method(machine: Machine, base: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    """A method of a tensor; `site` is the whole call."""
    cell = state.get(base, TensorCell)
    assert cell is not None
    if name in torch_api.SAME_TENSOR:
        return _same(machine, base, name, arguments, state, site)
    if name in ("register_hook", "register_post_accumulate_grad_hook"):
        piece_used(machine, cell, site, "hook", state)
        return UNKNOWN
    if name in ("detach", "new_tensor", "new_zeros", "new_ones", "detach_copy"):
        return _detached(machine, f".{name}()", state, site)
    if name in torch_api.VIEWS:
        return _view(machine, base, cell, name, state, site)
    if name in torch_api.NEW_DATA:
        return computed(machine, base, f".{name}()", state, site)
    if name in torch_api.MAYBE_SAME:
        return _maybe_same(machine, base, cell, name, arguments, state, site)
    if name in torch_api.NOT_TENSORS:
        return UNKNOWN
    if name.endswith("_") and not name.startswith("_"):
        return base
    for value in arguments.all():
        consumption.escape(value, state)
    return UNKNOWN


def _same(machine: Machine, base: Ref, name: str, arguments: Arguments, state: State, site: Site) -> Value:
    cell = state.get(base, TensorCell)
    if name == "retain_grad":
        state.update(base, gradient_set=True)
    elif name == "requires_grad_" and cell is not None:
        piece_used(machine, cell, site, "set", state)
        flag = arguments.pick(0, "requires_grad")
        wanted = True if flag is None else flag.value if isinstance(flag, Const) else None
        set_requires_grad(base, wanted if isinstance(wanted, bool) else None, state)
    elif name == "detach_":
        state.update(base, leaf=True, requires_grad=False)
    return base


def set_requires_grad(base: Ref, wanted: bool | None, state: State) -> None:
    """`tensor.requires_grad = wanted`."""
    cell = state.get(base, TensorCell)
    if cell is not None and cell.leaf is not False:
        state.put(base, replace(cell, requires_grad=wanted))


def _detached(machine: Machine, how: str, state: State, site: Site) -> Value:
    return machine.new(state, TensorCell(site, how, True, False, False, statement=machine.statement))


def _view(machine: Machine, base: Ref, cell: TensorCell, name: str, state: State, site: Site) -> Value:
    if cell.parameter or cell.piece_of is not None:
        piece = consumption.piece_of(machine, base, cell, state, site)
    else:
        piece = computed(machine, base, f".{name}()", state, site)
    if name not in torch_api.MANY_VIEWS:
        return piece
    from optlint.flow import containers

    return containers.sequence(machine, state, "tuple", site, None, piece)


def _maybe_same(
    machine: Machine, base: Ref, cell: TensorCell, name: str, arguments: Arguments, state: State, site: Site
) -> Value:
    """`.to(device)` moves, so it makes a new tensor; `.float()` and `.cpu()` may give back the same."""
    moves = name == "to" and bool(arguments.all())
    if moves and not (cell.requires_grad is False and not cell.parameter):
        return computed(machine, base, ".to(…)", state, site)
    if cell.requires_grad is False and cell.leaf:
        return machine.new(state, replace(cell, made=site, statement=machine.statement))
    return UNKNOWN


def read(machine: Machine, base: Ref, node: ir.Attribute, state: State) -> Value:
    """An attribute of a tensor."""
    cell = state.get(base, TensorCell)
    assert cell is not None
    site = machine.site(node)
    if node.attr in ("grad", "grad_fn"):
        piece_used(machine, cell, site, f".{node.attr}", state)
        if node.attr == "grad_fn" and cell.parameter and cell.leaf:
            machine.emit(events.GradFnRead(site, machine.site(node.value).text))
        return UNKNOWN
    if node.attr in ("requires_grad", "is_leaf"):
        return UNKNOWN
    if node.attr == "data":
        return _detached(machine, ".data", state, site)
    if node.attr in ("T", "mT", "H", "real", "imag"):
        return _view(machine, base, cell, node.attr, state, site)
    return UNKNOWN


def piece_used(machine: Machine, cell: TensorCell, site: Site, use: str, state: State) -> None:
    """Tell if what is treated as a parameter is a piece of one; once for each piece and use."""
    if cell.how != "piece" or cell.piece_of is None or cell.requires_grad is False or cell.gradient_set:
        return
    whole = state.get(cell.piece_of, TensorCell)
    given_out = whole is not None and whole.how in ("parameter", "group parameter")
    key = (cell.made.origin, use)
    if key in machine.flagged or not (given_out or use == ".grad"):
        return
    machine.flagged.add(key)
    in_groups = whole is not None and whole.how == "group parameter"
    machine.emit(events.PieceUsed(site, site.text, cell.made, use, in_groups))
