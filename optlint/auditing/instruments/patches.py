"""Attributes of torch that are replaced while an audit runs, and put back after it."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import torch

try:
    from torch.compiler import is_compiling, is_dynamo_compiling
except ImportError:  # before torch 2.3
    from torch._dynamo.external_utils import is_compiling

    is_dynamo_compiling = is_compiling

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Patches",
    "capturing",
    "compiled_frames",
    "hidden_from_dynamo",
    "is_compiling",
    "is_dynamo_compiling",
    "marked_for_dynamo",
]

_Function = TypeVar("_Function", bound="Callable[..., Any]")


class _Patch(NamedTuple):
    owner: Any
    name: str
    original: Any
    replacement: Any


class Patches:
    """Replaced attributes in order; `undo` puts them back, except where somebody else wrapped ours since."""

    def __init__(self) -> None:
        self._patches: list[_Patch] = []

    def replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Put `wrap(original)` in the place of an attribute that `owner` itself defines."""
        original = vars(owner).get(name)
        if original is None:
            return
        replacement = functools.wraps(original)(wrap(original))
        setattr(owner, name, replacement)
        self._patches.append(_Patch(owner, name, original, replacement))

    def undo(self) -> None:
        """Put all originals back, the last one first."""
        for patch in reversed(self._patches):
            if vars(patch.owner).get(patch.name) is patch.replacement:
                setattr(patch.owner, patch.name, patch.original)
        self._patches.clear()


def marked_for_dynamo(function: _Function) -> _Function:
    """The same function with the mark by which dynamo leaves it alone; calling it costs no more."""
    function._torchdynamo_disable = True  # type: ignore[attr-defined]
    return function


def hidden_from_dynamo(function: _Function, recursive: bool = True) -> _Function:
    """The same function, which `torch.compile` neither traces nor breaks a graph for."""
    hidden: _Function = torch.compiler.disable(function, recursive=recursive)  # type: ignore[no-untyped-call]
    return hidden


def compiled_frames() -> int:
    """How many functions dynamo has compiled."""
    frames = sys.modules.get("torch._dynamo.convert_frame")
    return int(getattr(frames, "FRAME_COUNTER", 0))


def capturing() -> bool:
    """Whether a CUDA graph is being recorded, when reading a value would break the recording."""
    return torch.cuda._initialized and torch.cuda.is_current_stream_capturing()
