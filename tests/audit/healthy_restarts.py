"""Healthy programs that begin anew, train something else, or use their gradients otherwise."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn, optim
from torch.nn import functional
from torch.optim import lr_scheduler

from tests.audit.usual import classifier, epoch, loader


def folds_from_one_start() -> None:
    model = classifier()
    start = copy.deepcopy(model.state_dict())
    for _ in range(5):
        model.load_state_dict(start)
        epoch(model, optim.Adam(model.parameters()))


def rate_search_with_one_optimizer() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    start, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    for rate in (1e-4, 1e-3, 1e-2, 1e-1, 1.0):
        model.load_state_dict(start)
        optimizer.load_state_dict(state)
        for group in optimizer.param_groups:
            group["lr"] = rate
        epoch(model, optimizer)


def rate_search_that_keeps_momentum() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    start = copy.deepcopy(model.state_dict())
    for rate in (1e-4, 1e-3, 1e-2, 1e-1, 0.2):
        model.load_state_dict(start)
        optimizer.param_groups[0]["lr"] = rate
        epoch(model, optimizer)


def test_time_adaptation() -> None:
    model = classifier()
    optimizer = optim.Adam([p for m in model.modules() if isinstance(m, nn.Linear) for p in m.parameters()], lr=1e-3)
    weights, state = copy.deepcopy(model.state_dict()), copy.deepcopy(optimizer.state_dict())
    for x, _ in loader(8):
        model.load_state_dict(weights, strict=True)
        optimizer.load_state_dict(state)
        for _ in range(2):
            p = model(x).softmax(1)
            loss = -(p * p.log()).sum(1).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


def adaptation_by_plain_sgd() -> None:
    model = classifier()
    weights = copy.deepcopy(model.state_dict())
    inner = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(8):
        model.load_state_dict(weights)
        for _ in range(3):
            inner.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            inner.step()


def reptile() -> None:
    model = classifier()
    inner = optim.Adam(model.parameters(), lr=1e-2, betas=(0.0, 0.999))
    for x, y in loader(10):
        before = copy.deepcopy(model.state_dict())
        for _ in range(3):
            inner.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            inner.step()
        after = model.state_dict()
        model.load_state_dict({k: before[k] + 0.1 * (after[k] - before[k]) for k in before})


def restore_the_best() -> None:
    model = classifier()
    optimizer = optim.Adam(model.parameters())
    best, lowest = copy.deepcopy(model.state_dict()), math.inf
    for number in range(6):
        epoch(model, optimizer)
        score = [1.0, 0.5, 0.9, 0.8, 0.7, 0.6][number]
        if score < lowest:
            best, lowest = copy.deepcopy(model.state_dict()), score
        else:
            model.load_state_dict(best)


def resume() -> None:
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 10)
    epoch(model, optimizer)
    schedule.step()
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict(), schedule.state_dict()))
    model = classifier()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 10)
    model.load_state_dict(saved[0])
    optimizer.load_state_dict(saved[1])
    schedule.load_state_dict(saved[2])
    epoch(model, optimizer)
    schedule.step()


def attack_on_the_input() -> None:
    model = classifier()
    for x, y in loader(3):
        delta = torch.zeros_like(x, requires_grad=True)
        optimizer = optim.SGD([delta], lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            (-functional.cross_entropy(model(x + delta), y)).backward()
            delta.grad.sign_()
            optimizer.step()
            delta.data.clamp_(-0.1, 0.1)


def adversarial_training_with_inner_steps() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for x, y in loader(8):
        adversarial = x.clone()
        for _ in range(3):
            adversarial.requires_grad_()
            gradient = torch.autograd.grad(functional.cross_entropy(model(adversarial), y), adversarial)[0]
            adversarial = (adversarial + 0.01 * gradient.sign()).detach()
        optimizer.zero_grad()
        functional.cross_entropy(model(adversarial), y).backward()
        optimizer.step()


def free_adversarial_training() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    delta = torch.zeros(8, 4)
    for x, y in loader(4):
        for _ in range(3):
            noise = delta.clone().requires_grad_()
            optimizer.zero_grad()
            functional.cross_entropy(model(x + noise), y).backward()
            delta = (delta + 0.1 * noise.grad.sign()).clamp(-0.2, 0.2)
            optimizer.step()


def lbfgs_fit() -> None:
    model = classifier()
    optimizer = optim.LBFGS(model.parameters(), lr=0.5, max_iter=5, line_search_fn="strong_wolfe")
    x, y = torch.randn(32, 4), torch.randint(3, (32,))

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    for _ in range(6):
        optimizer.step(closure)


def own_optimizer_through_data() -> None:
    class Lion(optim.Optimizer):
        def __init__(self, params: object, lr: float) -> None:
            super().__init__(params, {"lr": lr, "beta": 0.9})

        def step(self, closure: object = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    m = self.state[p].setdefault("m", torch.zeros_like(p.data))
                    p.data.add_((m * group["beta"] + p.grad.data * (1 - group["beta"])).sign(), alpha=-group["lr"])
                    m.mul_(group["beta"]).add_(p.grad.data, alpha=1 - group["beta"])

    model = classifier()
    epoch(model, Lion(model.parameters(), 1e-3), 12)


def sparse_embeddings() -> None:
    embedding, head = nn.EmbeddingBag(50, 4, sparse=True), nn.Linear(4, 3)
    sparse, dense = optim.SparseAdam(list(embedding.parameters()), lr=1e-2), optim.AdamW(head.parameters())
    for _ in range(10):
        sparse.zero_grad()
        dense.zero_grad()
        functional.cross_entropy(head(embedding(torch.randint(50, (8, 3)))), torch.randint(3, (8,))).backward()
        sparse.step()
        dense.step()


def moe_with_unused_experts() -> None:
    class Moe(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.experts, self.gate = nn.ModuleList(nn.Linear(4, 3) for _ in range(6)), nn.Linear(4, 6)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight, index = self.gate(x).softmax(1)[:, :2].max(1)
            return torch.stack([w * self.experts[int(i)](one) for one, w, i in zip(x, weight, index, strict=True)])

    model = Moe()
    epoch(model, optim.AdamW(model.parameters(), lr=1e-3), 8)


def two_heads_in_turn() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.heads = nn.Linear(4, 8), nn.ModuleDict({"a": nn.Linear(8, 3), "b": nn.Linear(8, 3)})

        def forward(self, x: torch.Tensor, task: str) -> torch.Tensor:
            return self.heads[task](self.body(x).relu())

    model = Two()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for task in ("a", "b", "a"):
        for x, y in loader(8):
            optimizer.zero_grad()
            functional.cross_entropy(model(x, task), y).backward()
            optimizer.step()


def pcgrad_like() -> None:
    model = classifier()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for x, y in loader(10):
        grads = []
        for weight in (1.0, 0.5):
            optimizer.zero_grad()
            (weight * functional.cross_entropy(model(x), y)).backward()
            grads.append([p.grad.clone() for p in model.parameters()])
        optimizer.zero_grad()
        for p, one, two in zip(model.parameters(), *grads, strict=True):
            p.grad = one + two
        optimizer.step()
