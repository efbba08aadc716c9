"""Healthy programs in the styles that people use, each near a mistake."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

from tests.audit.usual import GPT, batch, classifier, epoch, loader


def nanogpt() -> None:
    model = GPT()
    named = {n: p for n, p in model.named_parameters() if p.requires_grad}
    decay = [p for p in named.values() if p.dim() >= 2]
    rest = [p for p in named.values() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95))
    for step in range(12):
        rate = 1e-3 * (step + 1) / 4 if step < 4 else 5e-4 * (1 + math.cos(math.pi * step / 12))
        for group in optimizer.param_groups:
            group["lr"] = rate
        for _ in range(3):
            (model(*batch()) / 3).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def accumulation_with_a_rest() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    batches = list(loader(10))
    optimizer.zero_grad()
    for i, (x, y) in enumerate(batches):
        (functional.cross_entropy(model(x), y) / 4).backward()
        if (i + 1) % 4 == 0 or i + 1 == len(batches):
            optimizer.step()
            optimizer.zero_grad()


def timm_like_layer_decay() -> None:
    model = GPT()
    groups: dict[str, dict[str, object]] = {}
    for name, p in model.named_parameters():
        layer = int(name.split(".")[1]) + 1 if name.startswith("h.") else 0 if "wte" in name else 3
        key = f"layer_{layer}_{'decay' if p.dim() > 1 else 'no_decay'}"
        group = groups.setdefault(
            key, {"params": [], "lr_scale": 0.75 ** (3 - layer), "weight_decay": 0.05 * (p.dim() > 1)}
        )
        group["params"].append(p)
    optimizer = optim.AdamW(groups.values(), lr=1e-3)
    for step in range(8):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * group["lr_scale"] * min(1, step / 4)
        optimizer.zero_grad()
        model(*batch()).backward()
        optimizer.step()


def scaler_with_unscale() -> None:
    model = classifier()
    optimizer, scaler = optim.AdamW(model.parameters()), torch.amp.GradScaler("cpu")
    for x, y in loader(8):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def scaler_of_two_optimizers() -> None:
    a, b = nn.Sequential(nn.Linear(4, 4)), nn.Sequential(nn.Linear(4, 3))
    first, second = optim.SGD(a.parameters(), lr=0.1), optim.SGD(b.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    for x, y in loader(8):
        first.zero_grad()
        second.zero_grad()
        scaler.scale(functional.cross_entropy(b(a(x)), y)).backward()
        for optimizer, part in ((first, a), (second, b)):
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(part.parameters(), 1.0)
        scaler.step(first)
        scaler.step(second)
        scaler.update()


def sac() -> None:
    actor, critic = nn.Linear(3, 2), nn.Linear(5, 1)
    target = copy.deepcopy(critic).requires_grad_(False)
    log_alpha = torch.zeros(1, requires_grad=True)
    of_actor, of_critic = optim.Adam(actor.parameters(), lr=3e-4), optim.Adam(critic.parameters(), lr=3e-4)
    of_alpha = optim.Adam([log_alpha], lr=3e-4)
    for _ in range(12):
        state = torch.randn(8, 3)
        action = actor(state).tanh()
        log_prob = -action.square().sum(1)
        with torch.no_grad():
            goal = 1 + 0.9 * target(torch.cat([state, action], 1))
        of_critic.zero_grad()
        (critic(torch.cat([state, action.detach()], 1)) - goal).square().mean().backward()
        of_critic.step()
        of_actor.zero_grad()
        (log_alpha.exp().detach() * log_prob - critic(torch.cat([state, action], 1)).squeeze()).mean().backward()
        of_actor.step()
        of_alpha.zero_grad()
        (-(log_alpha * (log_prob + 2).detach()).mean()).backward()
        of_alpha.step()
        with torch.no_grad():
            for t, s in zip(target.parameters(), critic.parameters(), strict=True):
                t.data.mul_(0.995)
                t.data.add_(0.005 * s.data)


def td3_with_delayed_policy() -> None:
    actor, critic = nn.Linear(3, 2), nn.Linear(5, 1)
    of_actor, of_critic = optim.Adam(actor.parameters()), optim.Adam(critic.parameters())
    for step in range(24):
        state = torch.randn(8, 3)
        of_critic.zero_grad()
        (critic(torch.cat([state, actor(state).detach()], 1)) - 1).square().mean().backward()
        of_critic.step()
        if step % 4 == 3:
            of_actor.zero_grad()
            (-critic(torch.cat([state, actor(state)], 1)).mean()).backward()
            of_actor.step()


def dqn_with_hard_updates() -> None:
    q = nn.Linear(3, 2)
    target = copy.deepcopy(q)
    optimizer = optim.RMSprop(q.parameters(), lr=1e-3)
    for step in range(30):
        state = torch.randn(8, 3)
        with torch.no_grad():
            goal = 1 + 0.9 * target(state).amax(1)
        optimizer.zero_grad()
        functional.smooth_l1_loss(q(state).amax(1), goal).backward()
        nn.utils.clip_grad_value_(q.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 9:
            target.load_state_dict(q.state_dict())


def gan_with_n_critic() -> None:
    g, d = nn.Linear(2, 4), nn.Linear(4, 1)
    of_g, of_d = optim.Adam(g.parameters(), betas=(0.5, 0.9)), optim.Adam(d.parameters(), betas=(0.5, 0.9))
    for step in range(25):
        of_d.zero_grad()
        (d(g(torch.randn(8, 2)).detach()).mean() - d(torch.randn(8, 4)).mean()).backward()
        of_d.step()
        if step % 5 == 4:
            of_g.zero_grad()
            (-d(g(torch.randn(8, 2))).mean()).backward()
            of_g.step()


def gan_clearing_the_whole_nets() -> None:
    g, d = nn.Linear(2, 4), nn.Linear(4, 1)
    of_g, of_d = optim.Adam(g.parameters()), optim.Adam(d.parameters())
    for _ in range(10):
        d.zero_grad()
        functional.softplus(-d(torch.randn(8, 4))).mean().backward()
        fake = g(torch.randn(8, 2))
        functional.softplus(d(fake.detach())).mean().backward()
        of_d.step()
        g.zero_grad()
        functional.softplus(-d(fake)).mean().backward()
        of_g.step()


def lora_by_hand() -> None:
    class Lora(nn.Module):
        def __init__(self, base: nn.Linear) -> None:
            super().__init__()
            self.base = base.requires_grad_(False)
            self.a = nn.Parameter(torch.randn(2, base.in_features) * 0.01)
            self.b = nn.Parameter(torch.zeros(base.out_features, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.base(x) + x @ self.a.T @ self.b.T

    model = classifier()
    model[0], model[2] = Lora(model[0]), Lora(model[2])
    epoch(model, optim.AdamW(model.parameters(), lr=1e-3), 8)


def peft_style_filter() -> None:
    model = classifier().requires_grad_(False)
    model.append(nn.Linear(3, 3))
    epoch(model, optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3), 8)


def gradual_unfreezing_with_groups() -> None:
    model = classifier()
    model[0].requires_grad_(False)
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    epoch(model, optimizer)
    model[0].requires_grad_(True)
    optimizer.add_param_group({"params": model[0].parameters(), "lr": 0.01})
    epoch(model, optimizer)


def unfreezing_of_what_was_given_at_once() -> None:
    model = classifier()
    model[0].requires_grad_(False)
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    epoch(model, optimizer, 8)
    model[0].requires_grad_(True)
    epoch(model, optimizer, 8)


def ema_in_place() -> None:
    model = classifier()
    ema = copy.deepcopy(model).requires_grad_(False)
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        with torch.no_grad():
            for e, p in zip(ema.parameters(), model.parameters(), strict=True):
                e.lerp_(p, 0.01)


def ema_over_the_state_dict() -> None:
    model = classifier()
    ema = copy.deepcopy(model)
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        new = model.state_dict()
        mixed = {}
        for key, value in ema.state_dict().items():
            value = 0.9 * value + 0.1 * new[key]  # noqa: PLW2901
            mixed[key] = value
        ema.load_state_dict(mixed)


def ema_shadow_dict() -> None:
    model = classifier()
    shadow = {n: p.detach().clone() for n, p in model.named_parameters()}
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        for n, p in model.named_parameters():
            shadow[n] = 0.9 * shadow[n] + 0.1 * p.detach()
    backup = {n: p.detach().clone() for n, p in model.named_parameters()}
    for n, p in model.named_parameters():
        p.data = shadow[n]
    for n, p in model.named_parameters():
        p.data = backup[n]


def pull_towards_the_start() -> None:
    model = classifier()
    start = copy.deepcopy(model).requires_grad_(False)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(12):
        penalty = torch.zeros(())
        for p0, p in zip(start.parameters(), model.parameters(), strict=True):
            penalty = penalty + (p - p0).square().sum()
        optimizer.zero_grad()
        (functional.cross_entropy(model(x), y) + 0.01 * penalty).backward()
        optimizer.step()


def distance_that_is_logged() -> None:
    model = classifier()
    start = copy.deepcopy(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(12):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        with torch.no_grad():
            total = 0.0
            for p0, p in zip(start.parameters(), model.parameters(), strict=True):
                p0 = p - p0  # noqa: PLW2901
                total += float(p0.norm())


def swa_late() -> None:
    model = classifier()
    swa = AveragedModel(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = SWALR(optimizer, 0.05)
    for number in range(4):
        epoch(model, optimizer)
        if number >= 2:
            swa.update_parameters(model)
            schedule.step()
    update_bn(loader(), swa)


def ema_model_of_torch() -> None:
    model = classifier()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(10):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        ema.update_parameters(model)
        with torch.no_grad():
            ema(x)


def swa_not_reached() -> None:
    model = classifier()
    swa = AveragedModel(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for number in range(2):
        epoch(model, optimizer)
        if number > 75:
            swa.update_parameters(model)
