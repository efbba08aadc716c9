"""Broken programs: what is given to the optimizer."""

from __future__ import annotations

import itertools

import torch
from torch import nn, optim

from tests.audit.broken import broken
from tests.audit.small import X, mlp, train


@broken("OPT101", "0.weight", "0.bias", by_step=4)
def used_up_in_a_group() -> None:
    model = mlp()
    first = model[0].parameters()
    assert len(list(first)) == 2
    optimizer = optim.SGD([{"params": first}, {"params": model[2].parameters()}], lr=0.1)  # here
    train(model, optimizer)


@broken("OPT101")
def one_iterator_for_two_groups() -> None:
    model = mlp()
    params = model[0].parameters()
    optimizer = optim.SGD(
        [
            {"params": params},
            {"params": params, "lr": 0.01},  # here
        ],
        lr=0.1,
    )
    train(model, optimizer)


@broken("OPT101", "0.weight", by_step=3)
def first_tensor_lost() -> None:
    model = mlp()
    params = model.parameters()
    assert next(params).device.type == "cpu"
    optimizer = optim.Adam(params, lr=1e-3)  # here
    train(model, optimizer)


@broken("OPT101", "0.weight", by_step=3)
def first_tensor_of_a_filter_lost() -> None:
    model = mlp()
    params = filter(lambda p: p.requires_grad, model.parameters())
    assert any(p.is_floating_point() for p in params)
    optimizer = optim.Adam(params, lr=1e-3)  # here
    train(model, optimizer)


@broken("OPT101", "0.weight", "0.bias", by_step=4)
def used_up_chain() -> None:
    model = mlp()
    both = itertools.chain(model[0].parameters(), ())
    print(sum(p.numel() for p in both))
    optimizer = optim.SGD([{"params": both}, {"params": model[2].parameters()}], lr=0.1)  # here
    train(model, optimizer)


@broken("OPT101", raises=ValueError)
def used_up_as_a_whole() -> None:
    params = mlp().parameters()
    assert sum(p.numel() for p in params)
    optim.SGD(params, lr=0.1)  # here


@broken("OPT101", "2.weight", "2.bias", by_step=4)
def used_up_when_added_later() -> None:
    model = mlp()
    extra = (p for p in model[2].parameters())
    print(len([p.shape for p in extra]))
    optimizer = optim.SGD(model[0].parameters(), lr=0.1)
    optimizer.add_param_group({"params": extra})  # here
    train(model, optimizer)


@broken("OPT101")
def clip_with_a_used_iterator() -> None:
    model = mlp()
    params = model.parameters()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        model(X).sum().backward()
        nn.utils.clip_grad_norm_(params, 1.0)  # here
        optimizer.step()


@broken("OPT201", "tensor 4 (3×8)", by_step=4)
def random_tensor_in_a_group() -> None:
    model = mlp()
    optimizer = optim.SGD(
        [
            {"params": model.parameters()},
            {"params": torch.randn(3, 8)},  # here
        ],
        lr=0.1,
    )
    train(model, optimizer)


@broken("OPT201", "tensor 0 (8×4)", "tensor 1 (8)", "tensor 2 (2×8)", "tensor 3 (2)", by_step=4)
def data_instead_of_parameters() -> None:
    model = mlp()
    optimizer = optim.SGD([p.data for p in model.parameters()], lr=0.1)  # here
    train_with_own_clearing(model, optimizer)


def train_with_own_clearing(model: nn.Module, optimizer: optim.Optimizer) -> None:
    for _ in range(6):
        model.zero_grad()
        model(X).sum().backward()
        optimizer.step()


@broken("OPT202", raises=ValueError)
def scaled_leaf() -> None:
    noise = torch.randn(4, requires_grad=True) * 0.1
    optim.SGD([noise], lr=0.1)  # here


@broken("OPT203", raises=ValueError)
def rows_of_parameters() -> None:
    model = mlp()
    optim.SGD([row for p in model.parameters() for row in p], lr=0.1)  # here


@broken("OPT203", "0.weight", "0.bias", "2.weight", "2.bias", by_step=4)
def rows_under_no_grad() -> None:
    model = mlp()
    with torch.no_grad():
        rows = [row for p in model.parameters() for row in p]
    optimizer = optim.SGD(rows, lr=0.1)  # here
    train_with_own_clearing(model, optimizer)


@broken("OPT302", raises=ValueError)
def overlapping_groups() -> None:
    model = mlp()
    optim.SGD([{"params": model.parameters()}, {"params": model[2].parameters()}], lr=0.1)  # here


@broken("OPT302", "2.weight", "2.bias")
def twice_in_one_list() -> None:
    model = mlp()
    optimizer = optim.SGD([*model.parameters(), *model[2].parameters()], lr=0.1)  # here
    train(model, optimizer)


@broken("OPT302", "2.weight", "2.bias", by_step=4)
def two_optimizers_one_backward() -> None:
    model = mlp()
    whole = optim.SGD(model.parameters(), lr=0.1)
    head = optim.Adam(model[2].parameters())  # here
    for _ in range(6):
        whole.zero_grad()
        model(X).square().mean().backward()
        whole.step()
        head.step()


@broken("OPT305", "2.weight", "2.bias", severity="warning")
def rates_by_index() -> None:
    model = mlp(4, 4, 4, 4)
    groups = [{"params": p, "lr": 0.1 / (1 + i // 3)} for i, p in enumerate(model.parameters())]
    optim.SGD(groups, lr=0.1)  # here


class Normed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.norm, self.head = nn.Linear(4, 8, bias=False), nn.LayerNorm(8), nn.Linear(8, 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.body(x)))


@broken("OPT306", severity="warning", by_step=0)
def words_of_another_model() -> None:
    model = Normed()
    no_decay = ["LayerNorm.weight", "LayerNorm.bias"]
    with_decay = [p for n, p in model.named_parameters() if not any(word in n for word in no_decay)]
    without = [p for n, p in model.named_parameters() if any(word in n for word in no_decay)]  # here
    groups = [{"params": with_decay, "weight_decay": 0.1}, {"params": without, "weight_decay": 0.0}]
    train(model, optim.AdamW(groups))


@broken("OPT306", severity="warning", by_step=0)
def whole_names_where_parts_were_meant() -> None:
    model = mlp()
    biases = {"bias"}
    optimizer = optim.SGD(
        [
            {"params": (p for n, p in model.named_parameters() if n in biases), "lr": 0.2},  # here
            {"params": [p for n, p in model.named_parameters() if n not in biases]},
        ],
        lr=0.1,
    )
    train(model, optimizer)
