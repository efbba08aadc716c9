"""Programs that need more than the oldest Python and the oldest PyTorch that optlint runs with, by their names."""

from __future__ import annotations

import sys

import pytest
import torch
from torch.torch_version import TorchVersion

SCALERS = (
    "clip_value_of_scaled_gradients", "clipped_while_scaled", "scaler_loop_without_clearing",
    "scaler_of_two_optimizers", "scaler_switched_off", "scaler_that_skips_first", "scaler_with_unscale",
    "the_other_optimizer_unscaled", "unscaled_after_the_clip",
)  # fmt: skip
HALVES = ("fp16_fine_tuning", "half_weights_that_move", "master_weights")  # half precision on the CPU
TORCH = {
    **dict.fromkeys((*SCALERS, *HALVES), "2.3"),
    "foreach_and_fused": "2.4",  # fused on the CPU
    **dict.fromkeys(("names_tell_another_order", "parameters_by_name"), "2.6"),
    **dict.fromkeys(("fully_sharded", "sharded_after_the_optimizer"), "2.7"),  # `fully_shard` on the CPU
}
PLACES = ("words_of_another_model",)  # two calls on one line, told apart since Python 3.11


def since(version: str) -> pytest.MarkDecorator:
    """Skips a test where PyTorch is older."""
    return pytest.mark.skipif(TorchVersion(torch.__version__) < version, reason=f"needs torch {version}")


def runnable(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the programs that this PyTorch can run."""
    return tuple(name for name in names if not _needs_newer_torch(name))


def _needs_newer_torch(name: str) -> bool:
    return name in TORCH and bool(TorchVersion(torch.__version__) < TORCH[name])


def skip_if_too_old(name: str) -> None:
    """Skips the test of a program that cannot be run here."""
    if _needs_newer_torch(name):
        pytest.skip(f"needs torch {TORCH[name]}")
    if name in PLACES and sys.version_info < (3, 11):
        pytest.skip("needs Python 3.11")
