"""Broken programs in the styles that people use: groups by name, by index, from nothing."""

from __future__ import annotations

import torch
from torch import nn, optim
from torch.nn import functional

from tests.audit.broken import broken
from tests.audit.usual import GPT, Net, batch, images


@broken("OPT205", "gamma", raises=RuntimeError)
def layer_scale_times_a_number() -> None:
    class LayerScale(nn.Module):
        def __init__(self, width: int, init: float = 1e-2) -> None:
            super().__init__()
            self.fc = nn.Linear(width, width)
            self.gamma = init * nn.Parameter(torch.ones(width))  # here

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.gamma * self.fc(x)

    model = LayerScale(8)
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(6):
        optimizer.zero_grad()
        model(torch.randn(4, 8)).square().mean().backward()
        optimizer.step()


@broken("OPT205", "pos_embed", by_step=6)
def position_cast_away() -> None:
    class ViT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch = nn.Linear(4, 8)
            self.pos_embed = nn.Parameter(torch.zeros(1, 5, 8)).to(torch.float64).float()  # here
            self.head = nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head((self.patch(x) + self.pos_embed).mean(1))

    model = ViT()
    optimizer = optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(6):
        optimizer.zero_grad()
        functional.cross_entropy(model(torch.randn(4, 5, 4)), torch.randint(3, (4,))).backward(retain_graph=True)
        optimizer.step()


@broken("OPT301", "conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "conv2.weight", "conv2.bias")
def misspelt_group_key_in_a_dict() -> None:
    model = Net()
    backbone = [p for n, p in model.named_parameters() if "fc" not in n]
    settings = {"params": backbone, "learning_rate": 1e-5}
    optimizer = optim.AdamW([settings, {"params": model.fc.parameters()}], lr=1e-3)  # here
    for _ in range(5):
        x, y = images()
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT301", "fc.weight", "fc.bias")
def wd_for_weight_decay() -> None:
    model = Net()
    optimizer = optim.SGD(
        [
            {"params": [*model.conv1.parameters(), *model.conv2.parameters(), *model.bn1.parameters()]},
            {"params": model.fc.parameters(), "wd": 0.1},  # here
        ],
        lr=0.01,
    )
    for _ in range(5):
        x, y = images()
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT301", "fc.weight", "fc.bias")
def misspelt_key_in_a_later_group() -> None:
    model = Net()
    model.fc.requires_grad_(False)
    optimizer = optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    model.fc.requires_grad_(True)
    optimizer.add_param_group({"params": model.fc.parameters(), "momentun": 0.9})  # here
    for _ in range(5):
        x, y = images()
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT302", raises=ValueError)
def backbone_contains_the_head() -> None:
    model = Net()
    head = [p for n, p in model.named_parameters() if "fc" in n]
    backbone = [p for n, p in model.named_parameters() if "head" not in n]
    optim.SGD([{"params": backbone}, {"params": head, "lr": 0.1}], lr=0.01)  # here


@broken("OPT302", "wte.weight", by_step=6)
def tied_weights_listed_twice() -> None:
    model = GPT()
    params = list(model.h.parameters()) + list(model.wte.parameters()) + list(model.lm_head.parameters())
    params += list(model.ln_f.parameters())
    optimizer = optim.AdamW(params, lr=1e-3)  # here
    for _ in range(5):
        optimizer.zero_grad()
        model(*batch()).backward()
        optimizer.step()


@broken("OPT302", "ModuleList.0.weight", "ModuleList.0.bias", by_step=6)
def encoder_in_both_optimizers() -> None:
    encoder, actor, critic = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(4, 1)
    policy, value = nn.Sequential(actor, encoder), nn.ModuleList([encoder, critic])
    pi_optimizer = optim.Adam(policy.parameters(), lr=1e-3)
    v_optimizer = optim.Adam(value.parameters(), lr=1e-3)  # here
    for _ in range(6):
        z = encoder(torch.randn(8, 3))
        loss = critic(z).square().mean() - actor(z).log_softmax(1)[:, 0].mean()
        pi_optimizer.zero_grad()
        v_optimizer.zero_grad()
        loss.backward()
        pi_optimizer.step()
        v_optimizer.step()


@broken("OPT305", "1.weight", "1.bias", "4.weight", "4.bias", severity="warning")
def layerwise_decay_by_index() -> None:
    model = nn.Sequential(*(nn.Linear(4, 4) for _ in range(6)))
    groups = []
    for index, (name, parameter) in enumerate(model.named_parameters()):
        groups.append({"params": [parameter], "lr": 1e-3 * 0.9 ** (index // 3), "name": name})
    optimizer = optim.AdamW(groups)  # here
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(2, 4)).square().mean().backward()
        optimizer.step()


@broken("OPT306", severity="warning")
def no_decay_of_bert_names() -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer_norm = nn.LayerNorm(4)
            self.dense = nn.Linear(4, 4, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.dense(self.layer_norm(x))

    model = Encoder()
    no_decay = ["LayerNorm.weight"]
    decayed = [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)]
    others = [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)]  # here
    optimizer = optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}])
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(2, 4)).square().mean().backward()
        optimizer.step()


@broken("OPT306", severity="warning")
def head_chosen_by_a_wrong_word() -> None:
    model = Net()
    head = [p for n, p in model.named_parameters() if n in ("fc",)]  # here
    body = [p for n, p in model.named_parameters() if n not in ("fc",)]
    optimizer = optim.SGD([{"params": body, "lr": 1e-4}, {"params": head, "lr": 1e-2}])
    for _ in range(4):
        x, y = images()
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


@broken("OPT306", severity="warning")
def lora_words_that_nobody_has() -> None:
    class Lora(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.base = nn.Linear(4, 4)
            self.lora_A, self.lora_B = nn.Linear(4, 2, bias=False), nn.Linear(2, 4, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.base(x) + self.lora_B(self.lora_A(x))

    model = Lora()
    lora = [p for n, p in model.named_parameters() if "loraA" in n]  # here
    rest = [p for n, p in model.named_parameters() if "loraA" not in n]
    optimizer = optim.AdamW([{"params": lora, "lr": 1e-2}, {"params": rest}], lr=1e-4)
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(2, 4)).square().mean().backward()
        optimizer.step()


@broken(
    "OPT303",
    "wte.weight",
    *(f"h.{i}.{n}" for i in (0, 1) for n in ("ln.weight", "ln.bias", "mlp.weight", "mlp.bias")),
    "ln_f.weight",
    "ln_f.bias",
    severity="warning",
    by_step=4,
)
def everything_out_of_a_used_iterator() -> None:
    model = GPT()
    named = model.named_parameters()
    print("parameters:", sum(p.numel() for _, p in named))
    decay = [p for _, p in named if p.dim() >= 2]
    no_decay = [p for _, p in named if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}]
    optimizer = optim.AdamW(groups, lr=1e-3)  # here
    for _ in range(6):
        optimizer.zero_grad()
        model(*batch()).backward()
        optimizer.step()


@broken(
    "OPT303",
    *(f"{n}.{p}" for n in ("conv1", "bn1", "conv2", "fc") for p in ("weight", "bias")),
    severity="warning",
    by_step=4,
)
def filter_that_matches_nothing() -> None:
    model = Net().requires_grad_(False)
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = optim.SGD([{"params": trainable}], lr=0.1)  # here
    model.requires_grad_(True)
    for _ in range(6):
        x, y = images()
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
