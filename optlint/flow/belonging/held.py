"""Modules in plain containers of a module, which does not register them.

Spelling tells which attributes are worth a look (`fates.py`), the engine what they hold when an object is complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from optlint.flow import events
from optlint.flow.belonging import contents, fates
from optlint.flow.core.cells import InstanceCell, MappingCell, SequenceCell, TensorCell
from optlint.flow.core.values import UNKNOWN, ClassValue, External, Ref, Value, options_of
from optlint.flow.groups.modules import LISTED
from optlint.flow.iterators.changes import name_of
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_api, torch_layers
from optlint.flow.reading import ir, nesting

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

CONTAINERS = frozenset("list tuple dict OrderedDict defaultdict deque".split())
REGISTERING = frozenset("ModuleList ModuleDict Sequential ParameterList ParameterDict Parameter Buffer".split())
OWN_WAYS = frozenset("__setattr__ __getattr__ __dict__ _modules _parameters vars __call__".split())
TABLES = frozenset({"_modules", "_parameters"})
HARMLESS_BASES = (
    "builtins.", "abc.", "typing.", "collections.", "torch.nn.", "lightning.LightningModule", "torch.jit.ScriptModule",
    "transformers.", "diffusers.", "huggingface_hub.",
)  # fmt: skip
DEEPEST = 4


class Suspect(NamedTuple):
    """An attribute of a class whose content computes, and that no code handles in any other way."""

    name: str
    fate: contents.Fate
    owners: frozenset[str]  # the names of classes that may have it


def suspects(machine: Machine, cls: ClassValue) -> tuple[Suspect, ...]:
    """The attributes of a class of modules that may hold what it does not register."""
    if not is_plain_module(cls):
        return ()
    nodes = (node for part in (cls.node, *_mixed_in(machine, cls)) for node in part.body)
    own = {name for node in nodes if isinstance(node, ir.Function) for name in _stored(machine, node)}
    made = _made_by_helpers(machine, cls.node)
    own |= made.keys()
    machine.asked.update(made.values())
    if not own or registers_by_hand(machine, cls):
        return ()
    return tuple(found for name in sorted(own) if (found := _suspect(machine, cls, name)))


def _mixed_in(machine: Machine, cls: ClassValue) -> Iterator[ir.Class]:
    """The bases of a class that the file defines and that are no modules: only an object of the class shows them."""
    here = {known.node for known in machine.classes}
    for base in classes.ancestry(cls):
        if isinstance(base, ClassValue) and base.node in here and classes.is_module(base) is not True:
            yield base.node


def is_plain_module(cls: ClassValue) -> bool:
    """Whether objects are `nn.Module`s, and no class may register more: it sets attributes itself, or is not known."""
    outer = [base for base in classes.ancestry(cls) if not isinstance(base, ClassValue)]
    inner = [part for base in classes.ancestry(cls) if isinstance(base, ClassValue) for part in base.node.body]
    if any(isinstance(part, ir.Function) and part.name == "__setattr__" for part in inner):
        return False
    return classes.is_module(cls) is True and all(
        isinstance(base, External) and base.path.startswith(HARMLESS_BASES) for base in outer
    )


def registers_by_hand(machine: Machine, cls: ClassValue) -> bool:
    """Whether a class may register parts in ways of its own; `module._parameters["bias"].grad` only looks at one."""
    found = OWN_WAYS & machine.mentions(cls.node)
    return bool(found) and not (found <= TABLES and _only_looks_up(ir.walk_all(cls.node.body, machine.bodies)))


def _only_looks_up(parts: Iterator[ir.Node]) -> bool:
    """Whether some code uses the tables of modules for nothing but to read an entry."""
    known = [*parts]
    read = {part.value for part in known if isinstance(part, ir.Subscript)} - {*_written(known)}
    return all(part in read for part in known if _names_table(part))


def _written(parts: list[ir.Node]) -> Iterator[ir.Node]:
    """What subscripts that are assigned to or deleted are taken of."""
    targets = (target for part in parts for target in _targets(part))
    inside = (inner for target in targets for inner in ir.walk(target))
    return (inner.value for inner in inside if isinstance(inner, ir.Subscript))


def _targets(node: ir.Node) -> tuple[ir.Expression, ...]:
    if isinstance(node, ir.Assign | ir.Delete):
        return node.targets
    return (node.target,) if isinstance(node, ir.AugmentedAssign | ir.For | ir.Clause) else ()


def _names_table(node: ir.Node) -> bool:
    word = node.attr if isinstance(node, ir.Attribute) else node.id if isinstance(node, ir.Name) else None
    return (node.value if isinstance(node, ir.Literal) else word) in TABLES


def family(machine: Machine, cls: ClassValue) -> frozenset[ir.Class]:
    """The class, its bases and those derived from it, as far as the file defines them."""
    return frozenset(known.node for known in machine.classes if _are_related(known, cls)) | {cls.node}


def owners(machine: Machine, cls: ClassValue) -> frozenset[str]:
    """The names of the classes whose objects may be of a class: its own, those derived from it, and its bases."""
    bases = (base.node for base in classes.ancestry(cls) if isinstance(base, ClassValue))
    return frozenset(node.name for node in (*family(machine, cls), *bases))


def _are_related(known: ClassValue, cls: Value) -> bool:
    return known in classes.ancestry(cls) or cls in classes.ancestry(known)


def _suspect(machine: Machine, cls: ClassValue, name: str) -> Suspect | None:
    question = contents.Question(name, family(machine, cls))
    fate = fates.fate_of(question, machine.block, machine.bodies, machine.mentions)
    registers = any(isinstance(value, ir.Call) and name_of(value.func) in REGISTERING for _, value, _ in fate.stores)
    if fate.handled or not fate.used or not fate.stores or registers:
        return None
    if fate.picked and not fate.built and all(_is_wrapper(store.value) for store in fate.stores):
        return None
    return Suspect(name, fate, owners(machine, cls))


def _is_wrapper(value: ir.Expression) -> bool:
    """`[teacher]`: a list of one hides it on purpose."""
    return isinstance(value, ir.Display) and len(value.items) == 1


def _stored(machine: Machine, function: ir.Function) -> Iterator[str]:
    """The attributes that a method sets to what looks like a container."""
    if not function.parameters:
        return
    me, plain = function.parameters[0].name, set[str]()
    assigned = [node for node in nesting.statements(machine.bodies(function)) if isinstance(node, ir.Assign)]
    found = [(target, node.value) for node in assigned if node.value is not None for target in _flat(node.targets)]
    for target, value in found:
        if isinstance(target, ir.Name) and _is_container(value, frozenset()):
            plain.add(target.id)
    for target, value in found:
        of_self = isinstance(target, ir.Attribute) and isinstance(target.value, ir.Name) and target.value.id == me
        if isinstance(target, ir.Attribute) and of_self and _is_container(value, plain):
            yield target.attr


def _made_by_helpers(machine: Machine, cls: ir.Class) -> dict[str, ir.Node]:
    """The attributes set to what a helper gives and then walked along or indexed, with the call of the helper."""
    statements = reversed([*nesting.statements(cls.body, machine.bodies)])
    assigned = (part for part in statements if isinstance(part, ir.Assign) and isinstance(part.value, ir.Call))
    made = {
        target.attr: part.value
        for part in assigned
        for target in part.targets
        if isinstance(target, ir.Attribute) and _is_helper(part.value)
    }
    walked = _walked(ir.walk_all(cls.body, machine.bodies)) if made else frozenset()
    return {name: call for name, call in made.items() if call is not None and name in walked}


def _is_helper(call: ir.Node | None) -> bool:
    """Whether a function or a method of the same object is called, and no class."""
    func = call.func if isinstance(call, ir.Call) else None
    if isinstance(func, ir.Attribute):
        return isinstance(func.value, ir.Name) and func.value.id == "self"
    return isinstance(func, ir.Name) and func.id[:1].islower() and func.id not in CONTAINERS


def _walked(parts: Iterator[ir.Node]) -> frozenset[str]:
    """The attributes that loops go through, or that are indexed."""
    looping = (part for part in parts if isinstance(part, ir.For | ir.Clause | ir.Subscript))
    sources = (part.value if isinstance(part, ir.Subscript) else part.iterable for part in looping)
    return frozenset(inner.attr for source in sources for inner in ir.walk(source) if isinstance(inner, ir.Attribute))


def _flat(targets: tuple[ir.Expression, ...]) -> Iterator[ir.Expression]:
    for target in targets:
        yield from target.items if isinstance(target, ir.Display) else (target,)


def _is_container(value: ir.Expression, plain: frozenset[str] | set[str]) -> bool:
    """Whether an expression looks like a container that may hold modules."""
    if isinstance(value, ir.Name):
        return value.id in plain
    if isinstance(value, ir.Display):
        return not value.items or any(not isinstance(item, ir.Literal) or item.value is None for item in value.items)
    if isinstance(value, ir.DictDisplay | ir.Comprehension):
        return not isinstance(value, ir.Comprehension) or value.kind != "generator"
    if isinstance(value, ir.Binary):
        return _is_container(value.left, plain) or _is_container(value.right, plain)
    if isinstance(value, ir.Conditional):
        return _is_container(value.body, plain) or _is_container(value.orelse, plain)
    return isinstance(value, ir.Call) and name_of(value.func) in CONTAINERS


def judge(machine: Machine, found: tuple[Suspect, ...], ref: Ref, state: State) -> None:
    """Tell of the attributes of an object that hold modules which it does not register."""
    cell = state.get(ref, InstanceCell)
    if not found or cell is None or cell.get("?") is not None:  # something was registered under an unknown name
        return
    known = registered(ref, state)
    listed = frozenset(what for what, mark in state.marks if mark == LISTED and isinstance(what, Ref))
    for suspect in found:
        for option in options_of(cell.get(suspect.name) or ref):
            container = state.cell(option)
            if isinstance(container, SequenceCell | MappingCell):
                hidden = [part for part in inside(option, state) if _is_hidden(part, ref, known, listed, state)]
                if hidden and not machine.uses_elsewhere(suspect.name, suspect.owners):
                    _tell(machine, suspect, option, container)
                    break


def registered(ref: Ref, state: State) -> set[Ref]:
    """The modules and tensors that an object registers, with itself."""
    seen, pending = set[Ref](), [ref]
    while pending:
        part = pending.pop()
        cell = state.get(part, InstanceCell)
        if part in seen:
            continue
        if cell is not None or state.get(part, TensorCell) is not None:
            seen.add(part)
        if cell is not None:
            values = [value for _, value in (*cell.attrs, *(cell.children or ()))]
            pending += [one for value in values for one in options_of(value) if isinstance(one, Ref)]
    return seen


def inside(value: Value, state: State, depth: int = 0) -> Iterator[Ref]:
    """The modules and tensors in a container, and in those inside it."""
    cell = state.cell(value)
    held: tuple[Value, ...] = ()
    if isinstance(cell, SequenceCell):
        held = cell.items if cell.items is not None else (*(cell.members or ()), *cell.among, cell.item or UNKNOWN)
    elif isinstance(cell, MappingCell):
        held = (*(entry.value for _, entry in cell.entries), cell.item)
    elif isinstance(cell, InstanceCell | TensorCell) and isinstance(value, Ref):
        yield value
    for part in held if depth < DEEPEST else ():
        for option in options_of(part):
            yield from inside(option, state, depth + 1)


def _is_hidden(part: Ref, owner: Ref, known: set[Ref], listed: Set[Ref], state: State) -> bool:
    """Whether an object made this module for itself, to be trained, and does not register it.

    Who is given the parameters of those that are `listed` may keep them.
    """
    cell = state.get(part, InstanceCell)
    if cell is None or cell.made is None or cell.vague or part.id < owner.id or part in known | listed:
        return False
    if cell.parent is not None:  # of a model that may be hidden on purpose
        return False
    return trains(part, state, apart=known | listed)


def trains(part: Ref, state: State, depth: int = 0, *, apart: Set[Ref] = frozenset()) -> bool:
    """Whether a module surely has parameters that can be trained, `apart` from some that are no concern."""
    cell = state.get(part, InstanceCell)
    if cell is None or cell.is_module is not True or cell.frozen or cell.trainable is False or depth > DEEPEST:
        return False
    if isinstance(cell.cls, External) and _is_trained(cell.cls.path):
        return True
    if cell.layout is not None:
        return any(cell.layout)
    values = (*(value for _, value in (*cell.attrs, *(cell.children or ()))), *cell.among)
    inner = [value for value in values if isinstance(value, Ref) and value not in apart]
    own = (state.get(value, TensorCell) for value in inner if isinstance(cell.cls, ClassValue))
    return any(one is not None and one.parameter and one.requires_grad for one in own) or any(
        trains(value, state, depth + 1, apart=apart) for value in inner
    )


def _is_trained(path: str) -> bool:
    """Whether a layer of another package has something to train, whatever it is made with."""
    for_graphs = torch_api.GRAPH_LAYERS.match(path) and not torch_api.UNTRAINED_GRAPH_LAYERS.match(path)
    return path in torch_layers.TRAINED or bool(for_graphs)


def _tell(machine: Machine, suspect: Suspect, held: Value, container: SequenceCell | MappingCell) -> None:
    site = machine.site(target_of(machine, suspect.fate, held))
    kind = container.kind if isinstance(container, SequenceCell) else "dict"
    machine.emit(events.ModulesHidden(site, site.text, kind, machine.site(suspect.fate.used[0])))


def target_of(machine: Machine, fate: contents.Fate, held: Value) -> ir.Attribute:
    """Where the attribute got this value."""
    found = (store.target for store in fate.stores if machine.values.get(store.value.origin) == held)
    return next(found, fate.stores[0].target)
