"""Broken programs in the styles that people use: parts of a model that nobody trains."""

from __future__ import annotations

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.backbone import Backbone, data, epoch
from tests.audit.broken import broken


@broken("OPT401", *(f"heads.{k}.{p}" for k in ("a", "b") for p in ("weight", "bias")), by_step=6)
def heads_in_a_dict() -> None:
    class MultiTask(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(4, 8)
            self.heads = {name: nn.Linear(8, 2) for name in ("a", "b")}  # here

        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            z = self.body(x).relu()
            return {name: head(z) for name, head in self.heads.items()}

    model = MultiTask()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(6):
        out = model(torch.randn(8, 4))
        loss = sum(o.square().mean() for o in out.values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@broken("OPT401", *(f"convs.{i}.{p}" for i in range(3) for p in ("weight", "bias")), by_step=6)
def graph_layers_appended() -> None:
    class GNN(nn.Module):
        def __init__(self, layers: int) -> None:
            super().__init__()
            self.convs = []  # here
            for _ in range(layers):
                self.convs.append(nn.Linear(4, 4))
            self.out = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor, adjacency: torch.Tensor) -> torch.Tensor:
            for conv in self.convs:
                x = (adjacency @ conv(x)).relu()
            return self.out(x)

    model = GNN(3)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    for _ in range(6):
        optimizer.zero_grad()
        functional.cross_entropy(model(torch.randn(8, 4), torch.eye(8)), torch.randint(3, (8,))).backward()
        optimizer.step()


@broken("OPT401", *(f"encoder.blocks.{i}.{p}" for i in range(2) for p in ("weight", "bias")), by_step=6)
def tuple_of_blocks_deep_inside() -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = (nn.Linear(4, 4), nn.Linear(4, 4))  # here

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for block in self.blocks:
                x = block(x).tanh()
            return x

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.head = Encoder(), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.encoder(x))

    model = Model()
    epoch(model, optim.SGD(model.parameters(), lr=0.1))


@broken("OPT402", "mu", by_step=6)
def gaussian_of_plain_tensors() -> None:
    class Prior(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Linear(4, 2)
            self.mu = torch.zeros(2, requires_grad=True)  # here
            self.log_sigma = torch.zeros(2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return ((self.net(x) - self.mu) / self.log_sigma.exp()).square().mean() + self.log_sigma.mean()

    model = Prior()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(6):
        optimizer.zero_grad()
        model(torch.randn(8, 4)).backward()
        optimizer.step()


@broken("OPT402", "alpha", by_step=6)
def mixing_weight_as_a_tensor() -> None:
    class Mix(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 3)
            self.alpha = torch.tensor(0.5, requires_grad=True)  # here

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.alpha * self.a(x) + (1 - self.alpha) * self.b(x)

    model = Mix()
    epoch(model, optim.AdamW(model.parameters(), lr=1e-3))


@broken("OPT402", "prompts.0", "prompts.1", by_step=6)
def prompts_in_a_list() -> None:
    class Prompted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.prompts = [nn.Parameter(torch.zeros(4)) for _ in range(2)]  # here
            self.fc = nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for prompt in self.prompts:
                x = x + prompt
            return self.fc(x)

    model = Prompted()
    epoch(model, optim.AdamW(model.parameters(), lr=1e-3))


@broken("OPT405", "layer1.0.weight", "layer1.0.bias", by_step=9)
def unfreezing_by_the_flag_alone() -> None:
    model = Backbone()
    model.layer1.requires_grad_(False)
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = optim.SGD(trainable, lr=0.1, momentum=0.9)  # here
    for number in range(3):
        if number == 1:
            for p in model.layer1.parameters():
                p.requires_grad = True
        epoch(model, optimizer, 4)


@broken("OPT405", "log_vars", by_step=6)
def loss_with_its_own_weights() -> None:
    class Uncertainty(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.log_vars = nn.Parameter(torch.zeros(2))

        def forward(self, losses: list[torch.Tensor]) -> torch.Tensor:
            return sum(torch.exp(-s) * one + s for s, one in zip(self.log_vars, losses, strict=True))

    model, weigh = Backbone(), Uncertainty()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)  # here
    for _ in range(6):
        x, y = data()
        out = model(x)
        loss = weigh([functional.cross_entropy(out, y), out.square().mean()])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@broken("OPT405", "proj.weight", "proj.bias", by_step=8)
def layer_made_on_the_first_call() -> None:
    class Adaptive(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.proj = None
            self.body = nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.proj is None:
                self.proj = nn.Linear(x.shape[1], 8)
            return self.body(self.proj(x).relu())

    model = Adaptive()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    epoch(model, optimizer, 8)


@broken("OPT405", "cls_token", by_step=6)
def token_on_the_model_itself() -> None:
    class ViT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
            self.block, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = torch.cat([self.cls_token.expand(len(x), -1, -1), x[:, None]], 1)
            return self.head(self.block(x).mean(1))

    model = ViT()
    groups = [
        {"params": part.parameters(), "lr": rate} for part, rate in zip(model.children(), (1e-4, 1e-3), strict=False)
    ]
    optimizer = optim.AdamW(groups)  # here
    epoch(model, optimizer)
