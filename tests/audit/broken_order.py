"""Broken programs in the styles that people use: the order of a step."""

from __future__ import annotations

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler

from tests.audit.broken import broken
from tests.audit.usual import classifier, loader

NAMES = ("0.weight", "0.bias", "2.weight", "2.bias")


KEEP: list[object] = []


@broken("OPT501", *NAMES, by_step=5)
def cleared_once_an_epoch() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.01)  # here
    for _ in range(2):
        optimizer.zero_grad()
        for x, y in loader():
            loss = functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()


@broken("OPT501", "0.weight", "0.bias", by_step=5)
def the_other_optimizer_cleared() -> None:
    generator, judge = nn.Sequential(nn.Linear(2, 4)), nn.Sequential(nn.Linear(4, 1))
    g_optimizer = optim.Adam(generator.parameters(), lr=1e-3)
    d_optimizer = optim.Adam(judge.parameters(), lr=1e-3)  # here
    for _ in range(8):
        g_optimizer.zero_grad()
        fake = generator(torch.randn(8, 2))
        d_loss = judge(fake.detach()).mean() - judge(torch.randn(8, 4)).mean()
        d_loss.backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        (-judge(fake).mean()).backward()
        g_optimizer.step()


@broken("OPT501", *NAMES, by_step=6)
def scaler_loop_without_clearing() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    for x, y in loader(8):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


@broken("OPT501", *NAMES, by_step=8)
def accumulation_that_never_clears() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    for i, (x, y) in enumerate(loader(16)):
        (functional.cross_entropy(model(x), y) / 2).backward()
        if (i + 1) % 2 == 0:
            optimizer.step()


@broken("OPT502", *NAMES, by_step=5)
def cleared_right_after_backward() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(8):
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        model.zero_grad()  # here
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@broken("OPT502", *NAMES, by_step=5)
def step_before_backward() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in loader(8):
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()  # here
        optimizer.step()
        loss.backward()


@broken("OPT502", *NAMES, by_step=6)
def accumulation_cleared_each_batch() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    steps = 4
    for i, (x, y) in enumerate(loader(24)):
        optimizer.zero_grad()  # here
        loss = functional.cross_entropy(model(x), y) / steps
        loss.backward()
        if (i + 1) % steps == 0:
            optimizer.step()


@broken("OPT502", *NAMES, by_step=6)
def accumulation_cleared_by_the_model() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = classifier()
            self.optimizer = optim.SGD(self.model.parameters(), lr=0.1)

        def training_step(self, x: torch.Tensor, y: torch.Tensor) -> None:
            self.model.zero_grad()  # here
            functional.cross_entropy(self.model(x), y).backward()

        def fit(self) -> None:
            for number, (x, y) in enumerate(loader(12), 1):
                self.training_step(x, y)
                if number % 2 == 0:
                    self.optimizer.step()

    Trainer().fit()


@broken("OPT503", *NAMES, by_step=5)
def clip_value_after_the_step() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(8):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        nn.utils.clip_grad_value_(model.parameters(), 0.5)  # here


@broken("OPT503", *NAMES, by_step=5)
def clip_before_backward() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(8):
        loss = functional.cross_entropy(model(x), y)
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)  # here
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@broken("OPT503", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", by_step=5)
def recurrent_clip_too_late() -> None:
    rnn = nn.LSTM(3, 4)
    optimizer = optim.RMSprop(rnn.parameters(), lr=1e-3)
    hidden = None
    for _ in range(8):
        out, hidden = rnn(torch.randn(5, 2, 3), hidden)
        hidden = tuple(h.detach() for h in hidden)
        optimizer.zero_grad()
        out.square().mean().backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(rnn.parameters(), 0.25)  # here


@broken("OPT504", *NAMES, by_step=5)
def clip_value_of_scaled_gradients() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    for x, y in loader(8):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        nn.utils.clip_grad_value_(model.parameters(), 1.0)  # here
        scaler.step(optimizer)
        scaler.update()


@broken("OPT504", *NAMES, by_step=5)
def unscaled_after_the_clip() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu")
    for x, y in loader(8):
        optimizer.zero_grad()
        scaler.scale(functional.cross_entropy(model(x), y)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # here
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()


@broken("OPT504", "0.weight", "0.bias", by_step=5)
def the_other_optimizer_unscaled() -> None:
    body, head = nn.Sequential(nn.Linear(4, 4)), nn.Sequential(nn.Linear(4, 3))
    first, second = optim.SGD(body.parameters(), lr=0.1), optim.SGD(head.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    for x, y in loader(8):
        first.zero_grad()
        second.zero_grad()
        scaler.scale(functional.cross_entropy(head(body(x)), y)).backward()
        scaler.unscale_(first)
        nn.utils.clip_grad_norm_(body.parameters(), 1.0)
        nn.utils.clip_grad_norm_(head.parameters(), 1.0)  # here
        scaler.step(first)
        scaler.step(second)
        scaler.update()


@broken("OPT507", *NAMES)
def step_forgotten_in_a_small_trainer() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 10)
    for _ in range(2):
        for x, y in loader():
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
        schedule.step()


@broken("OPT507", "0.weight", "0.bias")
def one_of_two_never_steps() -> None:
    encoder, decoder = nn.Sequential(nn.Linear(4, 2)), nn.Sequential(nn.Linear(2, 4))
    of_encoder = optim.Adam(encoder.parameters(), lr=1e-3)  # here
    of_decoder = optim.Adam(decoder.parameters(), lr=1e-3)
    for x, _ in loader(12):
        of_encoder.zero_grad()
        of_decoder.zero_grad()
        (decoder(encoder(x)) - x).square().mean().backward()
        of_decoder.step()


@broken("OPT507", "weight", "bias")
def method_named_and_not_called() -> None:
    critic = nn.Linear(4, 1)
    optimizer = optim.Adam(critic.parameters(), lr=1e-3)  # here
    for x, _ in loader(12):
        value_loss = critic(x).square().mean()
        optimizer.zero_grad()
        value_loss.backward()
        optimizer.step  # noqa: B018
