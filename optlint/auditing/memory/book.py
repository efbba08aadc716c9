"""The book of one audit: all optimizers that live or lived, and who owns which tensor."""

from __future__ import annotations

import weakref
from threading import get_ident
from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn.parameter import is_lazy

from optlint.auditing.memory.hyperparameters import note_hyperparameters
from optlint.auditing.memory.left_out import frozen_among
from optlint.auditing.memory.models import ModelMap, names_of
from optlint.auditing.memory.records import GroupOrigin, OptimizerRecord, ParameterRecord
from optlint.auditing.memory.registrations import Registrations
from optlint.auditing.memory.sources import variable_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch.nn import Module
    from torch.optim import Optimizer

    from optlint.auditing.memory.sources import Source
    from optlint.auditing.memory.summaries import ParameterSummary
    from optlint.diagnostic import Span

KEPT = 200  # optimizers that are listed one by one
SCANS = 4  # looks at all live objects that births may cost


class Book:
    """Records by optimizer and owners by tensor."""

    def __init__(self, model: Module | None) -> None:
        self.records: dict[int, OptimizerRecord] = {}  # the living, by identity
        self.all: list[OptimizerRecord] = []
        self.owners: dict[int, tuple[OptimizerRecord, ...]] = {}  # by identity of the tensor
        self.registrations = Registrations()
        self.model = weakref.ref(model) if model is not None else None
        self.last_dead: OptimizerRecord | None = None
        self.left_frozen: dict[str, ParameterSummary] = {}  # by name: frozen when an optimizer was built without them
        self._scans = SCANS

    def close(self) -> None:
        """Let go of everything."""
        self.records.clear()
        self.owners.clear()
        self.all.clear()

    def of(self, optimizer: Optimizer) -> OptimizerRecord | None:
        """The record of a living optimizer; never that of a dead one with the same identity."""
        record = self.records.get(id(optimizer))
        return record if record is not None and record.ref() is optimizer else None

    def of_thread(self) -> list[OptimizerRecord]:
        """The living optimizers that this thread steps; gradients of others may be written at this very moment."""
        here = get_ident()
        return [record for record in tuple(self.records.values()) if record.thread == here]

    def owning(self, tensor: Tensor) -> tuple[OptimizerRecord, ...]:
        """The living optimizers that hold `tensor`."""
        return self.owners.get(id(tensor), ())

    def enter(
        self,
        optimizer: Optimizer,
        place: Span | None,
        sources: Iterable[Source] = (),
        built_here: bool = True,
        on_end: Callable[[OptimizerRecord], None] | None = None,
    ) -> OptimizerRecord:
        """A new record for an optimizer that was just built, or is seen for the first time."""
        index = min(len(self.all), KEPT)
        kind = type(optimizer)
        record = OptimizerRecord(
            index,
            weakref.ref(optimizer),
            weakref.ref(kind),
            kind.__name__,
            place,
            kind.__module__.startswith("torch.optim"),
            built_here,
        )
        record.ref = weakref.ref(optimizer, self._burial(id(optimizer), record, on_end))
        record.label = self._label(record)
        self.records[id(optimizer)] = record
        if len(self.all) <= KEPT:
            self.all.append(record)
        record.born_defaults = {
            key: value for key, value in optimizer.defaults.items() if isinstance(value, float | int)
        }
        for number, source in enumerate(sources):
            self.add_origin(record, number, source, place, late=False)
        self.enter_tensors(record)
        self._find_root(record)
        record.ties = _ties(record)
        note_hyperparameters(record, optimizer)
        return record

    def _label(self, record: OptimizerRecord) -> str:
        variable = variable_at(record.place) if record.place else None
        return f"`{variable}` ({record.class_name})" if variable else f"the {record.class_name} optimizer"

    def _burial(
        self, key: int, record: OptimizerRecord, on_end: Callable[[OptimizerRecord], None] | None
    ) -> Callable[[weakref.ref[Optimizer]], None]:
        def bury(_: weakref.ref[Optimizer]) -> None:
            if self.records.get(key) is record:
                del self.records[key]
            for identity in record.parameters:
                left = tuple(other for other in self.owners.get(identity, ()) if other is not record)
                if left:
                    self.owners[identity] = left
                else:
                    self.owners.pop(identity, None)
            self.last_dead = record
            if on_end is not None:
                on_end(record)

        return bury

    def add_origin(self, record: OptimizerRecord, group: int, source: Source, place: Span | None, late: bool) -> None:
        """Note how a group came to the optimizer."""
        optimizer = record.ref()
        size = len(optimizer.param_groups[group]["params"]) if optimizer is not None else 0
        module = weakref.ref(source.module) if source.module is not None else None
        slices = self._slice(source.module) if source.module is not None else ()
        record.lacking = record.lacking or source.state in ("partly used", "used up")
        record.origins.append(GroupOrigin(place, source.state, source.filtered, module, slices, size, late))

    def _slice(self, module: Module) -> tuple[int, ...]:
        """The children of a `Sequential` or `ModuleList` that was made of parts of a model."""
        if type(module).__name__ not in ("Sequential", "ModuleList") or self.registrations.has_parent(module):
            return ()
        return tuple(id(child) for child in module.children())

    def enter_tensors(self, record: OptimizerRecord) -> None:
        """Note tensors that are not in the book yet."""
        for group, tensor in record.tensors:
            if id(tensor) not in record.parameters:
                record.parameters[id(tensor)] = _record_of(tensor, group, len(record.parameters))
                self.owners[id(tensor)] = (*self.owners.get(id(tensor), ()), record)

    def _find_root(self, record: OptimizerRecord) -> None:
        """The model around the parameters, with its names as they are now."""
        root = self._root_of(record)
        if root is None:
            return
        record.root = weakref.ref(root)
        named = dict(root.named_parameters(remove_duplicate=False))
        record.root_names = {name: (id(tensor), tensor.requires_grad) for name, tensor in named.items()}
        left_out = {name: tensor for name, tensor in named.items() if id(tensor) not in record.parameters}
        record.frozen = [weakref.ref(tensor) for tensor in left_out.values() if not tensor.requires_grad]
        self.left_frozen.update([(one.name, one) for one in frozen_among(left_out, self.left_frozen)])
        self.label_parameters(record, names_of(root))
        self._label_from_other_models(record, root)

    def _label_from_other_models(self, record: OptimizerRecord, root: Module) -> None:
        """Parameters of a second model get the name of its class in front."""
        own = {identity for identity, _ in record.root_names.values()}
        for _, tensor in record.tensors:
            other = self.registrations.root(tensor) if id(tensor) not in own else None
            if other is not None and other is not root:
                names = {key: f"{type(other).__name__}.{name}" for key, name in names_of(other).items()}
                self.label_parameters(record, names)
                own |= names.keys()

    def _root_of(self, record: OptimizerRecord) -> Module | None:
        bases = [
            (tensor, tensor._base if not is_lazy(tensor) and tensor._is_view() else None)
            for _, tensor in record.tensors
        ]
        tensors = [tensor if base is None else base for tensor, base in bases]
        model = self.model() if self.model else None
        if model is not None and tensors and id(tensors[0]) in names_of(model):
            return model
        found = next((root for root in map(self.registrations.root, tensors[:3]) if root is not None), None)
        if found is not None or not tensors or not self._scans:
            return found
        self._scans -= 1
        roots = ModelMap().root_of
        return next((roots[id(tensor)] for tensor in tensors if id(tensor) in roots), None)

    def relabel(self, record: OptimizerRecord) -> None:
        """Name what was added since."""
        root = record.root() if record.root is not None else None
        if root is not None:
            self.label_parameters(record, names_of(root))

    def owner_of(self, tensor: Tensor, record: OptimizerRecord) -> Module | None:
        """The module that registers a tensor of this optimizer."""
        owner = self.registrations.owner(tensor)
        root = record.root() if record.root is not None else None
        if owner is not None or root is None:
            return owner
        own = ((module, parameter) for module in root.modules() for parameter in module.parameters(recurse=False))
        return next((module for module, parameter in own if parameter is tensor), None)

    def label_parameters(self, record: OptimizerRecord, names: dict[int, str]) -> None:
        """Call the parameters what the model calls them."""
        for identity, parameter in record.parameters.items():
            parameter.label = names.get(identity, parameter.label)


def _record_of(tensor: Tensor, group: int, number: int) -> ParameterRecord:
    lazy = is_lazy(tensor)  # a shape comes with the first input
    shape = () if lazy else tuple(tensor.shape)
    size = "lazy" if lazy else "×".join(map(str, shape)) or "scalar"
    return ParameterRecord(
        label=f"tensor {number} ({size})",
        group=group,
        shape=shape,
        dtype=str(tensor.dtype).removeprefix("torch."),
        numel=0 if lazy else tensor.numel(),
        is_leaf=tensor.is_leaf,
        born_trainable=tensor.requires_grad,
        trainable=tensor.requires_grad,
        ever_trainable=tensor.requires_grad,
    )


def _ties(record: OptimizerRecord) -> tuple[tuple[str, ...], ...]:
    """Names of the model that stood for one Parameter when the optimizer was built."""
    together: dict[int, list[str]] = {}
    for name, (identity, _) in record.root_names.items():
        together.setdefault(identity, []).append(name)
    return tuple(tuple(names) for names in together.values() if len(names) > 1)
