"""Broken programs: the model and its optimizer do not belong together."""

from __future__ import annotations

import torch
from torch import nn, optim

from tests.audit.broken import broken
from tests.audit.small import X, Y, mlp, train


class TwoParts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(4, 8), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).tanh())


@broken("OPT406", "head.weight", "head.bias", by_step=4)
def head_replaced() -> None:
    model = TwoParts()
    optimizer = optim.Adam(model.parameters())  # here
    model.head = nn.Linear(8, 2)
    train(model, optimizer)


@broken("OPT406", "2.weight", "2.bias", by_step=104)
def head_replaced_late() -> None:
    model = mlp()
    optimizer = optim.Adam(model.parameters())  # here
    train(model, optimizer, 100)
    model[2] = nn.Linear(8, 2)
    train(model, optimizer, 8)


@broken("OPT406", "0.weight", "0.bias", "2.weight", "2.bias", by_step=4)
def model_built_again() -> None:
    model = mlp()
    optimizer = optim.Adam(model.parameters())  # here
    model = mlp()
    train(model, optimizer)


class Adapter(nn.Module):
    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.inner = inner.requires_grad_(False)
        self.down, self.up = nn.Linear(inner.in_features, 2), nn.Linear(2, inner.out_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + self.up(self.down(x))


@broken("OPT406", *(f"{i}.{part}.{kind}" for i in (0, 2) for part in ("up", "down") for kind in ("weight", "bias")))
def adapters_after_the_optimizer() -> None:
    model = mlp()
    optimizer = optim.AdamW(model.parameters(), weight_decay=0.0)  # here
    model[0], model[2] = Adapter(model[0]), Adapter(model[2])
    train(model, optimizer)


@broken("OPT405", "3.weight", "3.bias", by_step=4)
def head_added() -> None:
    model = mlp()
    optimizer = optim.Adam(model.parameters())  # here
    model.append(nn.Linear(2, 2))
    train(model, optimizer)


@broken("OPT405", "0.weight", "0.bias", by_step=9)
def unfrozen_later() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.Adam(p for p in model.parameters() if p.requires_grad)  # here
    train(model, optimizer, 5)
    model[0].requires_grad_(True)
    train(model, optimizer, 8)


@broken("OPT405", "0.weight", "0.bias", by_step=9)
def unfrozen_later_from_a_list() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = optim.Adam([p for p in model.parameters() if p.requires_grad])  # here
    train(model, optimizer, 5)
    model[0].requires_grad_(True)
    train(model, optimizer, 8)


@broken("OPT405", "2.weight", "2.bias", by_step=4)
def slices_that_leave_a_gap() -> None:
    model = mlp(4, 8, 8, 2)
    parts = list(model.children())
    first, last = nn.Sequential(*parts[:2]).parameters(), nn.Sequential(*parts[-1:]).parameters()
    optimizer = optim.SGD([{"params": first}, {"params": last, "lr": 0.01}], lr=0.1)  # here
    train(model, optimizer)


@broken("OPT405", "2.bias", by_step=4)
def parameter_slices_that_leave_a_gap() -> None:
    model = mlp(4, 8, 8, 2)
    params = list(model.parameters())
    optimizer = optim.SGD([{"params": params[:3]}, {"params": params[4:]}], lr=0.1)  # here
    train(model, optimizer)


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale, self.inner = nn.Parameter(torch.ones(2)), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) * self.scale


@broken("OPT405", "scale", by_step=4)
def children_only() -> None:
    model = Scaled()
    optimizer = optim.SGD(nn.Sequential(*model.children()).parameters(), lr=0.1)  # here
    train(model, optimizer)


@broken("OPT405", "scale", "shift", by_step=4)
def child_by_child() -> None:
    class Net(Scaled):
        def __init__(self) -> None:
            super().__init__()
            self.shift, self.first = nn.Parameter(torch.zeros(4)), nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(self.first(x + self.shift))

    model = Net()
    optimizer = optim.SGD([{"params": child.parameters()} for child in model.children()], lr=0.1)  # here
    train(model, optimizer)


@broken("OPT405", "blocks.1.weight", "blocks.1.bias", by_step=4)
def block_between_slices() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks, self.head = nn.ModuleList(nn.Linear(4, 4) for _ in range(4)), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    model = Net()
    optimizer = optim.Adam(  # here
        [
            {"params": model.blocks[:1].parameters(), "lr": 1e-4},
            {"params": model.blocks[2:].parameters()},
            {"params": model.head.parameters(), "lr": 1e-2},
        ]
    )
    train(model, optimizer)


class Margin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.centers = nn.Parameter(torch.randn(2))

    def forward(self, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (out - self.centers - y).square().mean()


@broken("OPT405", "centers", by_step=4)
def criterion_with_parameters() -> None:
    model, criterion = mlp(), Margin()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    for _ in range(6):
        optimizer.zero_grad()
        criterion(model(X), Y).backward()
        optimizer.step()


@broken("OPT401", *(f"layers.{i}.{kind}" for i in (0, 1) for kind in ("weight", "bias")), by_step=4)
def layers_in_a_list() -> None:
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(4, 2)
            self.layers = [nn.Linear(4, 4) for _ in range(2)]  # here

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.layers[1](self.layers[0](x)))

    model = Hidden()
    train(model, optim.SGD(model.parameters(), lr=0.1))


@broken("OPT205", "scale", by_step=4)
def parameter_that_was_multiplied() -> None:
    class Lost(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(4, 2)
            self.scale = nn.Parameter(torch.ones(4)) * 0.5  # here

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(x * self.scale)

    model = Lost()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(6):
        optimizer.zero_grad()
        model(X).square().mean().backward(retain_graph=True)
        optimizer.step()


@broken("OPT411", "Linear.weight", "Linear.bias", by_step=4)
def layer_of_each_forward() -> None:
    class Fresh(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.Linear(2, 2)(self.out(x))  # here

    model = Fresh()
    train(model, optim.SGD(model.parameters(), lr=0.1))


@broken("OPT407", "0.weight", "0.bias", by_step=8)
def frozen_and_moving() -> None:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)  # here
    train(model, optimizer, 5)
    model[0].requires_grad_(False)
    for _ in range(6):
        optimizer.zero_grad(set_to_none=False)
        model(X).square().mean().backward()
        optimizer.step()


@broken("OPT408", "body.weight", "body.bias", severity="warning")
def detached_features() -> None:
    model = TwoParts()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(8):
        optimizer.zero_grad()
        features = model.body(X).detach()  # here
        model.head(features).square().mean().backward()
        optimizer.step()


@broken("OPT409", "0.weight", "1.weight", severity="warning", by_step=4)
def tied_by_data() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2))
    model[1].weight.data = model[0].weight.data
    train(model, optim.Adam(model.parameters()))  # here
