"""Healthy programs that write over weights, begin anew, or step without gradients."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler

from tests.audit.usual import classifier, epoch, loader

if TYPE_CHECKING:
    from collections.abc import Callable


def reset(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        module.reset_parameters()


class Clip:
    def __call__(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            module.weight.data.clamp_(-0.1, 0.1)


def weights_clipped_by_apply() -> None:
    model = classifier()
    optimizer = optim.RMSprop(model.parameters(), lr=1e-3)
    for _ in range(8):
        epoch(model, optimizer, 2)
        model.apply(Clip())


def folds_with_an_optimizer_each() -> None:
    model = classifier()
    for _ in range(5):
        model.apply(reset)
        epoch(model, optim.Adam(model.parameters()))


def last_layer_drawn_anew() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    for _ in range(6):
        model[2].apply(reset)
        epoch(model, optimizer)


def tasks_that_clear_the_momentum() -> None:
    model = classifier()
    start = copy.deepcopy(model.state_dict())
    optimizer = optim.Adam(model.parameters())
    for _ in range(6):
        model.load_state_dict(start)
        optimizer.state = defaultdict(dict)
        epoch(model, optimizer)


def tasks_drawn_anew_that_clear_the_momentum() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters())
    for _ in range(6):
        model.apply(reset)
        optimizer.state.clear()
        epoch(model, optimizer)


def trials_with_a_schedule_each() -> None:
    model = classifier()
    start = copy.deepcopy(model.state_dict())
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(6):
        model.load_state_dict(start)
        for group in optimizer.param_groups:
            group.update(lr=0.1, initial_lr=0.1)
        schedule = lr_scheduler.ExponentialLR(optimizer, 0.9)
        for _ in range(2):
            epoch(model, optimizer, 3)
            schedule.step()


def rate_of_zero_for_the_first_epochs() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    schedule = lr_scheduler.LambdaLR(optimizer, lambda step: float(step > 4))
    data = loader()
    for _ in range(7):
        for x, y in data:
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        schedule.step()


def picture_of_a_schedule() -> None:
    optimizer = optim.SGD(classifier().parameters(), lr=0.1)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=51)
    rates = []
    for _ in range(50):
        optimizer.step()
        rates.append(schedule.get_last_lr())
        schedule.step()


class ZerothOrder(optim.Optimizer):
    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 1e-2})

    @torch.no_grad()
    def step(self, closure: Callable[[], torch.Tensor]) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                before, noise = closure(), 1e-2 * torch.randn_like(weight)
                weight.add_(noise)
                if closure() > before:
                    weight.sub_(noise)


def optimizer_without_gradients() -> None:
    model = classifier()
    optimizer = ZerothOrder(model.parameters())
    for x, y in loader(10):
        optimizer.step(lambda x=x, y=y: functional.cross_entropy(model(x), y))  # type: ignore[misc]


def lbfgs_that_is_done_after_one_step() -> None:
    x = torch.randn(30, 4)
    y = x @ torch.randn(4, 1)
    model = nn.Linear(4, 1)
    optimizer = optim.LBFGS(model.parameters(), lr=0.5, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(12):
        optimizer.step(closure)


class Delayed(optim.Optimizer):
    """Waits until it has seen enough gradients, as AdaShift and the first RAdam do."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 1e-2})
        self.seen = 0

    @torch.no_grad()
    def step(self, closure: object = None) -> None:  # type: ignore[override]
        self.seen += 1
        for group in self.param_groups if self.seen > 10 else ():
            for weight in group["params"]:
                weight.sub_(group["lr"] * weight.grad.sign())


def optimizer_that_waits_for_gradients() -> None:
    model = classifier()
    epoch(model, Delayed(model.parameters()), 20)


def clipping_by_a_fresh_filter_that_lets_nothing_through() -> None:
    body, head = nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 3)
    optimizer = optim.SGD(head.parameters(), lr=0.1)
    for x, y in loader():
        optimizer.zero_grad()
        functional.cross_entropy(head(body(x)), y).backward()
        trainable = filter(lambda p: p.requires_grad, body.parameters())
        nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.step()


def first_weights_loaded_to_be_compared() -> None:
    model = classifier()
    first = copy.deepcopy(model.state_dict())
    optimizer = optim.Adam(model.parameters())
    for _ in range(6):
        epoch(model, optimizer)
        trained = copy.deepcopy(model.state_dict())
        model.load_state_dict(first)
        compare(model)
        model.load_state_dict(trained)


def first_weights_copied_to_be_compared() -> None:
    model = classifier()
    first = [weight.detach().clone() for weight in model.parameters()]
    optimizer = optim.AdamW(model.parameters())
    for _ in range(6):
        epoch(model, optimizer)
        trained = [weight.detach().clone() for weight in model.parameters()]
        put(model, first)
        compare(model)
        put(model, trained)


def put(model: nn.Module, values: list[torch.Tensor]) -> None:
    for weight, value in zip(model.parameters(), values, strict=True):
        weight.data.copy_(value)


def compare(model: nn.Module) -> None:
    with torch.no_grad():
        for x, _ in loader(2):
            model(x)
