"""Broken programs: calls in the wrong order."""

from __future__ import annotations

import torch
from torch import nn, optim
from torch.optim import lr_scheduler

from tests.audit.broken import broken
from tests.audit.small import ALL, loss_of, mlp, train


@broken("OPT501", *ALL, by_step=5)
def never_cleared() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)  # here
    for _ in range(8):
        loss_of(model).backward()
        optimizer.step()


@broken("OPT502", *ALL, by_step=5)
def cleared_before_the_step() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for _ in range(8):
        loss_of(model).backward()
        optimizer.zero_grad()  # here
        optimizer.step()


@broken("OPT502", *ALL, by_step=135)
def cleared_before_the_step_from_some_step_on() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    train(model, optimizer, 120)
    for _ in range(20):
        loss_of(model).backward()
        optimizer.zero_grad()  # here
        optimizer.step()


@broken("OPT503", *ALL, by_step=5)
def clipped_after_the_step() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for _ in range(8):
        train(model, optimizer, 1)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # here


@broken("OPT504", *ALL, by_step=4)
def clipped_while_scaled() -> None:
    model = mlp()
    optimizer, scaler = optim.SGD(model.parameters(), lr=0.01), torch.amp.GradScaler("cpu")
    for _ in range(6):
        optimizer.zero_grad()
        scaler.scale(loss_of(model)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # here
        scaler.step(optimizer)
        scaler.update()


@broken("OPT507", *ALL)
def never_stepped() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)  # here
    for _ in range(8):
        optimizer.zero_grad()
        loss_of(model).backward()


@broken("OPT508", *ALL, by_step=4)
def loss_made_anew() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for _ in range(8):
        optimizer.zero_grad()
        torch.tensor(loss_of(model).item(), requires_grad=True).backward()  # here
        optimizer.step()


@broken("OPT508", *ALL, raises=RuntimeError)
def forward_without_graph() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    optimizer.zero_grad()
    with torch.no_grad():
        loss = loss_of(model)
    loss.backward()  # here


@broken("OPT509", *ALL, severity="warning")
def built_for_each_batch() -> None:
    model = mlp()
    for _ in range(8):
        optimizer = optim.Adam(model.parameters())  # here
        train(model, optimizer, 1)


@broken("OPT601", *ALL, by_step=5)
def rate_as_attribute() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for i in range(8):
        optimizer.lr = 0.01 * 0.9**i  # here
        train(model, optimizer, 1)


@broken("OPT602", *ALL, severity="warning", by_step=4)
def schedule_first() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    schedule = lr_scheduler.StepLR(optimizer, 2)
    for _ in range(6):
        schedule.step()  # here
        train(model, optimizer, 1)


@broken("OPT605", *ALL, severity="warning")
def schedule_of_the_old_optimizer() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.01)  # here
    schedule = lr_scheduler.StepLR(optimizer, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for _ in range(6):
        train(model, optimizer, 1)
        schedule.step()
