"""Whether any line of the user's code can step an optimizer: asked of the source where one waits for its first step."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
import sys
from typing import TYPE_CHECKING

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from optlint.auditing.memory.places import INSTALLED, OWN, STANDARD, is_users_file
from optlint.auditing.memory.reading import loaded_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STEP = re.compile(r"([\w.]*)\.step\b(?!\w)|[\"']step[\"']")
IDLE = re.compile(r"\s*[\w.]+\.step\s*(#.*)?")  # named and not called
OF_TORCH = sys.modules["torch"].__path__[0]
UNKNOWN = object()


def nobody_steps(optimizer: Optimizer) -> bool:
    """Whether all that runs is the user's own code, and each `.step` in it belongs to something else."""
    frames = list(_frames())
    running = {frame.f_code.co_filename for frame in frames}
    users = set(filter(is_users_file, running))
    if not all(map(_takes_no_steps, running - users)):
        return False  # a trainer of somebody else's runs
    for filename in loaded_files(users):
        lines = linecache.getlines(filename)
        receivers = {one[1] for line in lines if not IDLE.fullmatch(line.rstrip()) for one in STEP.finditer(line)}
        for receiver in receivers:
            if not receiver or not _is_of_others(_object(receiver, filename, frames), optimizer):
                return False
            if not _is_settled(receiver, "".join(lines)):
                return False
    return True


def _takes_no_steps(filename: str) -> bool:
    installed = any(part in filename for part in INSTALLED)
    return filename.startswith(OF_TORCH if installed else ("<frozen", OWN, OF_TORCH, *STANDARD))


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _object(receiver: str, filename: str, frames: list[FrameType]) -> object:
    """What a dotted name means in the code of that file which is running now, without running any other."""
    first, *rest = receiver.split(".")
    for frame in frames:
        if frame.f_code.co_filename == filename:
            value = frame.f_locals.get(first, frame.f_globals.get(first, UNKNOWN))
            for name in rest:
                value = inspect.getattr_static(value, name, UNKNOWN)
            if value is not UNKNOWN:
                return value
    return UNKNOWN


def _is_of_others(value: object, optimizer: Optimizer) -> bool:
    return isinstance(value, LRScheduler) or (isinstance(value, Optimizer) and value is not optimizer)


def _is_settled(receiver: str, text: str) -> bool:
    """Whether the name is given its meaning at one place only, and no loop or call gives it another."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    stores = [node for node in ast.walk(tree) if _stores(node, receiver)]
    plain = {target for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets}
    return len(stores) == 1 and stores[0] in plain


def _stores(node: ast.AST, receiver: str) -> bool:
    if isinstance(node, ast.arg):
        return node.arg == receiver
    stored = isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store)
    return stored and ast.unparse(node) == receiver
