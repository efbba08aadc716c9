"""Models that change after their optimizer was built, which goes on with tensors that nothing is computed from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optlint.flow.belonging import freezing, held, superseded, ways
from optlint.flow.core.acts import Act, met
from optlint.flow.core.cells import InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.records import Gift, Training
from optlint.flow.core.values import (
    UNKNOWN,
    ClassValue,
    Closure,
    Const,
    External,
    Method,
    Ref,
    Union,
    Value,
    options_of,
)
from optlint.flow.groups import growth
from optlint.flow.order import subjects, trace
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.cells import Group
    from optlint.flow.core.machine import Arguments, Machine
    from optlint.flow.core.state import State
    from optlint.flow.events import Site

# Functions that put other Parameters into the module that they are given.
RENEWS = frozenset(
    "torch.nn.utils.weight_norm torch.nn.utils.parametrizations.weight_norm torch.distributed.fsdp.fully_shard "
    "torch.distributed._composable.fsdp.fully_shard peft.get_peft_model peft.inject_adapter_in_model".split()
)
COPIES = "copy.deepcopy"
HEADS = re.compile(r"fc|head|classif|linear|logits|output|embed")  # layers that are replaced to finetune a model
FREEZES = re.compile(r"freez|lora|adapter|trainable|peft|requires_grad")
TRAINS = re.compile(r"train|fit(_|$)|learn|epoch")
FARTHEST = 8


def given(machine: Machine, optimizer: Ref, groups: tuple[Group, ...], state: State) -> None:
    """An optimizer gets groups."""
    for group in groups:
        modules = frozenset(cover.module for cover in group.covers or ())
        sliced = any(cover.sliced for cover in group.covers or ())
        parts = None if group.covers is None or sliced else subjects.reach(modules, state)
        if group.covers is None and _has_all(group, groups):
            modules = group.sources or frozenset()
            parts = subjects.reach(modules, state)
        chosen = parts if group.covers is None and group.trainable else None
        frozen = frozenset(part for part in chosen or () if freezing.is_trainable(part, state) is False)
        machine.owned.gifts.append(Gift(optimizer, modules, parts, machine.counter.last, frozen))


def _has_all(group: Group, groups: tuple[Group, ...]) -> bool:
    """Whether all that can be trained of what a group was taken from is in one of the groups.

    Where parameters of one model were dealt out to several groups, nobody leaves some of them out.
    """
    if group.sources is None or group.trainable:
        return group.sources is not None
    others = [other.sources or () for other in groups if other is not group]
    return all(any(module in sources for sources in others) for module in group.sources)


def ran(machine: Machine, node: ir.Call, function: Value, arguments: Arguments, value: Value, state: State) -> None:
    """A call was run: of a module, or of something that changes one."""
    model = function.bound if isinstance(function, Closure) else function
    if isinstance(model, Ref) and state.no_grad is not True and state.get(model, InstanceCell) is not None:
        machine.owned.ran[model] = machine.counter.last
    elif isinstance(model, Union) and isinstance(node.func, ir.Name) and state.no_grad is not True:
        refs = frozenset(option for option in model.options if isinstance(option, Ref))
        machine.owned.ran_one_of[refs, node.func.id] = machine.counter.last
    renews = isinstance(function, External) and function.path in RENEWS
    if FREEZES.search(subjects.name_of(node.func).lower()) and not renews:
        machine.owned.perhaps_frozen.update(value for value in arguments.all() if isinstance(value, Ref))
    if not machine.owned.gifts:
        return
    _handed_over(machine, node, arguments, state)
    if isinstance(function, Method) and isinstance(function.receiver, Ref):
        assigned = function.name == "load_state_dict" and arguments.keywords.get("assign") == Const(True)
        if assigned or (function.name == "to_empty" and _is_meta(machine, function.receiver, state)):
            _changed(machine, function.receiver, function.receiver, machine.site(node), state)
    elif isinstance(function, External) and arguments.values and isinstance(arguments.values[0], Ref):
        if renews:
            _changed(machine, arguments.values[0], arguments.values[0], machine.site(node), state)
        elif function.path == COPIES:
            _replaced(machine, arguments.values[0], value, machine.site(node), state)


def _handed_over(machine: Machine, node: ir.Call, arguments: Arguments, state: State) -> None:
    """`train_one_epoch(model, optimizer)`: whatever that does, its name tells that it trains them."""
    if not TRAINS.search(subjects.name_of(node.func).lower()):
        return
    given = [option for value in arguments.all() for option in options_of(value) if isinstance(option, Ref)]
    inside = subjects.reach(given, state)
    for optimizer in (ref for ref in given if state.get(ref, OptimizerCell) is not None):
        machine.owned.trainings.append(Training(optimizer, inside, machine.counter.last))


def _is_meta(machine: Machine, module: Ref, state: State) -> bool:
    """Whether a module was made on no device at all: `to_empty` makes its parameters anew."""
    cell = state.get(module, InstanceCell)
    node = machine.nodes.get(cell.made.origin) if cell is not None and cell.made is not None else None
    given = [argument for argument in node.args if argument.keyword == "device"] if isinstance(node, ir.Call) else []
    return any(isinstance(argument.value, ir.Literal) and argument.value.value == "meta" for argument in given)


def applied(machine: Machine, since: int, state: State) -> None:
    """`model.apply(f)` is over: what follows comes after the changes that `f` made, the acts from `since` on."""
    for act in machine.trace.acts[since:]:
        if act.kind == superseded.REPLACED:
            state.trace = met(state.trace, act)


def rebound(machine: Machine, target: ir.Name, value: Value, state: State) -> None:
    """`name = value`: another model may take the place of the one that the name stood for."""
    if machine.owned.gifts and isinstance(value, Ref) and state.get(value, InstanceCell) is not None:
        found = (state.look_up(scope, target.id) for scope in machine.frame.scopes)
        old = next((known for known in found if known is not None), None)
        if isinstance(old, Ref):
            _replaced(machine, old, value, machine.site(target), state)


def put(machine: Machine, owner: Ref, name: str, value: Value, site: Site, state: State) -> None:
    """A module gets a part under a name; there may have been another."""
    cell = state.get(owner, InstanceCell)
    if not machine.owned.gifts or cell is None:
        return
    if cell.is_module is False:  # what trains a model holds another one now
        replaced(machine, cell.get(name), value, site, state)
        return
    children = dict(cell.children or ())
    old = cell.get(name) or cell.get(f"[{name}]") or children.get(name) or _counted(name, tuple(children.values()))
    old = old or machine.owned.taken_out.get((owner, name))
    if isinstance(old, Ref):
        _replaced(machine, old, value, site, state, owner)
    elif name in (cell.names or ()) and state.get(value, TensorCell) is not None:
        _replaced(machine, owner, value, site, state, owner)  # a layer's own parameter that nobody has looked at so far
    elif growth.is_container(cell) or isinstance(cell.cls, ClassValue):
        added(machine, owner, (value,), site, state, idle=not growth.is_container(cell))
    elif cell.children is None and _had(cell, name):
        _replaced(machine, owner, value, site, state, owner)


def _had(cell: InstanceCell, name: str) -> bool:
    """Whether a module that others define has had a part of this name, or it is one of those that `modules()` gives."""
    return HEADS.search(name.lower()) is not None or (cell.cls is UNKNOWN and cell.part_of is not None)


def taken_out(machine: Machine, owner: Ref, name: str, state: State) -> None:
    """`del module.name`: what is put there later takes the place of what an optimizer has."""
    cell = state.get(owner, InstanceCell)
    old = dict((*(cell.children or ()), *cell.attrs)).get(name) if cell is not None else None
    if isinstance(old, Ref) and any(has(gift, old, state) for gift in machine.owned.gifts):
        machine.owned.taken_out[owner, name] = old


def replaced(machine: Machine, old: Value | None, new: Value, site: Site, state: State) -> None:
    """A container, or an object that is no module, gets another model in place of one."""
    if isinstance(old, Ref) and state.get(old, InstanceCell) is not None and state.get(new, InstanceCell) is not None:
        _replaced(machine, old, new, site, state)


def _counted(name: str, children: tuple[Value, ...]) -> Value | None:
    """The child at a place counted from the end."""
    place = int(name) if name.lstrip("-").isdigit() else 0
    return children[place] if -len(children) <= place < 0 else None


def _replaced(machine: Machine, old: Ref, new: Value, site: Site, state: State, owner: Ref | None = None) -> None:
    """Another part of `owner`, or another model, takes the place of the old one, or goes around it."""
    if not isinstance(new, Ref) or new == old:
        return
    if old not in _within(new, state):
        if _trains(new, state, owner is None):
            _changed(machine, old, new, site, state, owner)
    elif owner is not None and held.trains(new, state, apart=(kept := subjects.reach((old,), state))):
        _changed(machine, old, new, site, state, owner, kept)


def added(
    machine: Machine, owner: Ref, parts: tuple[Value, ...], site: Site, state: State, *, idle: bool = False
) -> None:
    """`layers.append(layer)`, `model.head = layer`: what an optimizer has the parameters of gets more."""
    for part in parts:
        if (
            isinstance(part, Ref)
            and held.trains(part, state)
            and any(has(gift, owner, state) for gift in machine.owned.gifts)
        ):
            _changed(machine, owner, part, site, state, owner, added=True, idle=idle)


def _within(part: Ref, state: State) -> frozenset[Ref]:
    """All that a part leads to, or may: methods that were not run may have kept what they were given."""
    inside: frozenset[Ref] = frozenset()
    reached = subjects.reach((part,), state)
    while inside != reached:
        inside = reached
        cells = (state.get(ref, InstanceCell) for ref in inside)
        given = (value for cell in cells if cell for held in cell.given for value in options_of(held))
        reached = subjects.reach((part, *(value for value in given if isinstance(value, Ref))), state)
    return inside


def _trains(part: Ref, state: State, whole: bool) -> bool:
    """Whether a part has parameters to train; a `whole` model that takes the place of a trained one is believed to."""
    cell = state.cell(part)
    if isinstance(cell, TensorCell):
        return cell.parameter is True and cell.requires_grad is True
    if whole and isinstance(cell, InstanceCell) and cell.is_module:
        return not cell.frozen and cell.trainable is not False
    return held.trains(part, state)


def _changed(
    machine: Machine, old: Ref, new: Ref, site: Site, state: State, owner: Ref | None = None,
    kept: frozenset[Ref] = frozenset(), added: bool = False, idle: bool = False,
) -> None:  # fmt: skip
    """Note the change if an optimizer has the old parameters; it is judged when all of the program is known."""
    inside = subjects.reach((old,), state) if new != old else frozenset()
    gifts = [gift for gift in machine.owned.gifts if has(gift, old, state) or not gift.modules.isdisjoint(inside)]
    optimizers = {gift.optimizer for gift in gifts}
    if (
        not optimizers
        or (not kept and _may_be_frozen(machine, old, state))
        or any(isinstance(part, tuple) and part[1] == "handler" for part in state.path)
    ):
        return
    act = Act(superseded.REPLACED, site)
    trace.note(machine, act, state)
    in_method = getattr(machine.trace.root, "bound", None) is not None
    whole = owner is None and old != new
    around = frozenset(outwards(old, state))
    lazily = any(getattr(frame, "name", "") in growth.STARTS for frame in trace.running(machine))
    change = superseded.Change(act, old, new, around, whole, machine.counter.last, in_method, kept, added, idle)

    def settle(last: State) -> None:
        if old == new or (_trains(new, last, whole) and not _is_put_back(owner, old, new, last)):
            parts = subjects.reach((new,), last) - kept
            cells = {one: cell for one in optimizers if (cell := last.get(one, OptimizerCell))}
            known = change._replace(idle=idle and (lazily or not _computes_with(machine, owner, new, last)))
            machine.when_over(lambda: superseded.judge(machine, known, parts, cells))

    machine.when_settled(settle)


def _computes_with(machine: Machine, owner: Ref | None, part: Ref, state: State) -> bool:
    """Whether a model surely runs one of its parts, with gradients, whenever it is called."""
    cell = state.get(owner, InstanceCell) if owner is not None else None
    run = ways.of_model(machine, cell, state) if cell is not None else None
    return run is not None and (part in run.read.inputs or part in run.read.outcome)


def _may_be_frozen(machine: Machine, part: Ref, state: State) -> bool:
    """Whether a model was given to code whose name tells that it lets only some parts be trained."""
    return any(one in machine.owned.perhaps_frozen for one in outwards(part, state))


def _is_put_back(owner: Ref | None, old: Ref, new: Ref, state: State) -> bool:
    """Whether the change was undone: the old part is there again, or nothing refers to the new one any more."""
    if owner is None:
        return not tensor_uses.is_held(new, state)
    inside = subjects.reach((owner,), state)
    return new not in inside and old in inside and old != owner


def has(gift: Gift, old: Ref, state: State) -> bool:
    """Whether a group was made of this part, or of something that it is in."""
    if gift.parts is None:
        return False
    return any(part in gift.parts for part in outwards(old, state))


def outwards(part: Ref, state: State) -> Iterator[Ref]:
    """A part, what it is in, and so on."""
    for _ in range(FARTHEST):
        yield part
        cell = state.cell(part)
        parent = cell.parent if isinstance(cell, InstanceCell | TensorCell) else None
        if parent is not None:
            part = parent[0]
        elif isinstance(cell, InstanceCell) and cell.part_of is not None and cell.cls is UNKNOWN:
            part = cell.part_of.module  # one of those that `modules()` gives
        else:
            return
