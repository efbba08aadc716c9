"""Healthy programs that clip, schedule, share and use gradients in their own ways."""

from __future__ import annotations

import itertools
import math

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler

from tests.audit.usual import GPT, batch, classifier, epoch, loader


def mean_teacher() -> None:
    student, teacher = classifier(), classifier()
    teacher.load_state_dict(student.state_dict())
    for p in teacher.parameters():
        p.detach_()
    optimizer = optim.Adam(student.parameters())
    for step, (x, y) in enumerate(loader(12)):
        optimizer.zero_grad()
        (functional.cross_entropy(student(x), y) + functional.mse_loss(student(x), teacher(x))).backward()
        optimizer.step()
        alpha = min(1 - 1 / (step + 1), 0.99)
        for t, s in zip(teacher.parameters(), student.parameters(), strict=True):
            t.data.mul_(alpha).add_(s.data, alpha=1 - alpha)


def distillation() -> None:
    teacher, student = classifier().eval(), classifier()
    optimizer = optim.AdamW(student.parameters(), lr=1e-3)
    for x, y in loader(10):
        with torch.no_grad():
            soft = teacher(x)
        out = student(x)
        loss = functional.kl_div(out.log_softmax(1), soft.softmax(1), reduction="batchmean") + functional.cross_entropy(
            out, y
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def distillation_without_no_grad() -> None:
    teacher, student = classifier().eval(), classifier()
    optimizer = optim.AdamW(student.parameters(), lr=1e-3)
    for x, _ in loader(10):
        optimizer.zero_grad()
        functional.mse_loss(student(x), teacher(x).detach()).backward()
        optimizer.step()


def clip_per_group_and_log() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(10):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        before = nn.utils.clip_grad_norm_(model.parameters(), math.inf)
        nn.utils.clip_grad_norm_(model[0].parameters(), 1.0)
        nn.utils.clip_grad_norm_(model[2].parameters(), 0.5)
        optimizer.step()
        assert before.isfinite()


def weight_clamp_after_step() -> None:
    model = classifier()
    optimizer = optim.RMSprop(model.parameters(), lr=1e-3)
    for x, _ in loader(10):
        optimizer.zero_grad()
        model(x).mean().backward()
        optimizer.step()
        for p in model.parameters():
            p.data.clamp_(-0.05, 0.05)


def schedule_in_all_common_ways() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    steps = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=30)
    for _ in range(3):
        for x, y in loader(6):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            steps.step()
        plateau.step(1.0)


def warm_restarts_and_zero_rates() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 5)
    for i, (x, y) in enumerate(loader(20)):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        schedule.step(i / 4)


def fisher_then_training() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    fisher = {n: torch.zeros_like(p) for n, p in model.named_parameters()}
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        for n, p in model.named_parameters():
            fisher[n] += p.grad.square()
    epoch(model, optimizer)


def validation_with_gradients_between() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    for _ in range(4):
        epoch(model, optimizer)
        for x, y in loader(2):
            functional.cross_entropy(model(x), y).backward()
            assert model[0].weight.grad is not None
        optimizer.zero_grad()


def chained_parameters_of_two_models() -> None:
    encoder, decoder = nn.Linear(4, 2), nn.Linear(2, 4)
    optimizer = optim.Adam(itertools.chain(encoder.parameters(), decoder.parameters()), lr=1e-3)
    for x, _ in loader(8):
        optimizer.zero_grad()
        functional.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()


def pinn() -> None:
    net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    log_k = nn.Parameter(torch.zeros(()))
    optimizer = optim.Adam([*net.parameters(), log_k], lr=1e-3)
    for _ in range(10):
        t = torch.rand(16, 1, requires_grad=True)
        u = net(t)
        (du,) = torch.autograd.grad(u.sum(), t, create_graph=True)
        optimizer.zero_grad()
        ((du + log_k.exp() * u).square().mean() + (net(torch.zeros(1, 1)) - 1).square().mean()).backward()
        optimizer.step()


def siamese_with_stop_gradient() -> None:
    class SimSiam(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.predictor = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            za, zb = self.encoder(a), self.encoder(b)
            return -functional.cosine_similarity(self.predictor(za), zb.detach()).mean()

    model = SimSiam()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, _ in loader(10):
        optimizer.zero_grad()
        model(x, x + 0.1 * torch.randn_like(x)).backward()
        optimizer.step()


def vq_with_ema_codes() -> None:
    class Vq(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(4, 4), nn.Linear(4, 4)
            self.register_buffer("codes", torch.randn(8, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            z = self.encoder(x)
            nearest = torch.cdist(z, self.codes).argmin(1)
            q = self.codes[nearest]
            with torch.no_grad():
                self.codes[nearest] = 0.9 * q + 0.1 * z
            return functional.mse_loss(self.decoder(z + (q - z).detach()), x) + functional.mse_loss(z, q)

    model = Vq()
    optimizer = optim.Adam(model.parameters())
    for x, _ in loader(10):
        optimizer.zero_grad()
        model(x).backward()
        optimizer.step()


def head_swapped_between_trainings() -> None:
    model = classifier()
    epoch(model, optim.Adam(model.parameters()))
    model[2] = nn.Linear(8, 3)
    epoch(model, optim.Adam(model.parameters()))


def linear_probe() -> None:
    model = classifier()
    model[0].requires_grad_(False)
    model[0].eval()
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    epoch(model, optimizer, 8)


def probe_without_freezing() -> None:
    model = classifier()
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    epoch(model, optimizer, 8)


def random_restarts_of_a_layer() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    for _ in range(5):
        model[2].reset_parameters()
        epoch(model, optimizer, 3)


def muon_and_adam() -> None:
    model = GPT()
    hidden = [p for block in model.h for p in block.parameters() if p.ndim == 2]
    rest = [p for p in model.parameters() if all(p is not h for h in hidden)]
    optimizers = [optim.SGD(hidden, lr=0.02, momentum=0.95, nesterov=True), optim.AdamW(rest, lr=1e-3)]
    for _ in range(10):
        model(*batch()).backward()
        for optimizer in optimizers:
            optimizer.step()
        model.zero_grad(set_to_none=True)


def optimizer_per_parameter_in_backward() -> None:
    model = classifier()
    optimizers = {p: optim.SGD([p], lr=0.1) for p in model.parameters()}

    def update(p: torch.Tensor) -> None:
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in model.parameters():
        p.register_post_accumulate_grad_hook(update)
    for x, y in loader(8):
        functional.cross_entropy(model(x), y).backward()


def never_stepped_on_purpose() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    sensitivity = torch.zeros(3)
    for x, _ in loader(3):
        optimizer.zero_grad()
        model(x).sum().backward()
        sensitivity += model[2].bias.grad


def profiler_beside() -> None:
    class Profiler:
        def step(self) -> None:
            pass

    profiler, model = Profiler(), classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i, (x, y) in enumerate(loader(24)):
        (functional.cross_entropy(model(x), y) / 12).backward()
        profiler.step()
        if i % 12 == 11:
            optimizer.step()
            optimizer.zero_grad()


def clip_of_what_is_not_trained() -> None:
    model, probe = classifier(), nn.Linear(3, 3)
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(8):
        optimizer.zero_grad()
        functional.cross_entropy(probe(model(x)).detach() + model(x), y).backward()
        nn.utils.clip_grad_norm_([*model.parameters(), *probe.parameters()], 1.0)
        optimizer.step()
