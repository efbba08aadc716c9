"""Research tricks that look wrong and are healthy: nothing here may be an error or a warning."""

from __future__ import annotations

import copy

import torch
import torch.utils.checkpoint
from torch import nn, optim
from torch.func import functional_call
from torch.nn import functional

from tests.audit.small import X, Y, loss_of, mlp, train


def style_transfer() -> None:
    features, image = mlp(4, 8, 8), torch.randn(16, 4, requires_grad=True)
    optimizer = optim.Adam([image], lr=0.05)
    goal = features(X).detach()
    for _ in range(20):
        optimizer.zero_grad()
        functional.mse_loss(features(image), goal).backward()
        optimizer.step()


def images_one_by_one() -> None:
    features = mlp(4, 8, 8).requires_grad_(False)
    for _ in range(8):
        image = torch.randn(16, 4, requires_grad=True)
        optimizer = optim.Adam([image], lr=0.05)
        for _ in range(3):
            optimizer.zero_grad()
            features(image).square().mean().backward()
            optimizer.step()


def adversarial_training() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    for _ in range(15):
        x = X.clone().requires_grad_(True)
        loss_of(model, x).backward()
        adversarial = (x + 0.01 * x.grad.sign()).detach()
        optimizer.zero_grad()
        loss_of(model, adversarial).backward()
        optimizer.step()


def universal_perturbation() -> None:
    model, delta = mlp(), torch.zeros(1, 4, requires_grad=True)
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    for _ in range(15):
        optimizer.zero_grad()
        loss_of(model, X + delta).backward()
        optimizer.step()
        with torch.no_grad():
            delta += 0.01 * delta.grad.sign()
        delta.grad = None


def maml() -> None:
    model = mlp()
    outer = optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(10):
        outer.zero_grad()
        weights = dict(model.named_parameters())
        inner = functional.mse_loss(functional_call(model, weights, (X,)), Y)
        gradients = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
        fast = {name: w - 0.1 * g for (name, w), g in zip(weights.items(), gradients, strict=True)}
        functional.mse_loss(functional_call(model, fast, (X,)), Y).backward()
        outer.step()


def first_order_meta_learning() -> None:
    model = mlp()
    outer = optim.SGD(model.parameters(), lr=0.5)
    for _ in range(8):
        fast = copy.deepcopy(model)
        inner = optim.Adam(fast.parameters(), lr=1e-2)
        train(fast, inner, 1)
        outer.zero_grad()
        for slow, quick in zip(model.parameters(), fast.parameters(), strict=True):
            slow.grad = (slow - quick).detach()
        outer.step()


def federated_clients() -> None:
    model = mlp()
    for _ in range(6):
        kept = copy.deepcopy(model.state_dict())
        optimizer = optim.Adam(model.parameters(), lr=1e-2)
        train(model, optimizer, 1)
        moved = model.state_dict()
        model.load_state_dict({name: (kept[name] + moved[name]) / 2 for name in kept})


def folds() -> None:
    for _ in range(4):
        model = mlp()
        optimizer = optim.Adam(model.parameters(), lr=1e-2)
        train(model, optimizer, 5)
        model.eval()
        with torch.no_grad():
            loss_of(model)


def evolution() -> None:
    model = mlp().requires_grad_(False)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(10):
        for weight in model.parameters():
            weight.grad = torch.randn_like(weight)
        optimizer.step()


def evolution_on_plain_tensors() -> None:
    genes = [torch.zeros(4, 2), torch.zeros(2)]
    optimizer = optim.SGD(genes, lr=0.1)
    for _ in range(10):
        for gene in genes:
            gene.grad = torch.randn_like(gene)
        optimizer.step()


def grad_asked_for_later() -> None:
    shift = torch.zeros(4)
    model = mlp()
    optimizer = optim.SGD([{"params": model.parameters()}, {"params": [shift]}], lr=0.1)
    shift.requires_grad_()
    for _ in range(10):
        optimizer.zero_grad()
        loss_of(model, X + shift).backward()
        optimizer.step()


def master_weights() -> None:
    model = mlp().bfloat16()
    masters = [weight.detach().float() for weight in model.parameters()]
    optimizer = optim.SGD(masters, lr=0.1)
    for _ in range(20):
        model.zero_grad()
        functional.mse_loss(model(X.bfloat16()), Y.bfloat16()).backward()
        for master, weight in zip(masters, model.parameters(), strict=True):
            master.grad = weight.grad.float()
        optimizer.step()
        with torch.no_grad():
            for master, weight in zip(masters, model.parameters(), strict=True):
                weight.copy_(master)


def checkpointed_activations() -> None:
    model = mlp(4, 8, 8, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(8):
        optimizer.zero_grad()
        hidden = torch.utils.checkpoint.checkpoint(model[:3], X, use_reentrant=False)
        functional.mse_loss(model[3:](hidden), Y).backward()
        optimizer.step()


def truncated_backpropagation() -> None:
    cell, head = nn.GRUCell(4, 8), nn.Linear(8, 2)
    optimizer = optim.Adam([*cell.parameters(), *head.parameters()])
    state = torch.zeros(16, 8)
    for _ in range(12):
        optimizer.zero_grad()
        state = cell(X, state.detach())
        functional.mse_loss(head(state), Y).backward()
        optimizer.step()


def gradient_penalty() -> None:
    judge = mlp(4, 8, 1)
    optimizer = optim.Adam(judge.parameters())
    for _ in range(12):
        x = X.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
        optimizer.zero_grad()
        ((slope.norm(dim=1) - 1) ** 2).mean().backward()
        optimizer.step()


def step_in_backward() -> None:
    model = mlp()
    each = {weight: optim.SGD([weight], lr=0.1) for weight in model.parameters()}

    def step(weight: torch.Tensor) -> None:
        each[weight].step()
        each[weight].zero_grad()

    for weight in model.parameters():
        weight.register_post_accumulate_grad_hook(step)
    for _ in range(20):
        loss_of(model).backward()


def rotated_loop() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loss_of(model).backward()
    for _ in range(20):
        optimizer.step()
        optimizer.zero_grad()
        loss_of(model).backward()
