"""Why a leaf that the loss reaches is in no optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor
from torch.nn import Module, Parameter

from optlint.auditing.instruments.graph import reached_leaves
from optlint.auditing.memory.models import plain_name
from optlint.auditing.memory.summaries import ParameterSummary
from optlint.auditing.memory.uses import assignment_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.models import ModelMap
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.diagnostic import Span

CAUSES = {
    "added": "became part of the model after the optimizer was built",
    "unfrozen": "was frozen when the optimizer was built",
    "gap": "lies between the slices that the optimizer was given",
    "dropped": "is set on the model itself, not on one of its children",
    "criterion": "belongs to a module that no optimizer was given",
    "replaced": "took the place of what the optimizer holds",
    "hidden module": "is in a plain container, which parameters() does not see",
    "hidden parameter": "is in a plain container, which parameters() does not see",
    "plain tensor": "is a plain tensor, which parameters() does not see",
    "computed": "was computed from a Parameter, which nothing registers",
    "other": "was not given to an optimizer",
}


class Cause(NamedTuple):
    """Why (a word of `observations.Unowned`), what the parameter is called, where the mistake is written."""

    why: str
    name: str
    holder: str = ""
    place: Span | None = None


def cause_of(leaf: Tensor, record: OptimizerRecord, models: ModelMap, book: Book) -> Cause | None:
    """The cause for a leaf that the same loss reaches as the parameters of `record`; None: not worth a word."""
    root = models.root_of.get(id(leaf))
    if root is None:
        return _held_in_plain_sight(leaf, record, models)
    name = models.names[id(leaf)]
    if not _owned_in(root, book):
        return _hidden_module(leaf, record, models, book) or _of_other_root(leaf, name, root, record)
    born = {plain_name(key): value for key, value in record.root_names.items()}
    before = born.get(name)
    if before is None or before[0] != id(leaf):
        return _new(name, before, record, root, book)
    if not before[1]:
        return Cause("unfrozen" if _was_whole(record, book) else "other", name)
    return Cause(_left_out(leaf, name, record, root), name)


def _owned_in(root: Module, book: Book) -> bool:
    return any(book.owning(parameter) for parameter in root.parameters())


def _new(name: str, before: tuple[int, bool] | None, record: OptimizerRecord, root: Module, book: Book) -> Cause:
    """The model did not have this parameter when the optimizer was built."""
    if not _was_whole(record, book):
        return Cause("other", name)
    alive = {id(parameter) for parameter in root.parameters()}
    gone = [identity for identity in record.parameters if identity not in alive]
    frozen = all(not parameter.trainable for parameter in record.parameters.values())
    return Cause("replaced" if before is not None or gone or frozen else "added", name)


def _was_whole(record: OptimizerRecord, book: Book) -> bool:
    """Whether optimizers own all that could be trained in the model when this one was built."""
    trainable = [identity for identity, trainable in record.root_names.values() if trainable]
    return bool(trainable) and all(identity in book.owners for identity in trainable)


def _left_out(leaf: Tensor, name: str, record: OptimizerRecord, root: Module) -> str:
    """Trainable from the start and not given: by plan, unless slices leave a gap or children are all that was given."""
    slices = [set(origin.children) for origin in record.origins if origin.children]
    modules = (origin.module() for origin in record.origins if origin.module is not None)
    given = set().union(*slices) | {id(module) for module in modules if module is not None}
    if not given:
        return "gap" if _cut_layer(record, root, leaf) else "other"
    for parent in root.modules():
        children = list(parent.children())
        identities = {id(child) for child in children}
        sliced = sum(bool(part & identities) for part in slices)
        is_own = any(leaf is own for own in parent.parameters(recurse=False))
        if sliced > 1 or (is_own and given & identities):
            why = _gap(leaf, parent, children, given)
            if why != "other":
                return why
    return "other"


def _gap(leaf: Tensor, parent: Module, children: list[Module], given: set[int]) -> str:
    with_parameters = [child for child in children if next(child.parameters(), None) is not None]
    if any(leaf is own for own in parent.parameters(recurse=False)):
        return "dropped" if all(id(child) in given for child in with_parameters) else "other"
    owned = [id(child) in given for child in with_parameters]
    at = next((i for i, child in enumerate(with_parameters) if any(leaf is p for p in child.parameters())), 0)
    return "gap" if any(owned[:at]) and any(owned[at + 1 :]) else "other"


def _cut_layer(record: OptimizerRecord, root: Module, leaf: Tensor) -> bool:
    """Whether one run of parameters in the middle was left out, which cuts through a layer: an index is wrong."""
    order = [id(parameter) for parameter in root.parameters() if parameter.requires_grad]
    owned = [identity in record.parameters for identity in order]
    out = [position for position, is_owned in enumerate(owned) if not is_owned]
    if not out or out[-1] - out[0] + 1 != len(out) or out[0] == 0 or out[-1] == len(owned) - 1:
        return False
    layers = [[id(p) for p in module.parameters(recurse=False)] for module in root.modules()]
    return any({identity in record.parameters for identity in layer} == {True, False} for layer in layers)


def _of_other_root(leaf: Tensor, name: str, root: Module, record: OptimizerRecord) -> Cause:
    """A whole module without optimizer: the model was replaced, or it is a criterion, or it is not to be trained."""
    owned = {plain_name(key) for key, (identity, _) in record.root_names.items() if identity in record.parameters}
    born = record.root() if record.root is not None else None
    within = owned and any(module is born for module in root.modules())  # whose own parameters are gone
    if (name in owned or within) and all(tensor.grad is None for _, tensor in record.tensors):
        return Cause("replaced", name)
    is_leaf_module = not list(root.children()) and any(leaf is own for own in root.parameters())
    if is_leaf_module and root.training and not type(root).__module__.startswith("torch."):
        return Cause("criterion", name, type(root).__name__)
    return Cause("other", name)


def _hidden_module(leaf: Tensor, record: OptimizerRecord, models: ModelMap, book: Book) -> Cause | None:
    """A module in a plain list, tuple or dict of a module that is trained."""
    for holder, attribute, value in models.holders():
        for key, item in items_in(value):
            if isinstance(item, Module) and item.training:
                name = next((n for n, p in item.named_parameters() if p is leaf), None)
                if name is not None and _trains(holder, record, models):
                    return Cause(
                        "hidden module", f"{_path(holder, models)}{attribute}.{key}.{name}",
                        f"{type(holder).__name__}.{attribute}", assignment_place(type(holder), attribute),
                    )  # fmt: skip
    return None


def _held_in_plain_sight(leaf: Tensor, record: OptimizerRecord, models: ModelMap) -> Cause | None:
    """A tensor that no module registers, in a plain attribute or container of a module that is trained."""
    for holder, attribute, value in models.holders():
        why, key = _hides(value, leaf)
        if why and _trains(holder, record, models):
            where = f"{type(holder).__name__}.{attribute}"
            name = f"{_path(holder, models)}{attribute}{key}"
            return Cause(why, name, where, assignment_place(type(holder), attribute))
    return None


def _path(holder: Module, models: ModelMap) -> str:
    """What the names of a module's own begin with in the model around it."""
    named = (pair for root in models.roots for pair in root.named_modules())
    path = next((name for name, module in named if module is holder), "")
    return plain_name(f"{path}.") if path else ""


def _hides(value: object, leaf: Tensor) -> tuple[str, str]:
    if value is leaf:
        return "plain tensor", ""
    if isinstance(value, Tensor):
        return ("computed", "") if isinstance(leaf, Parameter) and _comes_from(value, leaf) else ("", "")
    key = next((key for key, item in items_in(value) if item is leaf), None)
    return ("hidden parameter", f".{key}") if key is not None else ("", "")


def _comes_from(value: Tensor, leaf: Tensor) -> bool:
    leaves = reached_leaves((value,)) if value.grad_fn is not None else None
    return leaves is not None and len(leaves) == 1 and leaves[0] is leaf


def items_in(value: object) -> Iterator[tuple[object, object]]:
    """What is in a plain container and in the containers in it."""
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, (list, tuple)):
        pairs = list(enumerate(value))
    else:
        return
    for key, item in pairs:
        yield key, item
        if isinstance(item, (list, tuple, dict)):
            yield from ((f"{key}.{inner}", thing) for inner, thing in items_in(item))


def _trains(holder: Module, record: OptimizerRecord, models: ModelMap) -> bool:
    """Whether the optimizer owns a part of the model that `holder` belongs to."""
    return any(
        any(module is holder for module in root.modules())
        and any(id(parameter) in record.parameters for parameter in root.parameters())
        for root in models.roots
    )


def summary_of_leaf(leaf: Tensor, name: str, cause: Cause | None) -> ParameterSummary:
    """A leaf that nobody trains."""
    return ParameterSummary(
        name=name, shape=tuple(leaf.shape), dtype=str(leaf.dtype).removeprefix("torch."), numel=leaf.numel(),
        requires_grad=leaf.requires_grad, is_leaf=leaf.is_leaf, grad="sometimes", moved="no",
        reason=CAUSES[cause.why if cause else "other"], cause=cause.place if cause else None,
    )  # fmt: skip
