"""Arguments of an optimizer that can't be its parameters, and where they could be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.core.cells import InstanceCell, IteratorCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, External, Method, Union, Value, options_of
from optlint.flow.events import Site
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State


def what_is_wrong(params: Value, state: State) -> str | None:
    """What is wrong with an argument as the parameters of an optimizer, if anything is."""
    cell = state.cell(params)
    if isinstance(params, Method) and params.name in ("parameters", "named_parameters"):
        receiver = state.get(params.receiver, InstanceCell)
        return "method" if receiver is not None and receiver.is_module else None
    if isinstance(cell, InstanceCell) and cell.is_module and not _is_parameter_list(cell):
        return "module"
    if isinstance(cell, MappingCell):
        return "group" if cell.get("params") is not None else None
    if isinstance(cell, IteratorCell | SequenceCell):
        items = cell.items if cell.items is not None else options_of(cell.item)
        return next((found for item in items if (found := _wrong_item(item, state))), None)
    if isinstance(params, Union):
        each = {what_is_wrong(option, state) for option in params.options}
        return each.pop() if len(each) == 1 else None
    return None


def _is_parameter_list(cell: InstanceCell) -> bool:
    return isinstance(cell.cls, External) and cell.cls.path.startswith("torch.nn.Parameter")


def _wrong_item(item: Value, state: State) -> str | None:
    """What is wrong with one item of the parameters, if anything is."""
    cell = state.cell(item)
    if isinstance(cell, IteratorCell) and cell.kind in torch_api.MODULE_ITERATORS and cell.certain:
        return "iterators"
    if isinstance(cell, SequenceCell) and cell.kind == "list":
        return "lists"
    return "modules" if isinstance(cell, InstanceCell) and cell.is_module is True else None


def tell(machine: Machine, optimizer: str, what: str, value: Value, site: Site, state: State) -> None:
    """Tell of an argument, and whether it is that what stands at `site`; variables may stand for what is elsewhere."""
    stands = machine.values.get(site.origin) == value and not _is_any_argument(machine, site)
    if what == "tensor" and stands:
        cell = state.get(value, TensorCell)
        stands = cell is not None and cell.leaf is not False and cell.requires_grad is not False
    items = _items_of(machine, site, what, state) if stands else ()
    machine.emit(events.WrongArgument(what, site, optimizer, stands, items))


def _is_any_argument(machine: Machine, site: Site) -> bool:
    """Whether a parameter of a function stands there, which other calls may give what is right."""
    node, function = machine.nodes.get(site.origin), machine.frame.node
    parameters = function.parameters if isinstance(function, ir.Function | ir.Lambda) else ()
    plain = {parameter.name for parameter in parameters if parameter.annotation is None}
    return isinstance(node, ir.Name) and node.id in plain


def _items_of(machine: Machine, site: Site, what: str, state: State) -> tuple[Site, ...]:
    """The wrong items of a list that is written there."""
    node = machine.nodes.get(site.origin)
    if not isinstance(node, ir.Display) or node.kind == "set":
        return ()
    if what == "groups":
        return tuple(Site(site.file, item.origin) for item in node.items if not isinstance(item, ir.Starred))
    wrong = (item for item in node.items if _wrong_item(machine.values.get(item.origin, UNKNOWN), state) == what)
    return tuple(Site(site.file, item.origin) for item in wrong)
