"""A small language model, of which a third is never trained; `optlint run --report seen.html examples/small_gpt.py`."""

from __future__ import annotations

import torch
from torch import nn

WIDTH, LAYERS, WORDS, LENGTH, STEPS = 192, 6, 8000, 64, 120


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.fc = nn.Linear(WIDTH, 4 * WIDTH)
        self.out = nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = self.qkv(self.ln_1(x)).chunk(3, -1)
        x = x + self.proj(nn.functional.scaled_dot_product_attention(q, k, v))
        return x + self.out(torch.relu(self.fc(self.ln_2(x))))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(WORDS, WIDTH)
        self.wpe = nn.Embedding(LENGTH, WIDTH)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)
        self.lm_head = nn.Linear(WIDTH, WORDS, bias=False)

    def forward(self, ids):
        x = self.wte(ids).detach() + self.wpe(torch.arange(ids.shape[1]))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def build():
    """The model and its optimizer."""
    model = GPT()
    for block in model.h[:2]:  # on purpose
        block.requires_grad_(False)
    last = (p for p in model.ln_f.parameters())
    print("in the last norm:", sum(p.numel() for p in last))
    matrices = [p for name, p in model.named_parameters() if p.ndim > 1 and "lm_head" not in name and p.requires_grad]
    vectors = [p for p in model.h.parameters() if p.ndim < 2 and p.requires_grad]
    groups = [
        {"params": matrices, "weight_decay": 0.1},
        {"params": vectors, "weight_decay": 0.0},
        {"params": model.lm_head.parameters(), "lr": 1e-4},
        {"params": last, "lr": 1e-4},
    ]
    return model, torch.optim.AdamW(groups, lr=1e-3)


def train(model, optimizer):
    """Random words, so there is little to learn."""
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, (step + 1) / 20) * (1 - step / STEPS))
    for _ in range(STEPS):
        ids = torch.randint(0, WORDS, (2, LENGTH // 2))
        loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), ids.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"loss {loss.item():.2f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    train(*build())
