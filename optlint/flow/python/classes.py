"""Classes of the project and of torch: bases, methods, and what kind of object they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.values import ClassValue, External, Value
from optlint.flow.pytorch import torch_api
from optlint.flow.reading import ir, names_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

DEEPEST_BASE = 8


def ancestry(cls: Value, depth: int = 0) -> Iterator[Value]:
    """The class and its bases, depth first."""
    yield cls
    if isinstance(cls, ClassValue) and depth < DEEPEST_BASE:
        for base in cls.bases:
            yield from ancestry(base, depth + 1)


def find(cls: Value, name: str, state: State, after: ClassValue | None = None) -> tuple[Value, ClassValue] | None:
    """A class attribute or method, and the class that defines it; `after` starts behind a class, like `super()`."""
    waiting = after is not None
    for base in ancestry(cls):
        if waiting:
            waiting = base != after
        elif isinstance(base, ClassValue) and (value := state.look_up(base.scope, name)) is not None:
            return value, base
    return None


def is_module(cls: Value) -> bool | None:
    """Whether instances are `nn.Module`s; None if a base is unknown."""
    verdicts = [_is_module_base(base) for base in ancestry(cls) if not isinstance(base, ClassValue)]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def is_known(base: External) -> bool:
    """Whether it is known what kind of class of another package this is."""
    return _is_module_base(base) is not None or _is_optimizer_base(base, ())


def _is_module_base(base: Value) -> bool | None:
    if not isinstance(base, External):
        return None
    if base.path in torch_api.MODULE_BASES or is_layer(base.path):
        return True
    if base.path.partition(".")[0] in torch_api.OTHER_FRAMEWORKS:
        return False
    return False if base.path.startswith(("builtins.", "abc.", "typing.", "torch.", "collections.")) else None


def is_layer(path: str) -> bool:
    """Whether a dotted path is a class of modules of `torch.nn`, or of layers for graphs."""
    parts = path.split(".")
    in_nn = len(parts) == 3 and path.startswith("torch.nn.") and parts[2][:1].isupper()
    return (in_nn and path not in torch_api.NOT_MODULES) or torch_api.GRAPH_LAYERS.match(path) is not None


def is_optimizer(cls: Value, known: tuple[str, ...] = ()) -> bool:
    """Whether instances are optimizers."""
    if isinstance(cls, External):
        return _is_optimizer_base(cls, known)
    return any(_is_optimizer_base(base, known) for base in ancestry(cls))


def _is_optimizer_base(base: Value, known: tuple[str, ...]) -> bool:
    if not isinstance(base, External):
        return False
    path = base.path
    if path in torch_api.OPTIMIZERS or path == torch_api.OPTIMIZER_BASE or path in known:
        return True
    return path.startswith(torch_api.OPTIMIZER_PACKAGES) and path.rpartition(".")[2][:1].isupper()


def is_of_torch(path: str) -> bool:
    """Whether a dotted path is a class of torch that parameters, layers or optimizers are made of."""
    return (
        is_layer(path) or path in torch_api.OPTIMIZERS or path in torch_api.MODULE_BASES or path == "torch.nn.Parameter"
    )


def makes_module(path: str) -> bool:
    """Whether a call of another package gives a module."""
    return (
        is_layer(path)
        or path in torch_api.MODULE_FACTORIES
        or path in torch_api.MODULE_WRAPPERS
        or path.startswith(torch_api.MODULE_FACTORY_PREFIXES)
        or torch_api.FROM_PRETRAINED.match(path) is not None
    )


def is_own_attribute(machine: Machine, cls: ClassValue, name: str, state: State) -> bool:
    """Whether a class of the project, or a base of it, has an attribute of this name or catches all of them."""
    if find(cls, name, state) is not None or find(cls, "__setattr__", state) is not None:
        return True
    own = (base for base in ancestry(cls) if isinstance(base, ClassValue))
    return any(name in machine.mentions(base.node) and name in names_on_self(machine, base.node) for base in own)


def names_on_self(machine: Machine, node: ir.Class) -> frozenset[str]:
    """The attributes that the methods of a class set on `self`."""
    found = machine.own_names.get(node)
    if found is None:
        found = machine.own_names[node] = frozenset(names_read.attributes_of_self(node, machine.bodies))
    return found


def defines(cls: Value, name: str, state: State) -> bool | None:
    """Whether a class or a base of it defines this attribute; None if a base is unknown."""
    if find(cls, name, state) is not None:
        return True
    unknown = any(not isinstance(base, ClassValue | External) for base in ancestry(cls))
    return None if unknown else False


def field_names(cls: Value) -> tuple[str, ...]:
    """The names that a class of the project and its bases declare with a type, as the fields of a dataclass."""
    found = [statement.targets[0] for base in reversed([*ancestry(cls)]) if isinstance(base, ClassValue)
             for statement in base.node.body if isinstance(statement, ir.Assign) and statement.annotation]  # fmt: skip
    return tuple(dict.fromkeys(target.id for target in found if isinstance(target, ir.Name)))
