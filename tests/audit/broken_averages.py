"""Broken programs in the styles that people use: averages, and layers of each forward."""

from __future__ import annotations

import copy

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tests.audit.backbone import Backbone, data, epoch
from tests.audit.broken import broken


@broken(
    "OPT410",
    *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")),
    severity="warning",
)
def ema_by_a_loop_that_rebinds() -> None:
    model = Backbone()
    ema = copy.deepcopy(model).requires_grad_(False)
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(8):
        epoch(model, optimizer, 1)
        with torch.no_grad():
            for ema_p, p in zip(ema.parameters(), model.parameters(), strict=True):
                ema_p = 0.99 * ema_p + 0.01 * p  # noqa: PLW2901  # here


@broken(
    "OPT410",
    *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")),
    severity="warning",
)
def ema_class_that_rebinds() -> None:
    class EMA:
        def __init__(self, model: nn.Module, decay: float) -> None:
            self.module = copy.deepcopy(model).eval()
            self.decay = decay

        @torch.no_grad()
        def update(self, model: nn.Module) -> None:
            for (_, value), (_, new) in zip(self.module.named_parameters(), model.named_parameters(), strict=True):
                value = self.decay * value + (1 - self.decay) * new.detach()  # noqa: PLW2901  # here

    model = Backbone()
    ema = EMA(model, 0.9)
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(10):
        epoch(model, optimizer, 1)
        ema.update(model)


@broken(
    "OPT410",
    *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")),
    severity="warning",
)
def target_network_is_the_network() -> None:
    q = Backbone()
    target = q  # here
    optimizer = optim.Adam(q.parameters(), lr=1e-3)
    for _ in range(8):
        x, _ = data()
        with torch.no_grad():
            goal = 0.9 * target(x).amax(1)
        optimizer.zero_grad()
        (q(x).gather(1, torch.zeros(16, 1, dtype=torch.long)).squeeze() - goal).square().mean().backward()
        optimizer.step()
        with torch.no_grad():
            for t, s in zip(target.parameters(), q.parameters(), strict=True):
                t.mul_(0.995).add_(s, alpha=0.005)


@broken(
    "OPT410",
    *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")),
    severity="warning",
)
def state_dict_average_forgotten() -> None:
    student = Backbone()
    teacher = copy.deepcopy(student)
    optimizer = optim.SGD(student.parameters(), lr=0.1)

    def update_teacher(keep: float = 0.9) -> None:
        new = student.state_dict()
        for key, value in teacher.state_dict().items():
            value = value * keep + new[key] * (1 - keep)  # noqa: PLW2901  # here

    for _ in range(8):
        x, y = data()
        with torch.no_grad():
            goal = teacher(x).softmax(1)
        optimizer.zero_grad()
        (functional.cross_entropy(student(x), goal) + functional.cross_entropy(student(x), y)).backward()
        optimizer.step()
        update_teacher()


@broken(
    "OPT410",
    *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")),
    severity="warning",
)
def averaged_model_evaluated_and_never_updated() -> None:
    model = Backbone()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))  # here
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        epoch(model, optimizer, 4)
        with torch.no_grad():
            ema.eval()
            ema(data()[0])


@broken(
    "OPT410",
    *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")),
    severity="warning",
)
def averaged_with_itself() -> None:
    model = Backbone()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        epoch(model, optimizer, 1)
        ema.update_parameters(ema.module)  # here


@broken("OPT411", "Linear.weight", "Linear.bias", by_step=6)
def projection_in_forward() -> None:
    class Fusion(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(4, 8)
            self.head = nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            z = self.body(x)
            proj = nn.Linear(8, 8)  # here
            return self.head(proj(z).relu())

    model = Fusion()
    epoch(model, optim.Adam(model.parameters(), lr=1e-3))


@broken("OPT411", "BatchNorm1d.weight", "BatchNorm1d.bias", by_step=6)
def norm_in_a_helper_of_forward() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 3)

        def _normalise(self, x: torch.Tensor) -> torch.Tensor:
            return nn.BatchNorm1d(8)(x)  # here

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(self._normalise(self.a(x)))

    model = Net()
    epoch(model, optim.Adam(model.parameters(), lr=1e-3))


@broken("OPT411", "scale", by_step=6)
def parameter_of_each_forward() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            scale = nn.Parameter(torch.ones(3))  # here
            return self.a(x) * scale

    model = Net()
    epoch(model, optim.Adam(model.parameters(), lr=1e-3))
