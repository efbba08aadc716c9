"""Losses, clipping, groups, corners that look wrong and are healthy: nothing here may be an error or a warning."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.small import X, Y, loss_of, mlp, train, train_to_own_width


def two_losses_two_backwards() -> None:
    model = mlp()
    first, second = optim.SGD(model.parameters(), lr=0.1), optim.SGD(model[2].parameters(), lr=0.05)
    for _ in range(12):
        first.zero_grad()
        loss_of(model).backward()
        first.step()
        second.zero_grad()
        model(X).abs().mean().backward()
        second.step()


def two_losses_one_step() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        optimizer.zero_grad()
        out = model(X)
        functional.mse_loss(out, Y).backward(retain_graph=True)
        out.abs().mean().backward()
        optimizer.step()


def actor_and_critic() -> None:
    actor, critic = mlp(4, 8, 2), mlp(6, 8, 1)
    of_actor, of_critic = optim.Adam(actor.parameters()), optim.Adam(critic.parameters())
    for i in range(20):
        of_critic.zero_grad()
        critic(torch.cat([X, actor(X).detach()], 1)).square().mean().backward()
        of_critic.step()
        if i % 2:
            of_actor.zero_grad()
            (-critic(torch.cat([X, actor(X)], 1)).mean()).backward()
            of_actor.step()


def norm_logging() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), math.inf)


def clipping() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        optimizer.zero_grad()
        loss_of(model).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        nn.utils.clip_grad_value_(model.parameters(), 0.5)
        optimizer.step()


def no_decay_groups() -> None:
    model = nn.Sequential(nn.Linear(4, 8, bias=False), nn.Linear(8, 2, bias=False))
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if "bias" not in n], "weight_decay": 0.1},
        {"params": [p for n, p in named if "bias" in n], "weight_decay": 0.0},
    ]
    train(model, optim.AdamW(groups), 10)


def named_groups_with_extra_keys() -> None:
    model = mlp()
    optimizer = optim.SGD(
        [
            {"params": model[0].parameters(), "name": "body", "lr_scale": 0.5},
            {"params": model[2].parameters(), "weightdecay": 1},
        ],
        lr=0.1,
    )
    for group in optimizer.param_groups:
        group["lr"] *= group.get("lr_scale", 1.0)
        group["weight_decay"] = group.get("weightdecay", 0.0)
    train(model, optimizer, 10)


def parameters_by_name() -> None:
    model = mlp()
    train(model, optim.SGD(model.named_parameters(), lr=0.1), 10)


def iterators_made_fresh() -> None:
    model = mlp()
    for weight in model.parameters():
        assert weight.requires_grad
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    train(model, optimizer, 10)


def first_and_rest_on_purpose() -> None:
    model = mlp()
    iterator = model.parameters()
    first = next(iterator)
    optimizer = optim.SGD([{"params": iterator, "lr": 0.1}, {"params": [first], "lr": 0.01}], lr=0.1)
    train(model, optimizer, 10)


def first_and_rest_in_two_optimizers() -> None:
    model = mlp()
    iterator = model.parameters()
    first = next(iterator)
    rest, one = optim.SGD(iterator, lr=0.1), optim.SGD([first], lr=0.01)
    for _ in range(10):
        rest.zero_grad()
        one.zero_grad()
        loss_of(model).backward()
        rest.step()
        one.step()


def moved_and_cast_after() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model.to("cpu").double().float()
    model.load_state_dict(copy.deepcopy(model.state_dict()))
    train(model, optimizer, 10)


def head_replaced_then_rebuilt() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 5)
    model[2] = nn.Linear(8, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 10)


def lazy_layers() -> None:
    model = nn.Sequential(nn.LazyLinear(8), nn.Tanh(), nn.LazyLinear(2))
    model(X)
    train(model, optim.SGD(model.parameters(), lr=0.1), 10)


class BuildsLater(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer: nn.Linear | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.layer is None:
            self.layer = nn.Linear(x.shape[1], 2)
        return self.layer(x)


def built_in_forward_before_the_optimizer() -> None:
    model = BuildsLater()
    model(X)
    train(model, optim.SGD(model.parameters(), lr=0.1), 10)


class HidesTeacher(nn.Module):
    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self.student = mlp()
        self.teacher = [teacher.eval()]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.student(x) - self.teacher[0](x)


def hidden_teacher() -> None:
    model = HidesTeacher(mlp())
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        model(X).square().mean().backward()
        optimizer.step()


def weight_norm() -> None:
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 8)), nn.Linear(8, 2))
    train(model, optim.SGD(model.parameters(), lr=0.1), 10)


def manual_updates_beside() -> None:
    model, extra = mlp(), nn.Parameter(torch.zeros(2))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        optimizer.zero_grad()
        extra.grad = None
        functional.mse_loss(model(X) + extra, Y).backward()
        optimizer.step()
        with torch.no_grad():
            extra -= 0.1 * extra.grad


def evaluation_with_gradients() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 5)
    for _ in range(6):
        x = X.clone().requires_grad_(True)
        model(x).sum().backward()
    optimizer.zero_grad()
    train(model, optimizer, 5)


def gradients_without_training() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loss_of(model).backward()
    optimizer.zero_grad()


def dead_units() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    nn.init.constant_(model[0].bias, -100.0)
    train(model, optim.SGD(model.parameters(), lr=0.1), 20)


def zero_gradients() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (loss_of(model) * 0).backward()
        optimizer.step()


def large_embedding() -> None:
    table = nn.Embedding(5000, 4)
    optimizer = optim.SGD(table.parameters(), lr=0.1)
    for _ in range(30):
        optimizer.zero_grad()
        table(torch.tensor([7, 9])).sum().backward()
        optimizer.step()


def half_weights_that_move() -> None:
    model = mlp().bfloat16()
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for _ in range(12):
        optimizer.zero_grad()
        functional.mse_loss(model(X.bfloat16()), Y.bfloat16()).backward()
        optimizer.step()


def checkpoint_and_resume() -> None:
    model = mlp()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    train(model, optimizer, 5)
    kept = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    model = mlp()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    model.load_state_dict(kept[0])
    optimizer.load_state_dict(kept[1])
    train(model, optimizer, 5)


def rates_per_layer() -> None:
    model = mlp(4, 4, 4, 4)
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    optimizer = optim.SGD([{"params": one.parameters(), "lr": 0.1 * 0.5**i} for i, one in enumerate(layers)], lr=0.1)
    train_to_own_width(model, optimizer)


def rates_for_biases() -> None:
    model = mlp(4, 4, 4)
    groups = [{"params": [p], "lr": 0.2 if "bias" in n else 0.1} for n, p in model.named_parameters()]
    train_to_own_width(model, optim.SGD(groups, lr=0.1))


def compiled_model() -> None:
    model = mlp()
    compiled = torch.compile(model, backend="eager")
    train(compiled, optim.SGD(model.parameters(), lr=0.1), 10)  # type: ignore[arg-type]


def conflicting_gradients() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(12):
        kept = []
        for loss in (lambda: loss_of(model), lambda: model(X).abs().mean()):
            optimizer.zero_grad()
            loss().backward()
            kept.append([weight.grad.clone() for weight in model.parameters()])
        for weight, first, second in zip(model.parameters(), *kept, strict=True):
            weight.grad = (first + second) / 2
        optimizer.step()


def rate_kept_on_the_optimizer_too() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(12):
        optimizer.lr = 0.1 / (i + 1)
        for group in optimizer.param_groups:
            group["lr"] = optimizer.lr
        train(model, optimizer, 1)


def closure_steps() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        return loss

    for _ in range(20):
        optimizer.step(closure)


def caught_mistakes() -> None:
    model = mlp()
    try:
        optim.SGD([torch.randn(3, requires_grad=True) * 2], lr=0.1)
    except ValueError:
        optimizer = optim.SGD(model.parameters(), lr=0.1)
    train(model, optimizer, 5)


def pooler_that_is_not_used() -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.pooler = mlp(), nn.Linear(2, 2)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            hidden = self.body(x)
            return hidden, self.pooler(hidden)

    model = Encoder()
    optimizer = optim.AdamW(model.parameters())
    for _ in range(30):
        optimizer.zero_grad()
        functional.mse_loss(model(X)[0], Y).backward()
        optimizer.step()
