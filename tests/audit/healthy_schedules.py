"""Optimizers, phases and schedules that look wrong and are healthy: nothing here may be an error or a warning."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.small import X, Y, loss_of, mlp, train


def plain_sgd() -> None:
    model = mlp()
    train(model, optim.SGD(model.parameters(), lr=0.1), 150)


def every_torch_optimizer() -> None:
    for kind in (
        optim.Adam,
        optim.AdamW,
        optim.Adagrad,
        optim.Adadelta,
        optim.RMSprop,
        optim.Rprop,
        optim.NAdam,
        optim.RAdam,
        optim.Adamax,
        optim.ASGD,
        optim.SGD,
    ):
        model = mlp()
        train(model, kind(model.parameters(), lr=1e-2), 5)


def foreach_and_fused() -> None:
    for options in ({"foreach": True}, {"fused": True}, {"foreach": False}):
        model = mlp()
        train(model, optim.AdamW(model.parameters(), lr=1e-2, **options), 12)


def lbfgs_with_closure() -> None:
    model = mlp()
    optimizer = optim.LBFGS(model.parameters(), lr=0.1)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    for _ in range(6):
        optimizer.step(closure)


def adam_then_lbfgs() -> None:
    model = mlp()
    adam = optim.Adam(model.parameters(), lr=1e-2)
    lbfgs = optim.LBFGS(model.parameters())
    train(model, adam, 10)

    def closure() -> torch.Tensor:
        lbfgs.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    for _ in range(5):
        lbfgs.step(closure)


def sparse_and_dense() -> None:
    table, head = nn.Embedding(50, 4, sparse=True), nn.Linear(4, 2)
    sparse, dense = optim.SparseAdam(table.parameters()), optim.Adam(head.parameters())
    for i in range(12):
        sparse.zero_grad()
        dense.zero_grad()
        head(table(torch.tensor([i % 3, 1]))).sum().backward()
        sparse.step()
        dense.step()


def gan() -> None:
    maker, judge = mlp(3, 8, 4), mlp(4, 8, 1)
    of_maker, of_judge = optim.Adam(maker.parameters(), lr=1e-3), optim.Adam(judge.parameters(), lr=1e-3)
    for _ in range(20):
        noise = torch.randn(16, 3)
        of_judge.zero_grad()
        (judge(maker(noise).detach()).mean() - judge(X).mean()).backward()
        of_judge.step()
        of_maker.zero_grad()
        (-judge(maker(noise)).mean()).backward()
        of_maker.step()


def wgan_with_clamp() -> None:
    maker, judge = mlp(3, 8, 4), mlp(4, 8, 1)
    of_maker, of_judge = optim.RMSprop(maker.parameters(), lr=5e-5), optim.RMSprop(judge.parameters(), lr=5e-5)
    for _ in range(6):
        for _ in range(5):
            of_judge.zero_grad()
            (judge(maker(torch.randn(16, 3)).detach()).mean() - judge(X).mean()).backward()
            of_judge.step()
            for weight in judge.parameters():
                weight.data.clamp_(-0.01, 0.01)
        of_maker.zero_grad()
        (-judge(maker(torch.randn(16, 3))).mean()).backward()
        of_maker.step()


def gan_with_frozen_judge() -> None:
    maker, judge = mlp(3, 8, 4), mlp(4, 8, 1)
    of_maker, of_judge = optim.Adam(maker.parameters()), optim.Adam(judge.parameters())
    for _ in range(12):
        judge.requires_grad_(True)
        of_judge.zero_grad()
        judge(maker(torch.randn(8, 3)).detach()).mean().backward()
        of_judge.step()
        judge.requires_grad_(False)
        of_maker.zero_grad()
        (-judge(maker(torch.randn(8, 3))).mean()).backward()
        of_maker.step()


def alternating_freezing() -> None:
    model = mlp(4, 8, 8, 2)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    for i in range(30):
        model[0].requires_grad_(i % 10 < 5)
        model[4].requires_grad_(i % 10 >= 5)
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()


def alternating_by_rate() -> None:
    model = mlp()
    optimizer = optim.SGD([{"params": model[0].parameters()}, {"params": model[2].parameters()}], lr=0.1)
    for i in range(40):
        optimizer.param_groups[0]["lr"] = 0.1 if i % 20 < 10 else 0.0
        optimizer.param_groups[1]["lr"] = 0.0 if i % 20 < 10 else 0.1
        train(model, optimizer, 1)


class Experts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(4, 2) for _ in range(4))

    def forward(self, x: torch.Tensor, which: int = 0) -> torch.Tensor:
        return self.experts[which](x)


def unused_experts() -> None:
    model = Experts()
    optimizer = optim.Adam(model.parameters())
    for i in range(40):
        optimizer.zero_grad()
        functional.mse_loss(model(X, i % 2), Y).backward()
        optimizer.step()


def warm_up_from_zero() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 10))
    for _ in range(20):
        train(model, optimizer, 1)
        schedule.step()


def cosine_to_zero() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
    for _ in range(20):
        train(model, optimizer, 1)
        schedule.step()


def one_cycle() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=20)
    for _ in range(19):
        train(model, optimizer, 1)
        schedule.step()


def schedule_per_epoch_and_plateau() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    steps, plateau = optim.lr_scheduler.StepLR(optimizer, 2), optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    for _ in range(4):
        train(model, optimizer, 5)
        steps.step()
        plateau.step(1.0)


def resumed_schedule() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.StepLR(optimizer, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            schedule.step()
    for _ in range(6):
        train(model, optimizer, 1)
        schedule.step()


def rate_finder() -> None:
    model = mlp()
    kept = copy.deepcopy(model.state_dict())
    optimizer = optim.SGD(model.parameters(), lr=1e-8)
    for i in range(60):
        optimizer.param_groups[0]["lr"] = 1e-8 * 1.3**i
        train(model, optimizer, 1)
    model.load_state_dict(kept)
    optimizer.param_groups[0]["lr"] = 0.1
    train(model, optimizer, 10)


def swa() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    av = optim.swa_utils.AveragedModel(m)
    s = optim.swa_utils.SWALR(o, swa_lr=0.05)
    for i in range(20):
        train(m, o, 1)
        if i > 10:
            av.update_parameters(m)
            s.step()


def sequential_lr() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    s = optim.lr_scheduler.SequentialLR(
        o, [optim.lr_scheduler.ConstantLR(o, 0.1, 5), optim.lr_scheduler.ExponentialLR(o, 0.9)], [5]
    )
    for _ in range(15):
        train(m, o, 1)
        s.step()


def chained_lr() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    s = optim.lr_scheduler.ChainedScheduler(
        [optim.lr_scheduler.ConstantLR(o, 0.1, 5), optim.lr_scheduler.ExponentialLR(o, 0.9)]
    )
    for _ in range(15):
        train(m, o, 1)
        s.step()


def tensor_lr() -> None:
    m = mlp()
    o = optim.Adam(m.parameters(), lr=torch.tensor(1e-3))
    train(m, o, 15)


def unfrozen(model: nn.Sequential, optimizer: optim.Optimizer, **options: float) -> None:
    model[0].requires_grad_(True)
    optimizer.add_param_group({"params": model[0].parameters(), **options})


def decay_by_hand_that_leaves_a_slow_group_as_it_is() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    for i in range(90):
        optimizer.param_groups[0]["lr"] = 0.1 * 0.98**i
        if i == 30:
            unfrozen(model, optimizer, lr=1e-4)
        train(model, optimizer, 1)


def decay_by_hand_of_all_groups() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    for i in range(90):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * 0.98**i
        if i == 30:
            unfrozen(model, optimizer)
        train(model, optimizer, 1)


def rare_decay_by_hand() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.SGD(model[2].parameters(), lr=0.1)
    for i in range(140):
        if i % 60 == 59:
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
        if i == 20:
            unfrozen(model, optimizer)
        train(model, optimizer, 1)
