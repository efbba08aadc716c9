"""Which classes and functions of other packages make schedulers of rates, as data."""

from __future__ import annotations

_TORCH = (
    "LambdaLR MultiplicativeLR StepLR MultiStepLR ConstantLR LinearLR ExponentialLR PolynomialLR CosineAnnealingLR "
    "CosineAnnealingWarmRestarts CyclicLR OneCycleLR ReduceLROnPlateau SequentialLR ChainedScheduler"
)
_TRANSFORMERS = (
    "get_scheduler get_constant_schedule get_constant_schedule_with_warmup get_linear_schedule_with_warmup "
    "get_cosine_schedule_with_warmup get_cosine_with_hard_restarts_schedule_with_warmup get_inverse_sqrt_schedule "
    "get_polynomial_decay_schedule_with_warmup get_cosine_with_min_lr_schedule_with_warmup"
)
SCHEDULERS = frozenset(f"torch.optim.lr_scheduler.{name}" for name in _TORCH.split()) | frozenset(
    f"{package}.{name}" for package in ("transformers", "transformers.optimization") for name in _TRANSFORMERS.split()
)
SCHEDULERS |= {"torch.optim.swa_utils.SWALR"}
PLATEAU = "ReduceLROnPlateau"
