"""Broken programs in the styles that people use: an optimizer that lost its model, cut graphs, ties."""

from __future__ import annotations

import copy

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.backbone import Backbone, data, epoch
from tests.audit.broken import broken


@broken("OPT406", "fc.weight", "fc.bias", by_step=5)
def timm_reset_classifier() -> None:
    model = Backbone()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    model.fc = nn.Linear(model.fc.in_features, 3)
    epoch(model, optimizer)


@broken("OPT406", *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")), by_step=5)
def copy_trained_instead() -> None:
    model = Backbone()
    optimizer = optim.Adam(model.parameters(), lr=1e-3)  # here
    model = copy.deepcopy(model)
    epoch(model, optimizer)


@broken("OPT406", *(f"{n}.{p}" for n in ("stem", "layer1.0", "layer2.0", "fc") for p in ("weight", "bias")), by_step=5)
def checkpoint_assigned() -> None:
    model = Backbone()
    checkpoint = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = optim.Adam(model.parameters(), lr=1e-3)  # here
    model.load_state_dict(checkpoint, assign=True)
    epoch(model, optimizer)


@broken("OPT406", "embed.weight", by_step=5)
def embedding_resized() -> None:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.out = nn.Embedding(10, 4), nn.Linear(4, 3)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.out(self.embed(tokens).mean(1))

        def resize(self, n: int) -> None:
            new = nn.Embedding(n, 4)
            new.weight.data[:10] = self.embed.weight.data
            self.embed = new

    model = Tagger()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    model.resize(12)
    for _ in range(6):
        optimizer.zero_grad()
        functional.cross_entropy(model(torch.randint(12, (8, 3))), torch.randint(3, (8,))).backward()
        optimizer.step()


@broken("OPT407", "layer1.0.weight", "layer1.0.bias", by_step=14)
def frozen_with_adam_state() -> None:
    model = Backbone()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    for number in range(2):
        if number == 1:
            model.layer1.requires_grad_(False)
        for _ in range(6):
            x, y = data()
            loss = functional.cross_entropy(model(x), y)
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()


@broken("OPT407", "stem.weight", "stem.bias", by_step=14)
def frozen_with_a_gradient_left() -> None:
    model = Backbone()
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-2)  # here
    epoch(model, optimizer, 6)
    for p in model.stem.parameters():
        p.requires_grad = False
    for _ in range(6):
        x, y = data()
        loss = functional.cross_entropy(model(x), y)
        for p in model.parameters():
            if p.grad is not None:
                p.grad.zero_()
        loss.backward()
        optimizer.step()


@broken("OPT407", "fc.weight", "fc.bias", by_step=14)
def only_the_trainable_are_cleared() -> None:
    model = Backbone()
    optimizer = optim.SGD(model.parameters(), lr=0.01)  # here
    epoch(model, optimizer, 6)
    model.fc.requires_grad_(False)
    for _ in range(6):
        x, y = data()
        for p in model.parameters():
            if p.requires_grad:
                p.grad = None
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT408", "backbone.weight", "backbone.bias", severity="warning")
def features_under_no_grad() -> None:
    class Detector(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = nn.Linear(4, 8), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                features = self.backbone(x)
            return self.head(features.relu())

    model = Detector()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    epoch(model, optimizer, 8)


@broken("OPT408", "encoder.weight", "encoder.bias", severity="warning")
def hidden_through_detach() -> None:
    class AutoEncoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(4, 2), nn.Linear(2, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            code = self.encoder(x)
            return self.decoder(code.detach())  # here

    model = AutoEncoder()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(8):
        x, _ = data()
        optimizer.zero_grad()
        (model(x) - x).square().mean().backward()
        optimizer.step()


@broken("OPT408", "gate", severity="warning")
def gate_by_its_value() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 3)
            self.gate = nn.Parameter(torch.tensor(0.5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            g = self.gate.item()  # here
            return g * self.a(x) + (1 - g) * self.b(x)

    model = Gated()
    epoch(model, optim.AdamW(model.parameters(), lr=1e-3), 8)


@broken("OPT409", "wte.weight", "lm_head.weight", severity="warning", by_step=5)
def tie_copied_not_shared() -> None:
    class LM(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wte, self.lm_head = nn.Embedding(11, 4), nn.Linear(4, 11, bias=False)
            self.lm_head.weight.data = self.wte.weight.data

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.lm_head(self.wte(tokens))

    model = LM()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)  # here
    for _ in range(6):
        tokens = torch.randint(11, (4, 5))
        optimizer.zero_grad()
        functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten()).backward()
        optimizer.step()


@broken("OPT409", "encoder.weight", "decoder.weight", severity="warning", by_step=5)
def tie_lost_by_assignment() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
            self.decoder.weight = self.encoder.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.decoder(self.encoder(x))

    model = Tied()
    optimizer = optim.SGD(model.parameters(), lr=0.1)  # here
    model.decoder.weight = nn.Parameter(model.encoder.weight.detach().clone())
    optimizer.add_param_group({"params": [model.decoder.weight]})
    for _ in range(6):
        x, _ = data()
        optimizer.zero_grad()
        (model(x) - x).square().mean().backward()
        optimizer.step()
