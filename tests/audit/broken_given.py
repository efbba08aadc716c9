"""Broken programs in the styles that people use: what the optimizer was given."""

from __future__ import annotations

import itertools

import torch
from torch import nn, optim
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from tests.audit.broken import broken
from tests.audit.usual import GPT, Net, batch, images


@broken("OPT101", raises=ValueError)
def counted_then_given() -> None:
    model = Net()
    trainable = filter(lambda p: p.requires_grad, model.parameters())
    print("trainable parameters:", sum(p.numel() for p in trainable))
    optim.AdamW(trainable, lr=3e-4)  # here


@broken("OPT101", "bn1.weight", "bn1.bias", "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", by_step=8)
def backbone_iterator_logged_first() -> None:
    model = Net()
    backbone = (p for n, p in model.named_parameters() if not n.startswith("fc"))
    frozen = [p for p in backbone if not p.requires_grad]
    assert not frozen
    optimizer = optim.SGD(
        [
            {"params": backbone, "lr": 1e-3},  # here
            {"params": model.fc.parameters(), "lr": 1e-2},
        ],
        momentum=0.9,
    )
    loader = DataLoader(TensorDataset(*images(24)), 8)
    for _ in range(3):
        for x, y in loader:
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()


@broken("OPT101", "wte.weight", by_step=8)
def device_asked_of_the_iterator() -> None:
    model = GPT()
    params = iter(model.parameters())
    device = next(params).device
    optimizer = optim.AdamW(params, lr=1e-3)  # here
    for _ in range(5):
        x, y = batch()
        loss = model(x.to(device), y.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


@broken("OPT101")
def clipping_list_stored_as_iterator() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = GPT()
            self.params = self.model.parameters()
            self.optimizer = optim.AdamW(self.model.parameters(), lr=1e-3)

        def fit(self) -> None:
            for _ in range(5):
                loss = self.model(*batch())
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.params, 1.0)  # here
                self.optimizer.step()
                self.optimizer.zero_grad()

    Trainer().fit()


@broken("OPT201", "tensor 8 (1)", by_step=6)
def temperature_without_grad() -> None:
    model = Net()
    log_temperature = torch.zeros(1)
    optimizer = optim.Adam(
        [
            {"params": model.parameters()},
            {"params": [log_temperature], "lr": 1e-2},  # here
        ],
        lr=1e-3,
    )
    for _ in range(6):
        x, y = images()
        optimizer.zero_grad()
        functional.cross_entropy(model(x) / log_temperature.exp(), y).backward()
        optimizer.step()


@broken("OPT201", "tensor 0 (1×1×8×8)", by_step=6)
def attack_on_a_copy_without_grad() -> None:
    model = Net()
    x, y = images(1)
    delta = torch.zeros_like(x)
    optimizer = optim.Adam([delta], lr=0.01)  # here
    for _ in range(6):
        optimizer.zero_grad()
        loss = -functional.cross_entropy(model(x + delta), y)
        loss.backward()
        optimizer.step()


@broken("OPT201", "tensor 0 (1)")
def sac_alpha_without_grad() -> None:
    actor, critic = nn.Linear(3, 2), nn.Linear(5, 1)
    actor_optimizer = optim.Adam(actor.parameters(), lr=3e-4)
    critic_optimizer = optim.Adam(critic.parameters(), lr=3e-4)
    log_alpha = torch.zeros(1)
    alpha_optimizer = optim.Adam([log_alpha], lr=3e-4)  # here
    for _ in range(6):
        state = torch.randn(8, 3)
        action = actor(state).tanh()
        q = critic(torch.cat([state, action.detach()], 1))
        critic_optimizer.zero_grad()
        (q - 1).square().mean().backward()
        critic_optimizer.step()
        log_prob = -action.square().sum(1)
        actor_loss = (log_alpha.exp() * log_prob - critic(torch.cat([state, action], 1)).squeeze()).mean()
        actor_optimizer.zero_grad()
        actor_loss.backward()
        actor_optimizer.step()
        alpha_optimizer.zero_grad()
        alpha_optimizer.step()


@broken("OPT201", "tensor 0 (1)", raises=RuntimeError)
def sac_alpha_that_raises() -> None:
    actor = nn.Linear(3, 2)
    actor_optimizer = optim.Adam(actor.parameters(), lr=3e-4)
    log_alpha = torch.zeros(1)
    alpha_optimizer = optim.Adam([log_alpha], lr=3e-4)  # here
    for _ in range(6):
        state = torch.randn(8, 3)
        log_prob = -actor(state).tanh().square().sum(1)
        actor_optimizer.zero_grad()
        (log_alpha.exp().detach() * log_prob).mean().backward()
        actor_optimizer.step()
        alpha_optimizer.zero_grad()
        alpha_loss = -(log_alpha * (log_prob + 2).detach()).mean()
        alpha_loss.backward()
        alpha_optimizer.step()


@broken("OPT202", raises=ValueError)
def latent_moved_to_the_device() -> None:
    latent = torch.randn(1, 16, requires_grad=True).to(torch.float64)
    optim.LBFGS([latent], lr=0.1)  # here


@broken("OPT202", raises=ValueError)
def prompt_reshaped() -> None:
    prompt = torch.zeros(20 * 8, requires_grad=True).view(20, 8)
    model = Net()
    groups = [{"params": model.fc.parameters()}, {"params": [prompt], "lr": 0.3}]
    optim.AdamW(groups, lr=1e-3)  # here


@broken("OPT202", raises=ValueError)
def initialised_by_multiplication() -> None:
    class Regression:
        def __init__(self) -> None:
            self.w = torch.randn(4, 1, requires_grad=True) * 0.01
            self.b = torch.zeros(1, requires_grad=True)
            self.optimizer = optim.SGD([self.w, self.b], lr=0.1)  # here

    Regression()


@broken("OPT203", raises=ValueError)
def chained_instead_of_listed() -> None:
    encoder, decoder = nn.Linear(4, 8), nn.Linear(8, 4)
    params = itertools.chain(*encoder.parameters(), *decoder.parameters())
    optim.Adam(params, lr=1e-3)  # here


@broken("OPT203", "embedding.weight", by_step=6)
def rows_of_new_tokens() -> None:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(10, 4)
            self.out = nn.Linear(4, 3)

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.out(self.embedding(tokens).mean(1))

    model = Tagger()
    with torch.no_grad():
        new_rows = model.embedding.weight[8:]
    optimizer = optim.AdamW(
        [
            {"params": [new_rows]},  # here
            {"params": model.out.parameters()},
        ],
        lr=1e-3,
    )
    for _ in range(6):
        optimizer.zero_grad()
        functional.cross_entropy(model(torch.randint(10, (8, 3))), torch.randint(3, (8,))).backward()
        optimizer.step()


@broken("OPT203", raises=ValueError)
def chunks_of_a_projection() -> None:
    attention = nn.MultiheadAttention(8, 2)
    q, k, v = attention.in_proj_weight.chunk(3)
    optim.AdamW([{"params": [q, k], "lr": 1e-4}, {"params": [v]}], lr=1e-3)  # here


@broken("OPT203", "in_proj_weight", by_step=4)
def chunks_of_the_data_of_a_projection() -> None:
    attention = nn.MultiheadAttention(8, 2, bias=False, batch_first=True)
    pieces = attention.in_proj_weight.data.chunk(3)
    for piece in pieces:
        piece.requires_grad_()
    optimizer = optim.AdamW(
        [
            {"params": pieces},  # here
            {"params": attention.out_proj.parameters()},
        ],
        lr=1e-3,
    )
    x = torch.randn(4, 5, 8)
    for _ in range(6):
        optimizer.zero_grad()
        attention(x, x, x)[0].square().mean().backward()
        optimizer.step()


@broken("OPT101")
def clipping_a_filter_that_the_optimizer_took() -> None:
    model = Net()
    trainable = filter(lambda p: p.requires_grad, model.parameters())
    optimizer = optim.AdamW(trainable, lr=3e-4)
    for _ in range(4):
        optimizer.zero_grad()
        x, y = images()
        functional.cross_entropy(model(x), y).backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)  # here
        optimizer.step()
