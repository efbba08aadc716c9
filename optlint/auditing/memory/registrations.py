"""Who registered which parameter and module under which name, noted as it happens; weak references only."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, NamedTuple

from torch.nn import Module

if TYPE_CHECKING:
    from torch import Tensor

SWEEP = 4_000


class _Held(NamedTuple):
    holder: weakref.ref[Module]
    name: str


class Registrations:
    """The module tree as its registrations have built it since the audit began."""

    def __init__(self) -> None:
        self.count = 0
        self._parameters: dict[int, _Held] = {}
        self._parents: dict[int, _Held] = {}
        self._sweep_at = SWEEP

    def parameter(self, module: Module, name: str, parameter: Tensor) -> None:
        """Note that `module` gets `parameter`; the first owner stays the owner while it lives."""
        self.count += 1
        held = self._parameters.get(id(parameter))
        if held is None or self._registers(held, parameter) is None:
            self._parameters[id(parameter)] = _Held(weakref.ref(module), name)
        if len(self._parameters) > self._sweep_at:
            self._sweep()

    def module(self, parent: Module, name: str, child: Module | None) -> None:
        """Note that `parent` gets `child`."""
        self.count += 1
        held = self._parents.get(id(child))
        if child is not None and (held is None or self._contains(held, child) is None):
            self._parents[id(child)] = _Held(weakref.ref(parent), name)

    def owner(self, tensor: Tensor) -> Module | None:
        """The module that registers `tensor` now, if that was seen."""
        held = self._parameters.get(id(tensor))
        return self._registers(held, tensor) if held else None

    def root(self, tensor: Tensor) -> Module | None:
        """The outermost module around `tensor`, if its registrations were seen."""
        module, seen = self.owner(tensor), set()
        while module is not None and id(module) not in seen:
            seen.add(id(module))
            held = self._parents.get(id(module))
            parent = self._contains(held, module) if held else None
            if parent is None:
                return module
            module = parent
        return None

    def has_parent(self, module: Module) -> bool:
        """Whether another module was seen to register this one."""
        held = self._parents.get(id(module))
        return held is not None and self._contains(held, module) is not None

    def _registers(self, held: _Held, tensor: Tensor) -> Module | None:
        module = held.holder()
        return module if module is not None and module._parameters.get(held.name) is tensor else None

    def _contains(self, held: _Held, child: Module) -> Module | None:
        module = held.holder()
        return module if module is not None and module._modules.get(held.name) is child else None

    def _sweep(self) -> None:
        """Drop what has died; a program that builds layers for ever must not fill our memory."""
        self._parameters = {key: held for key, held in self._parameters.items() if held.holder() is not None}
        self._parents = {key: held for key, held in self._parents.items() if held.holder() is not None}
        self._sweep_at = max(SWEEP, 2 * len(self._parameters))
