"""Which modules are alive, and what their parameters are called."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

from torch import Tensor
from torch.nn import Module

if TYPE_CHECKING:
    from collections.abc import Iterator

OF_MODULES = frozenset(Module().__dict__)  # what torch itself keeps on a module
WRAPPERS = ("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")


def live_modules() -> list[Module]:
    """All modules that the garbage collector knows; asks objects for their type only, never for an attribute."""
    known: dict[type, bool] = {}
    found = []
    for thing in gc.get_objects():
        kind = type(thing)
        is_module = known.get(kind)
        if is_module is None:
            is_module = known[kind] = Module in kind.__mro__
        if is_module and "_modules" in thing.__dict__:
            found.append(thing)
    return found


def plain_name(name: str) -> str:
    """A parameter's name without what wrappers put into it."""
    *path, last = name.split(".")
    return ".".join([*(part for part in path if part not in WRAPPERS), last])


def names_of(module: Module) -> dict[int, str]:
    """The first name of each parameter by identity."""
    return {id(parameter): plain_name(name) for name, parameter in module.named_parameters()}


class ModelMap:
    """The live modules at one moment: who is whose child, and what each parameter is called in the largest model.

    It holds the modules, so it must not be kept.
    """

    def __init__(self, model: Module | None = None) -> None:
        self.modules = live_modules()
        children = {
            id(child) for module in self.modules for child in module.__dict__["_modules"].values() if child is not None
        }
        roots = [module for module in self.modules if id(module) not in children]
        self.roots = sorted(roots, key=_size, reverse=True)
        if model is not None:
            self.roots = [model, *(root for root in self.roots if root is not model)]
        self.names: dict[int, str] = {}
        self.root_of: dict[int, Module] = {}
        for root in self.roots:
            for name, parameter in _named(root):
                if self.names.setdefault(id(parameter), name) is name:
                    self.root_of[id(parameter)] = root

    def owner(self, tensor: Tensor) -> tuple[Module, str] | None:
        """The module that registers this very tensor, and under which attribute."""
        for module in self.modules:
            for name, parameter in module.__dict__.get("_parameters", {}).items():
                if parameter is tensor:
                    return module, name
        return None

    def holders(self) -> Iterator[tuple[Module, str, object]]:
        """What modules hold in plain attributes."""
        return ((module, name, value) for module in self.modules for name, value in plain_attributes(module))


def plain_attributes(module: Module) -> list[tuple[str, object]]:
    """Tensors and containers of a module that its registration does not see."""
    found = module.__dict__.items()
    return [(name, it) for name, it in found if name not in OF_MODULES and isinstance(it, (list, tuple, dict, Tensor))]


def _named(root: Module) -> list[tuple[str, Any]]:
    try:
        return [(plain_name(name), parameter) for name, parameter in root.named_parameters()]
    except Exception:  # a half-built module, or somebody's own named_parameters
        return []


def _size(root: Module) -> int:
    return len(_named(root))
