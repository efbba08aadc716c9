"""Broken programs in the styles that people use: steps without effect, or with a bad one."""

from __future__ import annotations

import copy

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from tests.audit.broken import broken
from tests.audit.usual import classifier, loader

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias")


KEEP: list[object] = []


@broken("OPT604", *NAMES, severity="warning")
def schedule_that_ends_too_early() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    schedule = lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / 10))
    for _ in range(10):
        for x, y in loader(6):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            schedule.step()


@broken("OPT604", *NAMES, severity="warning")
def integer_division_in_the_warm_up() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    warmup = 1000
    for i, (x, y) in enumerate(loader(24)):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (i // warmup)
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT604", *NAMES, severity="warning", by_step=4)
def rate_in_the_wrong_unit() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters(), lr=3e14)  # here
    for x, y in loader(6):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT605", *NAMES, severity="warning")
def optimizer_rebuilt_under_the_schedule() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 20)
    model.double().float()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(8):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        schedule.step()


@broken("OPT605", *NAMES, severity="warning")
def schedule_over_a_copy_of_the_optimizer() -> None:
    model = classifier()
    base = optim.AdamW(model.parameters(), lr=1e-3)
    first = optim.AdamW(model.parameters(), lr=1e-3)  # here
    schedule = lr_scheduler.StepLR(first, 2)
    for _ in range(3):
        for x, y in loader(3):
            base.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            base.step()
            schedule.step()


@broken("OPT701", "0.weight", "2.bias")
def checkpoint_of_sorted_parameters() -> None:
    model = classifier()
    optimizer = optim.Adam(sorted(model.parameters(), key=lambda p: p.numel()), lr=1e-3)
    for x, y in loader(4):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    checkpoint = copy.deepcopy(optimizer.state_dict())
    resumed = optim.Adam(model.parameters(), lr=1e-3)
    resumed.load_state_dict(checkpoint)  # here
    KEEP.append(resumed)


@broken("OPT701", "0.weight", "2.weight")
def names_tell_another_order() -> None:
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.ReLU(), nn.Linear(4, 4, bias=False))
    optimizer = optim.Adam(model.named_parameters(), lr=1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(2, 4)).square().mean().backward()
        optimizer.step()
    other = optim.Adam(list(model.named_parameters())[::-1], lr=1e-3)
    other.load_state_dict(optimizer.state_dict())  # here


@broken("OPT801", *NAMES, severity="warning", by_step=12)
def log_of_zero() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)  # here
    for i, (x, y) in enumerate(loader(16)):
        p = model(x).softmax(1)
        if i == 8:
            p = p * 0
        loss = -(p.gather(1, y[:, None]) * p.log()).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@broken("OPT801", *NAMES, severity="warning", by_step=6)
def bad_sample_in_the_data() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    inputs, targets = torch.randn(64, 4), torch.randn(64, 3)
    inputs[10, 2] = float("nan")
    for x, y in DataLoader(TensorDataset(inputs, targets), 8):
        optimizer.zero_grad()
        functional.mse_loss(model(x), y).backward()
        optimizer.step()


@broken("OPT801", "weight", "bias", severity="warning", by_step=4)
def square_root_of_zero() -> None:
    model = nn.Linear(4, 4)
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    x = torch.randn(8, 4)
    for _ in range(4):
        optimizer.zero_grad()
        out = model(x)
        ((out - out.detach()).square().sum(1).sqrt().mean()).backward()
        optimizer.step()


@broken("OPT802", "weight", "bias", severity="warning", by_step=16)
def half_weights_with_adam() -> None:
    torch.manual_seed(1)
    model = nn.Linear(4, 3).bfloat16()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(2.0)
    optimizer = optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0)  # here
    for x, y in loader(16):
        optimizer.zero_grad()
        functional.cross_entropy(model(x.bfloat16()), y).backward()
        optimizer.step()


@broken("OPT802", "weight", "bias", severity="warning", by_step=16)
def fp16_fine_tuning() -> None:
    model = nn.Linear(4, 3).half()
    nn.init.constant_(model.weight, 0.5)
    nn.init.constant_(model.bias, 0.5)
    optimizer = optim.SGD(model.parameters(), lr=1e-5)  # here
    for x, y in loader(16):
        optimizer.zero_grad()
        functional.cross_entropy(model(x.half()).float(), y).backward()
        optimizer.step()


@broken("OPT803", *NAMES, severity="warning")
def initial_weights_loaded_each_epoch() -> None:
    model = classifier()
    start = copy.deepcopy(model.state_dict())
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(6):
        model.load_state_dict(start)  # here
        for x, y in loader(4):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()


@broken("OPT803", *NAMES, severity="warning")
def checkpoint_loaded_before_each_batch() -> None:
    model = classifier()
    pretrained = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)

    def train_one(x: torch.Tensor, y: torch.Tensor) -> None:
        model.load_state_dict(pretrained)  # here
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    for x, y in loader(10):
        train_one(x, y)


@broken("OPT803", *NAMES, severity="warning", by_step=14)
def own_optimizer_that_updates_a_copy() -> None:
    class Sgd(optim.Optimizer):
        def __init__(self, params: object, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.data.clone().add_(p.grad, alpha=-group["lr"])

    model = classifier()
    optimizer = Sgd(model.parameters(), lr=0.1)  # here
    for x, y in loader(14):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT803", *NAMES, severity="warning", by_step=14)
def gradients_multiplied_away() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    for x, y in loader(14):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        nn.utils.clip_grad_value_(model.parameters(), 1e-12)
        optimizer.step()


@broken("OPT605", "0.weight", "0.bias", severity="warning", by_step=40)
def unfrozen_layer_that_the_decay_leaves_out() -> None:
    model = classifier()
    model[0].requires_grad_(False)
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    for i, (x, y) in enumerate(loader(60)):
        optimizer.param_groups[0]["lr"] = 0.1 * 0.97**i
        if i == 16:
            model[0].requires_grad_(True)
            optimizer.add_param_group({"params": model[0].parameters()})  # here
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


class WarmUp:
    def __init__(self, optimizer: optim.Optimizer, steps: int) -> None:
        self.optimizer, self.steps, self.done = optimizer, steps, 0
        self.rates = [group["lr"] for group in optimizer.param_groups]

    def step(self) -> None:
        self.done += 1
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=False):
            group["lr"] = rate * min(1.0, self.done / self.steps)


@broken("OPT605", "0.weight", "0.bias", severity="warning", by_step=40)
def warm_up_that_knows_the_first_groups_only() -> None:
    model = classifier()
    model[0].requires_grad_(False)
    optimizer = optim.AdamW(model[2].parameters(), lr=1e-3)
    warm_up = WarmUp(optimizer, 200)
    for i, (x, y) in enumerate(loader(60)):
        warm_up.step()
        if i == 16:
            model[0].requires_grad_(True)
            optimizer.add_param_group({"params": model[0].parameters()})  # here
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
