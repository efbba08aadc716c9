"""Whose gradients an act is about: which optimizer, module or tensors, and how sure it is that two are the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optlint.flow.core.acts import Subject
from optlint.flow.core.cells import Cover, InstanceCell, OptimizerCell, TensorCell
from optlint.flow.core.values import UNKNOWN, ClassValue, Closure, Const, External, Ref, Value, options_of
from optlint.flow.iterators import holdings
from optlint.flow.python import classes
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir
from optlint.flow.tensors import tensor_uses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

OPTIMIZER_NAME = re.compile(r"optim|(^|_)opt(_|\d|$|[A-Z])|Opt(_|\d|$|[A-Z])")
KNOWN_OPTIMIZER = re.compile(
    r"Adam|SGD|RMSprop|RMSProp|Lion|Lamb|LAMB|LARS|Lars|Ranger|Adafactor|AdaFactor|Adan|Sophia|Muon|Prodigy|Adagrad|"
    r"AdaBelief|NovoGrad|MADGRAD|Adadelta|Adamax|Rprop|ASGD|Shampoo|SOAP"
)
FARTHEST = 2_000


def subject_of(machine: Machine, node: ir.Expression, value: Value, state: State) -> Subject:
    """What an expression stands for, and its value."""
    text, holders = machine.site(node).text, _holders(machine, node)
    foreign = any(_is_foreign(holder, state) for holder in holders) and not _is_set_by_own_class(machine, node, state)
    known = Subject(text, None, holders=holders, foreign=foreign, chosen=_chosen_by(node), name=name_of(node))
    options = options_of(value)
    cells = [state.cell(option) for option in options]
    refs = frozenset(option for option in options if isinstance(option, Ref))
    if refs and all(isinstance(cell, OptimizerCell) for cell in cells):
        return _optimizer(machine, known, refs, state)
    if len(refs) == 1 and isinstance(cells[0], InstanceCell) and len(options) == 1:
        return _of_object(known, refs, cells[0], state)
    place = place_of(machine, node, state)
    source = machine.trace.sources.get(place)
    trusted = means_optimizer(known.name) and (source is None or _makes_optimizer(source))
    return known._replace(key=place, trusted=trusted)


def _makes_optimizer(call: ir.Node) -> bool:
    """Whether a call of another package gives an optimizer that clears nothing when it steps, told from its name."""
    name = name_of(call)
    if name in ("prepare", "DistributedOptimizer", "initialize"):
        return True
    wraps = isinstance(call, ir.Call) and any(_names_optimizer(argument.value) for argument in call.args)
    return not wraps and (not name[:1].isupper() or KNOWN_OPTIMIZER.search(name) is not None)


def _names_optimizer(node: ir.Expression) -> bool:
    """Whether an argument is an optimizer, or builds one."""
    if isinstance(node, ir.Call):
        return KNOWN_OPTIMIZER.search(name_of(node)) is not None
    return isinstance(node, ir.Name) and means_optimizer(node.id)


def means_optimizer(name: str) -> bool:
    """Whether something of this name is likely to be an optimizer."""
    return OPTIMIZER_NAME.search(name) is not None and "sched" not in name.lower()


def _optimizer(machine: Machine, known: Subject, refs: frozenset[Ref], state: State) -> Subject:
    cells = [cell for ref in refs if (cell := state.get(ref, OptimizerCell))]
    covers: list[Cover] | None = []
    for cell in cells:
        for group in cell.groups or ():
            covers = None if covers is None or group.covers is None else [*covers, *group.covers]
        covers = None if not cell.groups else covers
    parts = None if not covers else frozenset(cover.module for cover in covers)
    return known._replace(
        key=refs,
        kind="optimizer",
        refs=refs,
        parts=parts,
        inside=reach(parts or (), state),
        newest=max((_age(part, state) for part in parts or ()), default=0),
        whole=not any(cover.sliced for cover in covers or ()),
        trusted=all(_keeps_gradients(machine, cell.kind) for cell in cells) and not _is_idle(parts, state),
        blind=any(_reads_no_gradients(machine, cell.kind, state) for cell in cells),
        cls=cells[0].cls,
    )


def _age(part: Ref, state: State) -> int:
    """The address of a part if it is known to be made there, else that of what it is a part of, or 0."""
    cell = state.cell(part)
    if not isinstance(cell, InstanceCell) or cell.made is not None:
        return part.id
    return _age(cell.parent[0], state) if cell.parent is not None else 0


def _is_idle(parts: frozenset[Ref] | None, state: State) -> bool:
    """Whether nothing is computed from the tensors of an optimizer, as if it were there for its schedule."""
    cells = [state.get(part, TensorCell) for part in parts or ()]
    return bool(cells) and all(cell is not None and not cell.used and not cell.escaped for cell in cells)


def _keeps_gradients(machine: Machine, cls: Value) -> bool:
    """Whether an optimizer of this class surely clears nothing when it steps."""
    if isinstance(cls, External):
        known = cls.path in torch_api.OPTIMIZERS or cls.path == torch_api.OPTIMIZER_BASE
        return known or cls.path.startswith(torch_api.OPTIMIZER_PACKAGES)
    if not isinstance(cls, ClassValue):
        return False
    own = [base for base in classes.ancestry(cls) if isinstance(base, ClassValue)]
    clearing = frozenset({"zero_grad", "zero_", "zero_grads"})
    return all(clearing.isdisjoint(machine.mentions(base.node)) for base in own)


def _reads_no_gradients(machine: Machine, cls: Value, state: State) -> bool:
    """Whether a class of the project steps without gradients: it decays, clamps or projects."""
    found = classes.find(cls, "step", state) if isinstance(cls, ClassValue) else None
    step = found[0] if found is not None else None
    if not isinstance(step, Closure) or not isinstance(step.node, ir.Function):
        return False
    inside = ir.walk_all(machine.bodies(step.node), machine.bodies)
    return not any(name_of(node) in ("grad", "step", "super") for node in inside)


def _of_object(known: Subject, refs: frozenset[Ref], cell: InstanceCell, state: State) -> Subject:
    if cell.cls is UNKNOWN and means_optimizer(known.name):
        return known._replace(key=refs, trusted=True)
    if cell.is_module is False or (isinstance(cell.cls, ClassValue) and not cell.is_module):
        return known._replace(key=refs, kind="object", refs=refs)
    if cell.vague:
        return known._replace(kind="module")  # one of several: whose gradients it has can't be told
    return known._replace(key=refs, kind="module", refs=refs, parts=refs, inside=reach(refs, state))


def of_parameters(machine: Machine, node: ir.Expression, value: Value, state: State) -> Subject:
    """The tensors that a call is given: parameters of modules, a list, one tensor."""
    covers = holdings.covers_of(value, state)
    if covers is None and state.get(value, TensorCell) is not None:
        covers = holdings.cover_of_tensor(value, machine.site(node), state)
    parts = frozenset(cover.module for cover in covers) if covers else None
    sliced = any(cover.sliced for cover in covers or ())
    return Subject(
        machine.site(node).text, None, "tensors", frozenset(), parts, reach(parts or (), state), whole=not sliced
    )


def of_owner(machine: Machine, node: ir.Expression, owner: Ref, state: State) -> Subject:
    """The parameters of a module, one of which is at hand."""
    cell, refs = state.get(owner, InstanceCell), frozenset({owner})
    if cell is not None and cell.vague:
        return Subject(machine.site(node).text, kind="module")
    return Subject(machine.site(node).text, refs, "module", refs, refs, reach(refs, state))


def reach(refs: Iterable[Ref], state: State) -> frozenset[Ref]:
    """All that objects and containers lead to."""
    pending: list[Value] = list(refs)
    found: set[Ref] = set()
    while pending and len(found) < FARTHEST:
        value = pending.pop()
        if isinstance(value, Ref) and value not in found:
            found.add(value)
            pending += [option for held in tensor_uses.held_by(state.cell(value)) for option in options_of(held)]
    return frozenset(found)


def name_of(node: ir.Expression) -> str:
    """The last name of an expression."""
    if isinstance(node, ir.Name):
        return node.id
    if isinstance(node, ir.Attribute):
        return node.attr
    if isinstance(node, ir.Subscript):
        return name_of(node.value)
    return name_of(node.func) if isinstance(node, ir.Call) else ""


def _holders(machine: Machine, node: ir.Expression) -> frozenset[Ref]:
    """The objects that a dotted name goes through."""
    found = set()
    while isinstance(node, ir.Attribute | ir.Subscript):
        node = node.value
        value = machine.values.get(node.origin)
        if isinstance(value, Ref):
            found.add(value)
    return frozenset(found)


def _chosen_by(node: ir.Expression) -> frozenset[str]:
    """The names in the index of `optimizers[i]`."""
    index = node.index if isinstance(node, ir.Subscript) else None
    return frozenset(part.id for part in ir.walk(index) if isinstance(part, ir.Name)) if index else frozenset()


def place_of(machine: Machine, node: ir.Expression, state: State) -> object | None:
    """What tells a variable or attribute of unknown value from others, as long as it is not bound again."""
    if isinstance(node, ir.Name):
        scope = next((scope for scope in machine.frame.scopes if state.look_up(scope, node.id) is not None), 0)
        return scope, node.id, machine.trace.versions.get((scope, node.id), 0)
    if isinstance(node, ir.Attribute):
        value = machine.values.get(node.value.origin)
        inner = value if isinstance(value, Ref) else place_of(machine, node.value, state)
        return None if inner is None else (inner, node.attr)
    if isinstance(node, ir.Subscript):
        inner, index = place_of(machine, node.value, state), machine.values.get(node.index.origin)
        return None if inner is None or not isinstance(index, Const) else (inner, "[]", index.value)
    return None


def _is_foreign(holder: Ref, state: State) -> bool:
    """Whether an object may have methods that can't be seen."""
    cell = state.get(holder, InstanceCell)
    if cell is None or not isinstance(cell.cls, ClassValue):
        return False
    return any(not isinstance(base, ClassValue) and not _is_plain(base) for base in classes.ancestry(cell.cls))


def _is_set_by_own_class(machine: Machine, node: ir.Expression, state: State) -> bool:
    """Whether the class of an object sets this attribute itself."""
    if not isinstance(node, ir.Attribute):
        return False
    holder = machine.values.get(node.value.origin)
    cell = state.get(holder, InstanceCell) if holder is not None else None
    return (
        cell is not None
        and isinstance(cell.cls, ClassValue)
        and node.attr in classes.names_on_self(machine, cell.cls.node)
    )


def _is_plain(base: Value) -> bool:
    """Whether a base class of another package surely does nothing with optimizers."""
    if not isinstance(base, External):
        return False
    return base.path == "torch.nn.Module" or base.path.startswith(("builtins.", "abc.", "typing.", "object"))


def may_be_same(one: Subject, other: Subject) -> bool:
    """Whether two optimizers may be one and the same."""
    if one.key is not None and one.key == other.key:
        return True
    if one.refs and other.refs:
        return not one.refs.isdisjoint(other.refs)
    return True


def is_same(one: Subject, other: Subject) -> bool:
    """Whether two are surely one and the same."""
    return one.key is not None and one.key == other.key


def has(owner: Subject, other: Subject) -> bool | None:
    """Whether all gradients of the other are gradients of the owner too; False if none is."""
    if is_same(owner, other):
        return True
    if owner.parts is None or other.parts is None:
        return None
    if owner.whole and other.parts <= owner.inside:
        return True
    return False if owner.inside.isdisjoint(other.inside) else None


def is_within_reach(hidden: Subject, subject: Subject) -> bool:
    """Whether code that got `hidden` may get hold of what the subject is about."""
    if hidden.kind == "anything":
        return True
    theirs = hidden.inside
    mine = subject.refs | (subject.parts or frozenset()) | subject.inside | subject.holders
    if not theirs.isdisjoint(mine):
        return True
    return hidden.kind == "vague" and (not subject.refs or subject.parts is None)
