"""Parameters in an optimizer that never get a gradient: for two iterations, watch what becomes of their modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import Module, Parameter
from torch.nn.modules.module import register_module_forward_pre_hook

from optlint.auditing.instruments.graph import reached_leaves
from optlint.auditing.instruments.patches import Patches, compiled_frames
from optlint.auditing.judges.judge import group_place
from optlint.auditing.judges.order import told_of
from optlint.auditing.memory.uses import cut_place
from optlint.observations import TensorUntrained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from optlint.auditing.memory.book import Book
    from optlint.auditing.memory.records import OptimizerRecord, ParameterRecord
    from optlint.diagnostic import Span
    from optlint.observations import Seen

BEGIN, END = 3, 5  # the steps between which the modules are watched
WINDOW = 64
DETACHES = 50


class Suspects:
    """The watch over parameters without gradients, of one optimizer at a time."""

    def __init__(self, book: Book, here: Callable[[], Span | None], fail: Callable[[Exception], None]) -> None:
        self._book = book
        self._here = here
        self._fail = fail
        self._patches = Patches()
        self._handle: Any = None
        self._watched: OptimizerRecord | None = None
        self._known: dict[int, ParameterRecord] = {}  # by identity of the tensor
        self._owned: dict[int, list[ParameterRecord]] = {}  # by identity of the module
        self._detaches = 0
        self._frames = compiled_frames()  # what is compiled would be compiled again when all modules get a hook

    def after_look(self, record: OptimizerRecord) -> None:
        """Begin or end the watch after a look at `record`."""
        if self._watched is record and record.steps >= END:
            self.stop()
        elif (
            record.bare and self._watched is None and BEGIN <= record.steps < END and self._frames == compiled_frames()
        ):
            self._begin(record)

    def _begin(self, record: OptimizerRecord) -> None:
        for _, tensor in record.tensors:
            known = record.parameters.get(id(tensor))
            owner = self._book.owner_of(tensor, record) if _is_suspect(known, tensor) else None
            if known is not None and owner is not None:
                self._known[id(tensor)] = known
                self._owned.setdefault(id(owner), []).append(known)
        if self._known:
            self._watched, self._detaches = record, 0
            self._handle = register_module_forward_pre_hook(self._on_call)
            self._patches.replace(torch.Tensor, "detach", self._around_detach)

    def stop(self) -> None:
        """End the watch."""
        self._watched = None
        self._patches.undo()
        self._known.clear()
        self._owned.clear()
        if self._handle is not None:
            self._handle.remove()
            self._handle = None

    def _on_call(self, module: Module, arguments: Any) -> None:
        for known in self._owned.get(id(module), ()):
            if module.training:
                known.calls += 1
                known.calls_without_grad += not torch.is_grad_enabled()

    def _around_detach(self, original: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def detach(tensor: Tensor) -> Tensor:
            if self._watched is not None and tensor.grad_fn is not None and self._detaches < DETACHES:
                self._detaches += 1
                try:
                    self._note_detached(tensor)
                except Exception as fault:
                    self._fail(fault)
            return original(tensor)

        return detach

    def _note_detached(self, tensor: Tensor) -> None:
        for leaf in reached_leaves((tensor,)) or ():
            known = self._known.get(id(leaf))
            if known is not None and known.detached_at is None:
                known.detached_at = self._here()


def _is_suspect(known: ParameterRecord | None, tensor: Tensor) -> bool:
    trainable = tensor.requires_grad and isinstance(tensor, Parameter)
    return known is not None and trainable and not known.grads and not known.moved and not known.wrong[0]


class _Cut(NamedTuple):
    """Where, in which group and why the way from a parameter to the loss is cut."""

    group: int
    why: str  # as in `TensorUntrained`
    place: Span | None


def judge_untrained(record: OptimizerRecord, final: bool) -> Iterator[Seen]:
    """Parameters without any gradient in a whole window, by what was seen of their modules."""
    if record.deaf or record.steps < (BEGIN if final else WINDOW):
        return
    idle = not any(known.grads for known in record.parameters.values())
    if idle and any(known.moved for known in record.parameters.values()):
        return  # an optimizer that needs no gradients
    found: dict[_Cut, list[ParameterRecord]] = {}
    for identity, known in _without_gradient(record):
        cut = _cut_of(identity, known, record)
        if not idle or cut.why != "no grad":  # gradients may be written by hand, or come in another phase
            found.setdefault(cut, []).append(known)
    for (group, why, place), alike in found.items():
        if place is not None:
            names = tuple(known.label for known in alike)
            told = {"group": group, "parameters": names, "steps": record.steps, **told_of(record)}
            yield TensorUntrained(place=place, why=why, **told)


def _without_gradient(record: OptimizerRecord) -> Iterator[tuple[int, ParameterRecord]]:
    """What could be trained and had no gradient at any look, unless it has left the model."""
    without = [pair for pair in record.parameters.items() if _has_none(pair[1])]
    root = record.root() if record.root is not None and without else None
    there = {id(parameter) for parameter in root.parameters()} if root is not None else frozenset(record.parameters)
    noted = {identity for identity, _ in record.root_names.values()}
    for identity, known in without:
        if identity not in noted or identity in there:
            yield identity, known


def _has_none(known: ParameterRecord) -> bool:
    untrained = known.trainable and not known.grads and not known.moved and known.looks > 1
    return untrained and bool(known.numel) and not known.wrong[0]  # of a sharded parameter nothing may be here


def _cut_of(identity: int, known: ParameterRecord, record: OptimizerRecord) -> _Cut:
    if known.calls and known.calls == known.calls_without_grad:
        return _Cut(known.group, "under no_grad", group_place(record, known.group))
    if known.detached_at is not None:
        return _Cut(known.group, "detached", known.detached_at)
    place = _values_used_at(identity, record) if known.calls else None
    if place is not None:
        return _Cut(known.group, "values only", place)
    return _Cut(known.group, "no grad", group_place(record, known.group))


def _values_used_at(identity: int, record: OptimizerRecord) -> Span | None:
    """Where the class of the module that registers a parameter takes its values, if it does nothing else with it."""
    root = record.root() if record.root is not None else None
    for module in root.modules() if root is not None else ():
        for name, own in module.named_parameters(recurse=False):
            if id(own) == identity:
                return cut_place(type(module), name)
    return None
