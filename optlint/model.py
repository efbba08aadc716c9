"""Optimizers, param groups and tensors as both sides can know them; `None` means "cannot tell".

The linter builds these values from source, the audit from live objects, so one check can judge both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from optlint.diagnostic import Place


class Tensor(NamedTuple):
    """A tensor in a param group; `label` is it in words of the user's code, such as `model.fc.weight`."""

    label: str
    place: Place
    can_get_grad: bool | None = None  # False: made without requires_grad and never given it
    registered: bool | None = None  # True: a Parameter that a module owns
    leaf: bool | None = None
    view_of: str | None = None  # the parameter that this is a piece of


class GroupKey(NamedTuple):
    """A hyperparameter key of a group dict, where it was written."""

    name: str
    place: Place


class ParamGroup(NamedTuple):
    """One param group as it was given to the optimizer."""

    place: Place
    tensors: tuple[Tensor, ...] = ()  # those that are known one by one
    keys: tuple[GroupKey, ...] = ()


class Optimizer(NamedTuple):
    """An optimizer at the moment it is built or gets a group; `known_keys` is None for unknown classes."""

    name: str  # in words of the user's code: the variable, or else the class
    class_name: str
    place: Place
    groups: tuple[ParamGroup, ...] = ()
    known_keys: frozenset[str] | None = None
