"""What else watches a training: PyTorch's own `detect_anomaly`, and public tools where they are installed."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from audit_trainings import Training

Tool = Callable[["Training"], AbstractContextManager[object]]


def detect_anomaly(training: Training) -> AbstractContextManager[object]:
    return torch.autograd.detect_anomaly(check_nan=True)


@contextlib.contextmanager
def torch_audit(training: Training) -> Iterator[None]:
    """As its README says, but at each step, which is what we do."""
    from torch_audit import autopatch

    auditor = autopatch(training.model, optimizer=training.optimizer, every_n_steps=1, reporters=[])
    try:
        yield
    finally:
        auditor.unpatch()


@contextlib.contextmanager
def torcheck(training: Training) -> Iterator[None]:
    """Whether parameters change and are finite."""
    import torcheck as tool

    tool.register(training.optimizer)
    tool.add_module(training.model, module_name="model", changing=True, check_nan=True, check_inf=True)
    try:
        yield
    finally:
        tool.disable()


TOOLS: dict[str, Tool] = {"detect_anomaly": detect_anomaly, "torch-audit": torch_audit, "torcheck": torcheck}


def installed() -> dict[str, Tool]:
    """The tools that can be tried here."""
    public = {name: name.replace("-", "_") for name in TOOLS if name != "detect_anomaly"}
    return {name: tool for name, tool in TOOLS.items() if name not in public or importlib.util.find_spec(public[name])}
