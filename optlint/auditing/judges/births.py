"""What can be told of an optimizer when it is built or gets a group."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.nn import Parameter

from optlint.auditing.judges.judge import group_place, numbered
from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.models import ModelMap
from optlint.auditing.memory.reading import is_read_in_source
from optlint.auditing.memory.sources import given_at, key_span
from optlint.auditing.memory.wording import misses, wording_at
from optlint.observations import BuildRefused, GroupGiven, KeyIgnored, NamesMissed, RatesSplitLayers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.optim import Optimizer

    from optlint.auditing.judges.unowned import Leaves
    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord
    from optlint.auditing.memory.sources import Source
    from optlint.diagnostic import Span
    from optlint.observations import Seen

ALWAYS_KNOWN = frozenset({"params", "param_names", "name", "initial_lr", "lr_scale", "lr_mult"})
UNNAMED_AFTER = 8  # steps after which a loss is not awaited any more
MEANT = {
    "learning_rate": "lr", "learningrate": "lr", "learning-rate": "lr", "lrate": "lr", "base_lr": "lr", "rate": "lr",
    "wd": "weight_decay", "decay": "weight_decay", "weightdecay": "weight_decay", "weight-decay": "weight_decay",
    "l2": "weight_decay", "mom": "momentum", "beta": "betas", "epsilon": "eps",
}  # fmt: skip


def judge_groups(record: OptimizerRecord, first: int = 0) -> Iterator[Seen]:
    """What is wrong with the groups from `first` on, as they were given."""
    optimizer = record.ref()
    for group in range(first, len(record.origins)) if optimizer is not None else ():
        place = group_place(record, group)
        if place is not None and optimizer is not None:
            yield from _judge_group(record, group, optimizer.param_groups[group], place)
            yield from ignored_keys(record, optimizer, group)


def _judge_group(record: OptimizerRecord, group: int, given: dict[str, Any], place: Span) -> Iterator[Seen]:
    origin, tensors = record.origins[group], given["params"]
    told = {"place": place, "group": group, "source": words_of(record, group), "size": origin.size, **told_of(record)}
    if not tensors and origin.state != "used up":
        yield _unmatched(record, group) or GroupGiven(**told)
    repeated = [id(tensor) for tensor in tensors]
    twice = (
        {identity for identity in repeated if repeated.count(identity) > 1}
        if len(set(repeated)) < len(repeated)
        else ()
    )
    if twice:
        names = tuple(record.parameters[identity].label for identity in dict.fromkeys(repeated) if identity in twice)
        yield GroupGiven(duplicates=names, parameters=names, **told)


def _unmatched(record: OptimizerRecord, group: int) -> NamesMissed | None:
    """An empty group whose words match no name of the model, though something was meant by them."""
    place, root = record.origins[group].place, record.root() if record.root is not None else None
    wording = wording_at(place, *numbered(record, group)) if place is not None and root is not None else None
    if wording is None or root is None or not misses(wording, root):
        return None
    return NamesMissed(
        place=wording.place, group=group, words=wording.words, whole=wording.whole, **told_of(record)
    )  # fmt: skip


def words_of(record: OptimizerRecord, group: int) -> str:
    """What the user's code calls the parameters of a group."""
    place = record.origins[group].place
    given = given_at(place, *numbered(record, group)) if place is not None else None
    return given.words if given else ""


def missed_by_used_iterators(record: OptimizerRecord, book: Book, leaves: Leaves, final: bool) -> Iterator[Seen]:
    """Groups that were given an iterator after some or all of it was taken; told once it is known what they miss."""
    for group, origin in enumerate(record.origins):
        if group in record.starved or origin.state not in ("partly used", "used up"):
            continue
        if origin.state == "partly used":
            names = tuple(_leading(record, group, book))
            due = bool(names)
        else:
            shared = _is_shared(record, group)
            names = () if shared else _reached_in_vain(record, book, leaves)
            due = not origin.size and bool(names or shared or final or record.steps >= UNNAMED_AFTER)
        place = group_place(record, group) if due else None
        if place is not None:
            record.starved.add(group)
            yield GroupGiven(
                place=place, group=group, parameters=names, source=words_of(record, group),
                iterator=origin.state, size=origin.size, **told_of(record),
            )  # fmt: skip


def nothing_given(record: OptimizerRecord, book: Book, leaves: Leaves) -> Iterator[Seen]:
    """An optimizer of empty groups, by the losses of whose training parameters are reached that nobody trains."""
    if record.parameters or record.starved or record.place is None:
        return
    names = _reached_in_vain(record, book, leaves)
    if names:
        record.starved |= set(range(len(record.origins)))
        yield GroupGiven(place=record.place, parameters=names, source="", size=0, **told_of(record))


def _is_shared(record: OptimizerRecord, group: int) -> bool:
    """Whether another group was given the same variable, and has got what was in it."""
    words = words_of(record, group)
    others = (other for other in range(len(record.origins)) if other != group)
    return words.isidentifier() and any(words_of(record, other) == words for other in others)


def _reached_in_vain(record: OptimizerRecord, book: Book, leaves: Leaves) -> tuple[str, ...]:
    """What the same losses reach and nothing trains."""
    together = [
        leaf
        for leaf, one in leaves.untrained(final=False)
        if id(record) in one.together or not (one.together or record.reached_ever)
    ]
    models = ModelMap(book.model() if book.model is not None else None) if together else None
    return tuple(sorted(models.names[id(leaf)] for leaf in together if id(leaf) in models.names)) if models else ()


def _leading(record: OptimizerRecord, group: int, book: Book) -> Iterator[str]:
    """The trainable parameters before the first one that the group got, if nobody else owns them."""
    reference = record.origins[group].module
    module = reference() if reference is not None else None
    if module is None:
        return
    for name, parameter in module.named_parameters():
        if id(parameter) in record.parameters:
            return
        if parameter.requires_grad and not book.owning(parameter):
            yield name


def ignored_keys(record: OptimizerRecord, optimizer: Optimizer, group: int) -> Iterator[Seen]:
    """Keys of a group that look like a hyperparameter of this class, and that no code reads."""
    place = record.origins[group].place
    values = optimizer.param_groups[group]
    for key in values:
        meant = _meant(key, optimizer, values)
        if meant is None or place is None or is_read_in_source(key, type(optimizer), place.filename):
            continue
        yield KeyIgnored(
            place=key_span(place, key) or place, group=group, key=key, meant=meant, value=repr(values[key]),
            kept=repr(values[meant]), parameters=_names_in(record, group), **told_of(record),
        )  # fmt: skip


def _names_in(record: OptimizerRecord, group: int) -> tuple[str, ...]:
    return tuple(parameter.label for parameter in record.parameters.values() if parameter.group == group)


def _meant(key: str, optimizer: Optimizer, values: dict[str, Any]) -> str | None:
    """The hyperparameter that a key was meant to be: it kept its default, and no code could know the key."""
    if not isinstance(key, str) or key in ALWAYS_KNOWN or key in optimizer.defaults:
        return None
    meant = MEANT.get(key.lower()) or next(
        iter(difflib.get_close_matches(key.lower(), optimizer.defaults, 1, 0.8)), None
    )
    meant = "lr" if key.lower() == "lr" else meant
    if meant not in optimizer.defaults or isinstance(values[key], Tensor):
        return None
    same = values.get(meant) is optimizer.defaults[meant] or values.get(meant) == optimizer.defaults[meant]
    return meant if same and values[key] != values[meant] else None


def split_layers(record: OptimizerRecord) -> Iterator[Seen]:
    """Rates by index: groups that are consecutive runs of the model's parameters and cut through layers."""
    optimizer, root = record.ref(), record.root() if record.root is not None else None
    if optimizer is None or root is None or record.place is None:
        return
    rates = {id(tensor): group.get("lr") for group in optimizer.param_groups for tensor in group["params"]}
    order = list(root.parameters())
    if len(set(map(repr, rates.values()))) < 2 or any(id(parameter) not in rates for parameter in order):
        return
    runs = _runs([rates[id(parameter)] for parameter in order])
    if len(set(runs[:-1])) != 1 or runs[0] < 2 or runs[-1] > runs[0]:
        return
    cut = [
        name
        for name, module in root.named_modules()
        if len({repr(rates[id(p)]) for p in module.parameters(recurse=False)}) > 1
    ]
    if cut:
        names = tuple(
            f"{name}.{key}".lstrip(".")
            for name in cut
            for key in dict(root.get_submodule(name).named_parameters(recurse=False))
        )
        yield RatesSplitLayers(place=record.place, layers=tuple(cut), parameters=names, **told_of(record))


def _runs(values: list[object]) -> list[int]:
    lengths: list[int] = []
    for position, value in enumerate(values):
        if position and repr(value) == repr(values[position - 1]):
            lengths[-1] += 1
        else:
            lengths.append(1)
    return lengths


def refused(optimizer: Optimizer, given: object, source: Source, place: Span) -> BuildRefused | None:
    """Why torch refused a group, if that is one of our subjects."""
    label = f"the {type(optimizer).__name__} optimizer"
    if source.state == "used up":
        return BuildRefused(place=place, reason="used up", name=label)
    tensors = [tensor for tensor in given if isinstance(tensor, Tensor)] if isinstance(given, list) else []
    inner = [tensor for tensor in tensors if not tensor.is_leaf and not tensor.retains_grad]
    if inner:
        piece = all(tensor._is_view() and isinstance(tensor._base, Parameter) for tensor in inner)
        return BuildRefused(place=place, reason="piece" if piece else "non-leaf", name=label)
    held = {id(tensor) for group in getattr(optimizer, "param_groups", ()) for tensor in group["params"]}
    if any(id(tensor) in held for tensor in tensors):
        return BuildRefused(place=place, reason="duplicate", name=label)
    return None
