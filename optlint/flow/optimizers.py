"""Optimizers and their param groups, from the call that builds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from optlint.flow import classes, consumption, covers, events, torch_api
from optlint.flow.consumption import Purpose
from optlint.flow.values import (
    UNKNOWN,
    Const,
    Derived,
    External,
    InstanceCell,
    IteratorCell,
    MappingCell,
    Method,
    OptimizerCell,
    Ref,
    SequenceCell,
    TensorCell,
    Union,
    Value,
)

if TYPE_CHECKING:
    from optlint.flow.events import Site
    from optlint.flow.machine import Arguments, Machine
    from optlint.flow.state import State


@dataclass(frozen=True, slots=True)
class Build:
    """An optimizer while its groups are read; `strict` for those of torch, whose arguments are known."""

    machine: Machine
    state: State
    name: str
    site: Site
    strict: bool

    @property
    def purpose(self) -> Purpose:
        """Why iterators are drawn from."""
        return Purpose(self.name, trains=True)


def built(machine: Machine, cls: Value, arguments: Arguments, state: State, site: Site) -> Value:
    """An optimizer from a call of its class."""
    path = _path(cls)
    name = path.rpartition(".")[2]
    build = Build(machine, state, name, site, path in torch_api.OPTIMIZERS)
    params, where = arguments.pick(0, "params"), arguments.site(0, "params")
    groups: tuple[covers.Group, ...] = ()
    if params is not None and where is not None:
        groups = _groups(build, params, where)
    covers.judge(machine, state, name, site, groups)
    return machine.new(state, OptimizerCell(path, site, name=name, keys=torch_api.OPTIMIZERS.get(path)))


def _path(cls: Value) -> str:
    for base in classes.ancestry(cls):
        if isinstance(base, External):
            return base.path if base is cls or base.path in torch_api.OPTIMIZERS else "torch.optim.Optimizer"
    return "Optimizer"


def group_added(machine: Machine, name: str, group: Value, state: State, site: Site, where: Site) -> None:
    """`optimizer.add_param_group(group)`."""
    _group(Build(machine, state, name, where, strict=True), group, site)


def _groups(build: Build, params: Value, site: Site) -> tuple[covers.Group, ...]:
    """Read the first argument of an optimizer; what comes back are the covers of its groups."""
    state = build.state
    cell = state.cell(params)
    wrong = _wrong(params, cell, state)
    if wrong:
        _tell_wrong(build, wrong, site)
        return ()
    if isinstance(cell, SequenceCell):
        return _from_sequence(build, params, cell, site)
    return (_holder(build, params, site),)


def _wrong(params: Value, cell: object, state: State) -> str | None:
    """What is wrong with an argument as the parameters of an optimizer, if anything is."""
    if isinstance(params, Method) and params.name in ("parameters", "named_parameters"):
        receiver = state.get(params.receiver, InstanceCell)
        return "method" if receiver is not None and receiver.is_module else None
    if isinstance(cell, InstanceCell) and cell.is_module:
        return "module"
    if isinstance(cell, MappingCell):
        return "group" if cell.get("params") is not None else None
    return None


def _tell_wrong(build: Build, what: str, site: Site) -> None:
    if build.strict:
        build.machine.emit(events.WrongArgument(what, site, build.name))


def _from_sequence(build: Build, params: Value, cell: SequenceCell, site: Site) -> tuple[covers.Group, ...]:
    """A list: of group dicts, or of tensors."""
    values = cell.items if cell.items is not None else (cell.item,)
    sites = cell.sites if cell.sites is not None and len(cell.sites) == len(values) else (site,) * len(values)
    if not cell.ordered:
        return ()
    groups = []
    for value, where in zip(values, sites, strict=True):
        inner = build.state.cell(value)
        if isinstance(inner, MappingCell):
            groups.append(_group(build, value, where))
        elif isinstance(inner, IteratorCell):
            _iterator_in_list(build, value, inner, where)
        elif isinstance(inner, TensorCell) and isinstance(value, Ref):
            _tensor(build, value, where)
        elif isinstance(inner, InstanceCell) and inner.is_module:
            _tell_wrong(build, "module", where)
        elif isinstance(inner, SequenceCell) and inner.kind == "list":
            _tell_wrong(build, "list", where)
    return tuple(groups) if groups else (covers.Group(site, consumption.covers_of(params, build.state)),)


def _iterator_in_list(build: Build, value: Value, cell: IteratorCell, site: Site) -> None:
    if cell.kind in torch_api.MODULE_ITERATORS:
        _tell_wrong(build, "iterators", site)
    consumption.escape(value, build.state)


def _group(build: Build, group: Value, site: Site) -> covers.Group:
    """One group dict."""
    cell = build.state.get(group, MappingCell)
    if cell is None:
        consumption.escape(group, build.state)
        return covers.Group(site, None)
    entry = cell.get("params")
    if entry is None:
        return covers.Group(site, None)
    rate = cell.get("lr")
    if rate is not None:
        judge_rate(build.machine, rate.value, rate.site, build.state)
    return _holder(build, entry.value, entry.site)


def _holder(build: Build, params: Value, site: Site) -> covers.Group:
    """What holds the tensors of one group: an iterator, a list, or one tensor."""
    state = build.state
    cell = state.cell(params)
    known = consumption.covers_of(params, state)
    if isinstance(cell, IteratorCell) and isinstance(params, Ref):
        if isinstance(state.get(cell.item, MappingCell), MappingCell):
            _group(build, cell.item, site)
        consumption.draw(build.machine, params, state, site, build.purpose)
        _tensors_in(build, cell.item, site)
    elif isinstance(cell, SequenceCell):
        values = cell.items if cell.items is not None else (cell.item,)
        sites = cell.sites if cell.sites is not None and len(cell.sites) == len(values) else (site,) * len(values)
        for value, where in zip(values, sites, strict=True):
            _tensors_in(build, value, where)
    elif isinstance(cell, TensorCell):
        _tensors_in(build, params, site)
        known = ()
    elif isinstance(params, Union):
        consumption.escape(params, state)
    else:
        wrong = _wrong(params, cell, state)
        if wrong:
            _tell_wrong(build, wrong, site)
    return covers.Group(site, known)


def _tensors_in(build: Build, value: Value, site: Site) -> None:
    """A tensor, or a pair of a name and a tensor."""
    state = build.state
    pair = state.get(value, SequenceCell)
    if pair is not None and pair.items is not None and len(pair.items) == 2:
        value = pair.items[1]
    cell = state.get(value, IteratorCell)
    if cell is not None and cell.kind in torch_api.MODULE_ITERATORS:
        _tell_wrong(build, "iterators", site)
    if isinstance(value, Ref) and isinstance(state.cell(value), TensorCell):
        _tensor(build, value, site)


def _tensor(build: Build, tensor: Ref, site: Site) -> None:
    """Judge a tensor when all that the program does to it is known."""
    machine, no_grad = build.machine, build.state.no_grad
    cell = build.state.get(tensor, TensorCell)
    assert cell is not None
    if cell.base is not None:
        base = build.state.get(cell.base, TensorCell)
        if base is not None:
            build.state.put(cell.base, replace(base, escaped=True))
    if cell.parameter and cell.registered is None:
        build.state.put(tensor, replace(cell, registered=True))
    here = consumption.passed_from(machine, tensor, site)
    machine.when_settled(lambda last: _tell_tensor(machine, last, tensor, here, build.name, no_grad is True))


def _tell_tensor(machine: Machine, state: State, tensor: Ref, site: Site, optimizer: str, no_grad: bool) -> None:
    cell = state.get(tensor, TensorCell)
    if cell is None or cell.gradient_set:
        return
    piece = "a parameter" if cell.piece_of is not None else None
    machine.emit(
        events.GroupTensor(
            site, optimizer, cell.how, cell.leaf, cell.requires_grad, cell.parameter, piece, no_grad, cell.escaped
        )
    )


def judge_rate(machine: Machine, rate: Value, site: Site, state: State) -> None:
    """Tell if a rate was computed from the index of a parameter."""
    from optlint.flow import modules

    del site
    if not isinstance(rate, Derived) or rate.divisor is None or rate.site is None:
        return
    layout = modules.layout_of(rate.module, state)
    if layout is not None:
        machine.emit(events.RateByIndex(rate.site, rate.divisor, layout))


