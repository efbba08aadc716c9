"""Averages, wrappers, own optimizers and ways to clear that look wrong and are healthy: nothing may be reported."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.small import X, Y, loss_of, mlp, train


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.out = nn.Linear(4, 10, bias=False)
        self.out.weight = self.table.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.out(self.table(tokens))


def tied_weights() -> None:
    model = Tied()
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(20):
        optimizer.zero_grad()
        functional.cross_entropy(model(torch.arange(8)), torch.arange(1, 9)).backward()
        optimizer.step()


def moving_average() -> None:
    model = mlp()
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = optim.Adam(model.parameters())
    for _ in range(20):
        train(model, optimizer, 1)
        with torch.no_grad():
            for kept, new in zip(average.parameters(), model.parameters(), strict=True):
                kept.lerp_(new, 0.1)


def averaged_model() -> None:
    model = mlp()
    average = optim.swa_utils.AveragedModel(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        train(model, optimizer, 1)
        average.update_parameters(model)


def target_network_that_is_reached() -> None:
    model, target = mlp(), mlp()
    optimizer = optim.Adam(model.parameters())
    for _ in range(20):
        optimizer.zero_grad()
        functional.mse_loss(model(X), target(X)).backward()
        optimizer.step()
        with torch.no_grad():
            for kept, new in zip(target.parameters(), model.parameters(), strict=True):
                kept.mul_(0.9).add_(new, alpha=0.1)


class LowRank(nn.Module):
    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.inner = inner.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(2, inner.in_features))
        self.up = nn.Parameter(torch.zeros(inner.out_features, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + x @ self.down.T @ self.up.T


def low_rank_adapters() -> None:
    model = mlp()
    model[0], model[2] = LowRank(model[0]), LowRank(model[2])
    train(model, optim.AdamW(model.parameters(), lr=1e-2), 40)


def partly_frozen_and_all_given() -> None:
    model = mlp(4, 8, 8, 2)
    model[0].requires_grad_(False)
    train(model, optim.Adam(model.parameters(), weight_decay=0.1), 20)


def frozen_on_the_way() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    train(model, optimizer, 6)
    model[0].requires_grad_(False)
    optimizer.zero_grad()
    train(model, optimizer, 10)


def head_only_without_freezing() -> None:
    model = mlp()
    train(model, optim.Adam(model[2].parameters()), 20)


def head_and_first_layer() -> None:
    model = mlp(4, 8, 8, 2)
    optimizer = optim.Adam([{"params": model[0].parameters()}, {"params": model[4].parameters()}])
    train(model, optimizer, 20)


def gradual_unfreezing() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.Adam([p for p in model.parameters() if p.requires_grad])
    train(model, optimizer, 8)
    model[0].requires_grad_(True)
    optimizer.add_param_group({"params": model[0].parameters(), "lr": 1e-4})
    train(model, optimizer, 8)


def second_phase_with_new_optimizer() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.Adam(filter(lambda p: p.requires_grad, model.parameters()))
    train(model, optimizer, 8)
    model[0].requires_grad_(True)
    optimizer = optim.Adam(model.parameters(), lr=1e-4)
    train(model, optimizer, 8)


def accumulation() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(40):
        (loss_of(model) / 4).backward()
        if (i + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()


def clearing_by_hand() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(30):
        for weight in model.parameters():
            if i % 2:
                weight.grad = None
            elif weight.grad is not None:
                weight.grad.zero_()
        loss_of(model).backward()
        optimizer.step()


def clearing_by_data() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(30):
        loss_of(model).backward()
        optimizer.step()
        for weight in model.parameters():
            weight.grad.data.zero_()


def clearing_by_the_module() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        loss_of(model).backward()
        optimizer.step()
        model.zero_grad(set_to_none=False)


class ClearsItself(optim.SGD):
    def step(self, closure=None):  # type: ignore[no-untyped-def]
        super().step(closure)
        self.zero_grad()


class ZeroesItself(optim.Optimizer):
    def __init__(self, params) -> None:  # type: ignore[no-untyped-def]
        super().__init__(params, {"lr": 0.1})

    def step(self, closure=None) -> None:  # type: ignore[no-untyped-def]
        for group in self.param_groups:
            for weight in group["params"]:
                weight.data -= group["lr"] * weight.grad.data
                weight.grad.data.zero_()


def optimizers_that_clear() -> None:
    for kind in (lambda p: ClearsItself(p, lr=0.1), ZeroesItself):
        model = mlp()
        optimizer = kind(model.parameters())
        for _ in range(30):
            loss_of(model).backward()
            optimizer.step()


class Lookahead(optim.Optimizer):
    def __init__(self, inner: optim.Optimizer) -> None:
        self.inner = inner
        super().__init__([p for g in inner.param_groups for p in g["params"]], {"lr": 0.1})
        self.slow = [p.detach().clone() for g in inner.param_groups for p in g["params"]]
        self.count = 0

    def step(self, closure=None) -> None:  # type: ignore[no-untyped-def]
        self.inner.step()
        self.count += 1
        if self.count % 5 == 0:
            for slow, weight in zip(self.slow, self.param_groups[0]["params"], strict=True):
                slow.lerp_(weight.data, 0.5)
                weight.data.copy_(slow)


def lookahead() -> None:
    model = mlp()
    train(model, Lookahead(optim.Adam(model.parameters())), 30)


class Wrapper(optim.Optimizer):
    def __init__(self, inner: optim.Optimizer) -> None:  # no super().__init__, as accelerate does it
        self.inner = inner

    @property
    def param_groups(self):  # type: ignore[no-untyped-def]
        return self.inner.param_groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.inner.zero_grad(set_to_none)

    def step(self, closure=None) -> None:  # type: ignore[no-untyped-def]
        self.inner.step()


def wrapper_without_init() -> None:
    model = mlp()
    train(model, Wrapper(optim.SGD(model.parameters(), lr=0.1)), 20)


class Noam:
    def __init__(self, inner: optim.Optimizer) -> None:
        self.inner, self.steps = inner, 0

    def zero_grad(self) -> None:
        self.inner.zero_grad()

    def step(self) -> None:
        self.steps += 1
        for group in self.inner.param_groups:
            group["lr"] = 0.1 * min(self.steps**-0.5, self.steps * 100**-1.5)
        self.inner.step()


def noam_warm_up() -> None:
    model = mlp()
    train(model, Noam(optim.Adam(model.parameters(), lr=0.0)), 20)  # type: ignore[arg-type]


class DataWriter(optim.Optimizer):
    def __init__(self, params, lr: float = 0.05) -> None:  # type: ignore[no-untyped-def]
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None) -> None:  # type: ignore[no-untyped-def]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.data.add_(weight.grad.data.sign(), alpha=-group["lr"])


def writes_through_data() -> None:
    model = mlp()
    train(model, DataWriter(model.parameters()), 30)


class Sam(optim.Optimizer):
    def __init__(self, params, inner) -> None:  # type: ignore[no-untyped-def]
        super().__init__(params, {"rho": 0.05})
        self.inner = inner(self.param_groups, lr=0.1)
        self.param_groups = self.inner.param_groups

    @torch.no_grad()
    def first_step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                self.state[weight]["old"] = weight.detach().clone()
                weight.add_(weight.grad, alpha=0.05)
        self.zero_grad()

    @torch.no_grad()
    def second_step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                weight.copy_(self.state[weight]["old"])
        self.inner.step()
        self.zero_grad()


def sharpness_aware() -> None:
    model = mlp()
    optimizer = Sam(model.parameters(), optim.SGD)
    for _ in range(20):
        loss_of(model).backward()
        optimizer.first_step()
        loss_of(model).backward()
        optimizer.second_step()


def scaler_that_skips_first() -> None:
    model = mlp()
    optimizer, scaler = optim.SGD(model.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=2.0**127)
    schedule = optim.lr_scheduler.StepLR(optimizer, 10)
    for _ in range(20):
        optimizer.zero_grad()
        scaler.scale(loss_of(model) * 100).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedule.step()


def scaler_switched_off() -> None:
    model = mlp()
    optimizer, scaler = optim.SGD(model.parameters(), lr=0.1), torch.amp.GradScaler("cpu", enabled=False)
    for _ in range(10):
        optimizer.zero_grad()
        scaler.scale(loss_of(model)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def autocast() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = functional.mse_loss(model(X).float(), Y)
        loss.backward()
        optimizer.step()
