"""Broken programs that begin anew all the time, or never begin."""

from __future__ import annotations

import copy

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.broken import broken
from tests.audit.usual import classifier, epoch, loader

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias")


@broken("OPT803", *NAMES, severity="warning", by_step=18)
def weights_drawn_anew_for_each_epoch() -> None:
    def initialise(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)

    model = classifier()
    optimizer = optim.Adam(model.parameters())
    for _ in range(6):
        model.apply(initialise)  # here
        epoch(model, optimizer)


@broken("OPT803", *NAMES, severity="warning", by_step=18)
def folds_that_share_their_optimizer() -> None:
    def reset(module: nn.Module) -> None:
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()

    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(6):
        model.apply(reset)  # here
        epoch(model, optimizer)


@broken("OPT803", *NAMES, severity="warning", by_step=18)
def weights_copied_back_by_hand() -> None:
    model = classifier()
    start = [weight.detach().clone() for weight in model.parameters()]
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    data = loader()
    for _ in range(6):
        for weight, first in zip(model.parameters(), start, strict=True):
            weight.data.copy_(first)
        for x, y in data:  # here
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()


@broken("OPT803", *NAMES, severity="warning", by_step=18)
def loaded_under_one_schedule_without_momentum() -> None:
    model = classifier()
    start = copy.deepcopy(model.state_dict())
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for _ in range(6):
        model.load_state_dict(start)  # here
        epoch(model, optimizer)
        schedule.step()


@broken("OPT803", *NAMES, severity="warning", by_step=6)
def loss_that_nobody_runs_backward() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())  # here
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y)
        optimizer.step()


@broken("OPT803", *NAMES, severity="warning", by_step=6)
def trainer_that_forgot_its_backward() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = classifier()
            self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)  # here

        def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
            loss = functional.cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            self.optimizer.step()
            return loss.item()

    trainer = Trainer()
    for x, y in loader(12):
        trainer.step(x, y)


@broken("OPT803", *NAMES, severity="warning", by_step=6)
def second_phase_without_backward() -> None:
    first, second = classifier(), classifier()
    epoch(first, optim.Adam(first.parameters()))
    optimizer = optim.Adam(second.parameters())  # here
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(second(x), y)
        optimizer.step()
