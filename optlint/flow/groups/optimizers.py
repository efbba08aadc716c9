"""Optimizers and their param groups, from the call that builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow import events
from optlint.flow.belonging import too_late
from optlint.flow.core.cells import (
    Cover,
    Group,
    IteratorCell,
    MappingCell,
    OptimizerCell,
    SequenceCell,
    TensorCell,
    Use,
)
from optlint.flow.core.values import UNKNOWN, ClassValue, Const, External, Method, Ref, Union, Value, options_of
from optlint.flow.frozen import dataclass, replace
from optlint.flow.groups import covers, empty_groups, group_keys, indices, layer_splits, sizes, wrong_arguments
from optlint.flow.iterators import births, consumption, holdings, mendable, takings, trails
from optlint.flow.iterators.draws import Purpose
from optlint.flow.python import classes, sets
from optlint.flow.pytorch import torch_api
from optlint.flow.rates import first_group, rates
from optlint.flow.reading import ir
from optlint.flow.tensors import group_tensors, tensor_methods, tensors

if TYPE_CHECKING:
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site


RESUMES = frozenset({"load_state_dict", "load_state", "load_checkpoint"})


@dataclass(frozen=True, slots=True)
class Build:
    """An optimizer while its groups are read.

    `strict` is for those of torch, whose arguments are known, `own` for those whose `step` the project writes,
    `leaves_only` for those that refuse tensors which are no leaves.
    """

    machine: Machine
    state: State
    name: str
    site: Site
    strict: bool
    own: bool = False
    leaves_only: bool = True
    first: Site | None = None  # what built the optimizer, if it is known
    keys: frozenset[str] | None = None

    @property
    def purpose(self) -> Purpose:
        """Why iterators are drawn from."""
        return Purpose(self.name, trains=True)


def built(machine: Machine, cls: Value, arguments: Arguments, state: State, site: Site) -> Value:
    """An optimizer from a call of its class."""
    path = _path(cls)
    name = path.rpartition(".")[2]
    if cls == External(torch_api.OPTIMIZER_BASE):
        name = "the optimizer"  # one of torch, chosen by its name
    strict = path in torch_api.OPTIMIZERS or cls == External(torch_api.OPTIMIZER_BASE)
    own, lenient = not strict and isinstance(cls, ClassValue), arguments.keywords.get("differentiable", Const(False))
    build = Build(machine, state, name, site, strict, own, leaves_only=lenient == Const(False), first=site)
    build = replace(build, keys=group_keys.known_to(machine, cls))
    params, where = arguments.pick(0, "params"), arguments.site(0, "params")
    if params is not None:
        machine.emit(events.GroupsBuilt(site, name, sizes.sizes_of(params, state)))
    several = isinstance(params, Union) and all(state.get(one, SequenceCell) is not None for one in params.options)
    groups = _groups(build, params, where) if params is not None and where is not None and not several else ()
    indices.judge_rate(machine, arguments.keywords.get("lr", UNKNOWN))
    if strict:
        rates.judge(machine, arguments.pick(1, "lr"), arguments.site(1, "lr"), name)
    layers = indices.layers_of(params, state) if params is not None and _gives_groups(params, state) else None
    ref = machine.new(state, OptimizerCell(path, site, name, path=state.path, layers=layers, keys=build.keys, kind=cls))
    state.update(ref, count=first_group.count_of(params, state) if params is not None else None)
    if several and isinstance(params, Union) and where is not None:
        _one_of(build, ref, params, where)
    else:
        covers.judge(machine, state, ref, groups)
    too_late.given(machine, ref, params, state)
    for inner in (option for value in arguments.all() for option in options_of(value)):
        if state.get(inner, OptimizerCell) is not None:
            consumption.escape(inner, state)  # wrapped: this one steps it
    return ref


def _one_of(build: Build, optimizer: Ref, params: Union, where: Site) -> None:
    """One of several lists, after branches: each is read as on the path on which it was written."""
    path = build.state.path

    def read(option: Value, branch: State) -> None:
        cell = branch.get(option, SequenceCell)
        under = cell.path if cell is not None and cell.path is not None else ()
        branch.path = under if under[: len(path)] == path and under != path else (*path, (object(), option))
        covers.judge(build.machine, branch, optimizer, _groups(replace(build, state=branch), option, where), sure=False)

    tensor_methods.on_each(params, build.state, read)
    build.state.path = path


def _gives_groups(params: Value, state: State) -> bool:
    """Whether the items of what an optimizer is given are group dicts."""
    cell = state.get(params, SequenceCell) or state.get(params, IteratorCell)
    item = cell.item if cell is not None else UNKNOWN
    options = item.options if isinstance(item, Union) else (item,)
    return all(state.get(option, MappingCell) is not None for option in options)


def _path(cls: Value) -> str:
    for base in classes.ancestry(cls):
        if isinstance(base, External):
            return base.path if base is cls or base.path in torch_api.OPTIMIZERS else "torch.optim.Optimizer"
    return "Optimizer"


def group_added(machine: Machine, optimizer: Value, group: Value, state: State, site: Site, where: Site) -> None:
    """`optimizer.add_param_group(group)`; `site` is the argument, `where` the call."""
    cell = state.get(optimizer, OptimizerCell)
    build = Build(machine, state, cell.name if cell is not None else "add_param_group", where, strict=True)
    if cell is not None:
        build = replace(build, keys=cell.keys, first=cell.made)
    given = state.cell(group)
    group_tensors.something(machine, where)
    if isinstance(given, MappingCell):
        added = _group(build, group, site)
        if isinstance(optimizer, Ref) and cell is not None:
            first_group.added(optimizer, state)
            covers.judge(machine, state, optimizer, (added,))
    elif isinstance(given, SequenceCell):
        _tell_wrong(build, "groups", group, site)
    elif isinstance(given, IteratorCell):
        _tell_wrong(build, "bare", group, site)


def _groups(build: Build, params: Value, site: Site) -> tuple[Group, ...]:
    """Read the first argument of an optimizer; what comes back are the covers of its groups."""
    cell = build.state.cell(params)
    wrong = "tensor" if isinstance(cell, TensorCell) else wrong_arguments.what_is_wrong(params, build.state)
    if wrong:
        _tell_wrong(build, wrong, params, site)
        return ()
    if isinstance(cell, SequenceCell):
        return _from_sequence(build, params, cell, site)
    return (_holder(build, params, site),)


def _tell_wrong(build: Build, what: str, value: Value, site: Site) -> None:
    if build.strict:
        wrong_arguments.tell(build.machine, build.name, what, value, site, build.state)


def _from_sequence(build: Build, params: Value, cell: SequenceCell, site: Site) -> tuple[Group, ...]:
    """A list: of group dicts, or of tensors."""
    if not cell.ordered:
        return (_holder(build, params, site),)
    groups = []
    for value, where in _with_sites(cell, site):
        inner = build.state.cell(value)
        if isinstance(inner, MappingCell):
            groups.append(_group(build, value, where))
        elif isinstance(inner, IteratorCell):
            consumption.escape(value, build.state)
        else:
            _tensors_in(build, value, where, site)
    if groups:
        mappings = (build.state.get(value, MappingCell) for value, _ in _with_sites(cell, site))
        known = tuple(inner for inner in mappings if inner is not None)
        indices.judge_dealt(build.machine, known, build.state)
        layer_splits.judge(build.machine, known, build.state)
        return tuple(replace(group, trainable=group.trainable or cell.trainable is True) for group in groups)
    return (_group_of(params, _covers_of_list(params, cell, site, build.state), site, build.state),)


def _covers_of_list(params: Value, cell: SequenceCell, site: Site, state: State) -> tuple[Cover, ...] | None:
    """What a list of tensors holds: what it was copied from, or its tensors one by one."""
    known = holdings.covers_of(params, state)
    if known is not None or cell.items is None:
        return known
    found = [holdings.cover_of_tensor(item, where, state) for item, where in _with_sites(cell, site)]
    return None if None in found else tuple(cover for covers in found for cover in covers or ())


def _with_sites(cell: SequenceCell, site: Site) -> list[tuple[Value, Site]]:
    """The items of a list, each with the place where it was written, or else that of the list."""
    values = cell.items if cell.items is not None else cell.members or (cell.item,)
    known = cell.sites is not None and len(cell.sites) == len(values)
    sites = cell.sites if known and cell.sites is not None else (site,) * len(values)
    return list(zip(values, sites, strict=True))


def _group(build: Build, group: Value, site: Site) -> Group:
    """One group dict."""
    cell = build.state.get(group, MappingCell)
    if cell is None:
        consumption.escape(group, build.state)
        return Group(site, None)
    entry = cell.get("params")
    if entry is None:
        return Group(site, None)
    rate = cell.get("lr")
    if rate is not None:
        indices.judge_rate(build.machine, rate.value)
        if build.strict:
            rates.judge(build.machine, rate.value, rate.site, build.name)
    group_keys.judge(build.machine, build.keys, build.name, cell, build.first or build.site)
    held = _holder(build, entry.value, entry.site)
    now = build.state.cell(entry.value)
    if isinstance(now, IteratorCell) and isinstance(group, Ref):
        made = build.machine.new(build.state, SequenceCell("list", entry.site, None, now.item, covers=now.covers))
        build.state.put(group, cell.with_entry("params", replace(entry, value=made)))  # torch replaces it, too
    return held


def _holder(build: Build, params: Value, site: Site) -> Group:
    """What holds the tensors of one group: an iterator, a list, or one tensor."""
    state = build.state
    cell = state.cell(params)
    known = holdings.own_covers(params, state)
    empty_groups.judge(build.machine, params, known, site, build.name, state)
    if sets.is_shuffled(params, state):
        build.machine.emit(_unordered(build, site))
    wrong = wrong_arguments.what_is_wrong(params, state)
    if wrong:
        _tell_wrong(build, wrong, params, site)
    elif isinstance(cell, IteratorCell) and isinstance(params, Ref):
        if not consumption.draw(build.machine, params, state, site, build.purpose) or cell.use is not Use.FRESH:
            known = None
        for value in cell.items or (cell.item,):
            _tensors_in(build, value, site, site)
    elif isinstance(cell, SequenceCell):
        for value, where in _with_sites(cell, site):
            _tensors_in(build, value, where, site)
        known = _covers_of_list(params, cell, site, state)
    elif tensors.is_one_of_tensors(params, state):
        _tensors_in(build, params, site, site)
        known = holdings.cover_of_tensor(params, site, state)
    else:
        births.given(build.machine, (UNKNOWN, UNKNOWN), build.first)
        group_tensors.something(build.machine, build.site)
        if isinstance(params, Union):
            consumption.escape(params, state)
    return _group_of(params, known, site, state)


def _group_of(params: Value, known: tuple[Cover, ...] | None, site: Site, state: State) -> Group:
    sources, whole = takings.sources(params, state), takings.has_all(params, state)
    return Group(site, known, sources=sources, trainable=whole, picked=takings.picked(params, state))


def _unordered(build: Build, site: Site) -> events.ParametersUnordered:
    """What to say of a set, with what makes it where a dict would do."""
    machine = build.machine
    made = mendable.set_made(machine, machine.nodes.get(site.origin), build.state) if build.strict else None
    read = machine.readings().attributes
    trains_only = "backward" in read and read.isdisjoint(RESUMES)
    if made is None:
        return events.ParametersUnordered(site, build.name, trains_only)
    function = machine.site(made.func) if isinstance(made, ir.Call) else None
    walks = isinstance(made, ir.Comprehension)
    return events.ParametersUnordered(site, build.name, trains_only, machine.site(made), function, walks)


def _tensors_in(build: Build, value: Value, site: Site, holder: Site) -> None:
    """A tensor, a pair of a name and a tensor, or a group that an iterator gives; `holder` is the list of it."""
    state = build.state
    pair = state.get(value, SequenceCell)
    if pair is not None and pair.items is not None and len(pair.items) == 2:
        value = pair.items[1]
    options = options_of(value)
    tensors_only = tuple(option for option in options if isinstance(option, Ref) and tensors.is_tensor(option, state))
    if len(tensors_only) == len(options):
        _tensor(build, tensors_only, site, holder)
    elif isinstance(value, Method) and value.name == "data":
        _tensor(build, (tensors.cut(build.machine, "`.data`", state, site),), site, holder)
    elif isinstance(value, Union):
        tensor_methods.on_each(
            value, state, lambda option, branch: _group_if_any(replace(build, state=branch), option, site)
        )
    else:
        _group_if_any(build, value, site)
    if len(tensors_only) < len(options):
        group_tensors.something(build.machine, build.site)
        if not any(isinstance(state.cell(option), MappingCell) for option in options):
            births.given(build.machine, (UNKNOWN,), build.first)


def _group_if_any(build: Build, value: Value, site: Site) -> None:
    if isinstance(build.state.cell(value), MappingCell):
        _group(build, value, site)


def _tensor(build: Build, options: tuple[Ref, ...], site: Site, holder: Site) -> None:
    """A tensor, or one of several, becomes a parameter of the optimizer."""
    births.given(build.machine, options, build.first)
    if not build.own:
        here = trails.passed_from(build.machine, options[0], site)
        gift = group_tensors.Gift(options, here, holder, build.site, build.name, build.leaves_only)
        group_tensors.given(build.machine, gift, build.state)
