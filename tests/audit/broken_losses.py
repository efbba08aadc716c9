"""Broken programs in the styles that people use: losses without a graph, rates, schedules."""

from __future__ import annotations

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler

from tests.audit.broken import broken
from tests.audit.usual import classifier, loader

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias")


KEEP: list[object] = []


@broken("OPT508", *NAMES, raises=RuntimeError)
def numpy_round_trip() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader():
        out = torch.from_numpy(model(x).detach().numpy())
        loss = functional.cross_entropy(out, y)
        optimizer.zero_grad()
        loss.backward()  # here
        optimizer.step()


@broken("OPT508", *NAMES, by_step=5)
def detached_and_asked_for_grad() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(8):
        prediction = model(x).argmax(1).float()
        loss = functional.mse_loss(prediction, y.float())
        loss.requires_grad = True
        optimizer.zero_grad()
        loss.backward()  # here
        optimizer.step()


@broken("OPT508", *NAMES, by_step=5)
def losses_summed_as_numbers() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for x, y in loader(8):
        losses = [functional.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).item() for i in range(8)]
        total = torch.tensor(losses, requires_grad=True).mean()
        optimizer.zero_grad()
        total.backward()  # here
        optimizer.step()


@broken("OPT508", *NAMES, raises=RuntimeError)
def policy_gradient_without_log_probs_graph() -> None:
    policy = classifier()
    optimizer = optim.Adam(policy.parameters(), lr=1e-3)
    for _ in range(4):
        log_probs = []
        for _ in range(5):
            with torch.inference_mode():
                logits = policy(torch.randn(4))
            log_probs.append(logits.log_softmax(0)[0].clone())
        loss = -torch.stack(log_probs).sum()
        optimizer.zero_grad()
        loss.backward()  # here
        optimizer.step()


@broken("OPT509", *NAMES, severity="warning")
def optimizer_inside_the_batch_loop() -> None:
    model = classifier()
    for x, y in loader(8):
        optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@broken("OPT509", *NAMES, severity="warning")
def helper_that_builds_it() -> None:
    def train_step(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
        optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)  # here
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    model = classifier()
    print(sum(train_step(model, x, y) for x, y in loader(8)))


@broken("OPT509", *NAMES, severity="warning")
def optimizer_made_by_a_property() -> None:
    class Agent:
        def __init__(self) -> None:
            self.net = classifier()

        @property
        def optimizer(self) -> optim.Optimizer:
            return optim.Adam(self.net.parameters(), lr=1e-3)  # here

        def learn(self, x: torch.Tensor, y: torch.Tensor) -> None:
            optimizer = self.optimizer
            loss = functional.cross_entropy(self.net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    agent = Agent()
    for x, y in loader(8):
        agent.learn(x, y)


@broken("OPT601", *NAMES, by_step=8)
def decay_by_attribute_each_epoch() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for number in range(3):
        optimizer.lr = 0.1 * 0.5**number  # here
        for x, y in loader(4):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()


@broken("OPT601", *NAMES, by_step=8)
def defaults_edited() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for i, (x, y) in enumerate(loader(8)):
        optimizer.defaults["lr"] = 1e-3 * min(1.0, (i + 1) / 4) * 0.5  # here
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT601", *NAMES, by_step=8)
def weight_decay_by_attribute() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    optimizer.weight_decay = 0.3  # here
    for x, y in loader(8):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT602", *NAMES, severity="warning", by_step=5)
def one_cycle_first() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=20)
    for x, y in loader(8):
        schedule.step()  # here
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT602", *NAMES, severity="warning", by_step=12)
def epoch_begins_with_the_schedule() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scheduler = lr_scheduler.MultiStepLR(optimizer, [2, 3])
    for _ in range(4):
        scheduler.step()  # here
        for x, y in loader(3):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()


@broken("OPT602", *NAMES, severity="warning", by_step=5)
def warm_up_before_the_first_step() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    warmup = lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 4))
    for x, y in loader(8):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        warmup.step()  # here
        optimizer.step()
